//! Rows of third-party apps: their keys, agents, installs and grants.

use super::{Read, Row, Tx, params};
use crate::app::App;
use crate::error::Result;
use guildhall_core::ids::{ApiKeyId, AppId, CompanyId, UserId};
use guildhall_core::permission::Permission;

macro_rules! app_columns {
    () => {
        "a.id, a.company_id, a.name, a.icon_id"
    };
}
pub(super) use app_columns;

/// How many columns [`app_columns`] names.
pub(super) const APP_COLUMNS: usize = 4;

/// Reads an app whose columns begin at `from`.
pub(super) fn from_row(row: &mut Row, from: usize) -> Result<App> {
    Ok(App {
        id: row.id(from)?,
        company: row.id(from + 1)?,
        name: row.text(from + 2)?,
        icon: row.id_or_null(from + 3)?,
    })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    name: &str,
    base_url: Option<&str>,
) -> Result<AppId> {
    let id: AppId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into apps (id, company_id, name, base_url, created_at)
         values ($1, $2, $3, $4, $5)",
        params![&id, company, name, base_url, now],
    )?;
    Ok(id)
}

pub(crate) fn insert_agent(tx: &mut Tx<'_>, app: &AppId, user: &UserId, position: i64) -> Result<()> {
    tx.execute(
        "insert into app_agents (app_id, user_id, position)
         values ($1, $2, $3)",
        params![app, user, position],
    )?;
    Ok(())
}

/// Installs an app in a company and grants it what the company approved.
pub(crate) fn install(
    tx: &mut Tx<'_>,
    app: &AppId,
    company: &CompanyId,
    granted: &[Permission],
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into app_installs (app_id, company_id, installed_at)
         values ($1, $2, $3)
         on conflict (app_id, company_id) do nothing",
        params![app, company, now],
    )?;
    for permission in granted {
        tx.execute(
            "insert into app_grants (app_id, company_id, permission)
             values ($1, $2, $3)
             on conflict (app_id, company_id, permission) do nothing",
            params![app, company, permission.as_str()],
        )?;
    }
    Ok(())
}

pub(crate) fn insert_key(tx: &mut Tx<'_>, app: &AppId, key_hash: &[u8]) -> Result<ApiKeyId> {
    let id: ApiKeyId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into app_api_keys (id, app_id, key_hash, created_at)
         values ($1, $2, $3, $4)",
        params![&id, app, key_hash, now],
    )?;
    Ok(id)
}

pub(crate) fn revoke_key(tx: &mut Tx<'_>, key: &ApiKeyId) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update app_api_keys
         set revoked_at = $2
         where id = $1
           and revoked_at is null",
        params![key, now],
    )?;
    Ok(changed == 1)
}

/// The app of a live key and its first agent.
#[derive(Debug)]
pub(crate) struct KeyHolder {
    pub(crate) app: AppId,
    pub(crate) company: CompanyId,
    pub(crate) first_agent: Option<UserId>,
    pub(crate) key_hash: Vec<u8>,
}

pub(crate) fn find_by_key(read: &mut Read<'_>, key_hash: &[u8]) -> Result<Option<KeyHolder>> {
    let row = read.first(
        "select a.id, a.company_id, k.key_hash,
           (select g.user_id from app_agents g where g.app_id = a.id order by g.position limit 1)
         from app_api_keys k
         join apps a on a.id = k.app_id
         where k.key_hash = $1
           and k.revoked_at is null",
        params![key_hash],
    )?;
    row.map(|mut row| {
        Ok(KeyHolder {
            app: row.id(0)?,
            company: row.id(1)?,
            key_hash: row.bytes(2)?,
            first_agent: row.id_or_null(3)?,
        })
    })
    .transpose()
}

/// What an app is to a user it wants to act for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// The user is the app's own agent.
    Agent,
    /// The user owns the app's company, or belongs to a company that installed the app.
    Person,
}

pub(crate) fn relation(read: &mut Read<'_>, app: &AppId, user: &UserId) -> Result<Option<Relation>> {
    let row = read.first(
        "select 'agent' from app_agents where app_id = $1 and user_id = $2
         union all
         select 'person' from apps a join companies c on c.id = a.company_id where a.id = $1 and c.owner_id = $2
         union all
         select 'person' from team_members t
           join app_installs i on i.company_id = t.company_id
           where t.user_id = $2 and i.app_id = $1
         union all
         select 'person' from memberships m
           join app_installs i on i.company_id = m.company_id
           where m.user_id = $2 and i.app_id = $1 and m.status <> 'drafted'
         limit 1",
        params![app, user],
    )?;
    row.map(|mut row| Ok(if row.text(0)? == "agent" { Relation::Agent } else { Relation::Person }))
        .transpose()
}

pub(crate) fn is_installed(read: &mut Read<'_>, app: &AppId, company: &CompanyId) -> Result<bool> {
    let row = read.first(
        "select app_id from app_installs where app_id = $1 and company_id = $2",
        params![app, company],
    )?;
    Ok(row.is_some())
}

pub(crate) fn is_granted(
    read: &mut Read<'_>,
    app: &AppId,
    company: &CompanyId,
    permission: Permission,
) -> Result<bool> {
    let row = read.first(
        "select permission from app_grants where app_id = $1 and company_id = $2 and permission = $3",
        params![app, company, permission.as_str()],
    )?;
    Ok(row.is_some())
}

/// Whether some company that installed the app, and that the user belongs to, granted the permission.
pub(crate) fn is_granted_for_user(
    read: &mut Read<'_>,
    app: &AppId,
    user: &UserId,
    permission: Permission,
) -> Result<bool> {
    let row = read.first(
        "select 'own' from apps a join memberships m on m.company_id = a.company_id
           where a.id = $1 and m.user_id = $2
         union all
         select 'own' from apps a join team_members t on t.company_id = a.company_id
           where a.id = $1 and t.user_id = $2
         union all
         select 'granted' from app_grants g join memberships m on m.company_id = g.company_id
           where g.app_id = $1 and g.permission = $3 and m.user_id = $2
         union all
         select 'granted' from app_grants g join team_members t on t.company_id = g.company_id
           where g.app_id = $1 and g.permission = $3 and t.user_id = $2
         limit 1",
        params![app, user, permission.as_str()],
    )?;
    Ok(row.is_some())
}

pub(crate) fn find(read: &mut Read<'_>, id: &AppId) -> Result<Option<App>> {
    let row = read.first(concat!("select ", app_columns!(), " from apps a where a.id = $1"), params![id])?;
    row.map(|mut row| from_row(&mut row, 0)).transpose()
}
