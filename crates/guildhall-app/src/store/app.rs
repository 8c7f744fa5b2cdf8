//! Rows of third-party apps and their agents, and what an app is to users and companies.

use super::user::user_columns;
use super::{Read, Row, Tx, params, user};
use crate::app::{App, AppDetails};
use crate::error::{Error, Result};
use crate::page::Part;
use crate::user::User;
use guildhall_core::app::AppStatus;
use guildhall_core::ids::{AccessPassId, AppId, CompanyId, UserId};
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
    id: &AppId,
    company: &CompanyId,
    name: &str,
    base_url: Option<&str>,
    access_pass: &AccessPassId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into apps (id, company_id, name, base_url, access_pass_id, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        params![id, company, name, base_url, access_pass, now],
    )?;
    Ok(())
}

pub(crate) fn insert_agent(tx: &mut Tx<'_>, app: &AppId, user: &UserId, position: i64) -> Result<()> {
    tx.execute(
        "insert into app_agents (app_id, user_id, position)
         values ($1, $2, $3)",
        params![app, user, position],
    )?;
    Ok(())
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

macro_rules! detail_columns {
    () => {
        "a.access_pass_id, a.description, a.status, a.base_url, a.base_dev_url, a.base_preview_url,
         a.experience_path, a.dashboard_path, a.discover_path, a.app_store_description, a.product_page, a.hub_cta,
         a.force_checkout_iframe, a.required_scopes, a.created_at"
    };
}

fn details_from_row(mut row: Row) -> Result<AppDetails> {
    let app = from_row(&mut row, 0)?;
    let own = APP_COLUMNS;
    let status = row.text(own + 2)?;
    Ok(AppDetails {
        app,
        access_pass: row.id(own)?,
        description: row.text_or_null(own + 1)?,
        status: AppStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("an app with the unknown status {status}")))?,
        base_url: row.text_or_null(own + 3)?,
        base_dev_url: row.text_or_null(own + 4)?,
        base_preview_url: row.text_or_null(own + 5)?,
        experience_path: row.text_or_null(own + 6)?,
        dashboard_path: row.text_or_null(own + 7)?,
        discover_path: row.text_or_null(own + 8)?,
        app_store_description: row.text_or_null(own + 9)?,
        product_page: row.text_or_null(own + 10)?,
        hub_cta: row.text_or_null(own + 11)?,
        force_checkout_iframe: row.flag(own + 12)?,
        required_scopes: serde_json::from_str(&row.text(own + 13)?).map_err(Error::internal)?,
        created_at: row.int(own + 14)?,
    })
}

pub(crate) fn find_details(read: &mut Read<'_>, id: &AppId) -> Result<Option<AppDetails>> {
    let row = read.first(
        concat!("select ", app_columns!(), ", ", detail_columns!(), " from apps a where a.id = $1"),
        params![id],
    )?;
    row.map(details_from_row).transpose()
}

/// A part of a company's apps by id, from the end backwards where it is asked from the end.
pub(crate) fn list(read: &mut Read<'_>, company: &CompanyId, part: &Part<AppId>) -> Result<Vec<AppDetails>> {
    macro_rules! apps_between {
        ($order:literal) => {
            concat!(
                "select ",
                app_columns!(),
                ", ",
                detail_columns!(),
                " from apps a
                  where a.company_id = $1
                    and a.id > $2
                    and (cast($3 as text) is null or a.id < $3)
                  order by a.id ",
                $order,
                " limit $4"
            )
        };
    }
    let after = part.after.as_ref().map_or("", guildhall_core::ids::Id::as_str);
    let sql = if part.from_end { apps_between!("desc") } else { apps_between!("asc") };
    let rows = read.query(sql, params![company, after, part.before.as_ref(), part.rows()])?;
    rows.into_iter().map(details_from_row).collect()
}

pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first("select count(*) from apps where company_id = $1", params![company])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// Writes all that developers say of an app; the pass that stands for it keeps its name.
pub(crate) fn update(tx: &mut Tx<'_>, details: &AppDetails) -> Result<()> {
    let scopes = serde_json::to_string(&details.required_scopes).map_err(Error::internal)?;
    tx.execute(
        "update apps
         set name = $2,
             icon_id = $3,
             description = $4,
             status = $5,
             base_url = $6,
             base_dev_url = $7,
             base_preview_url = $8,
             experience_path = $9,
             dashboard_path = $10,
             discover_path = $11,
             app_store_description = $12,
             product_page = $13,
             hub_cta = $14,
             force_checkout_iframe = $15,
             required_scopes = $16
         where id = $1",
        params![
            &details.app.id,
            &details.app.name,
            details.app.icon.as_ref(),
            details.description.as_deref(),
            details.status.as_str(),
            details.base_url.as_deref(),
            details.base_dev_url.as_deref(),
            details.base_preview_url.as_deref(),
            details.experience_path.as_deref(),
            details.dashboard_path.as_deref(),
            details.discover_path.as_deref(),
            details.app_store_description.as_deref(),
            details.product_page.as_deref(),
            details.hub_cta.as_deref(),
            details.force_checkout_iframe,
            &scopes
        ],
    )?;
    let now = tx.now;
    tx.execute(
        "update access_passes set title = $2, updated_at = $3 where id = $1",
        params![&details.access_pass, &details.app.name, now],
    )?;
    Ok(())
}

/// An app's agents, the first one first.
pub(crate) fn agents(read: &mut Read<'_>, app: &AppId) -> Result<Vec<User>> {
    let rows = read.query(
        concat!(
            "select ",
            user_columns!(),
            " from app_agents g
              join users u on u.id = g.user_id
              where g.app_id = $1
              order by g.position, g.user_id
              limit 100"
        ),
        params![app],
    )?;
    rows.into_iter().map(|mut row| user::from_row(&mut row, 0)).collect()
}

/// Puts an agent before all others; `false` when the user is none of the app's.
pub(crate) fn set_first_agent(tx: &mut Tx<'_>, app: &AppId, agent: &UserId) -> Result<bool> {
    let changed = tx.execute(
        "update app_agents
         set position = (select min(g.position) - 1 from app_agents g where g.app_id = $1)
         where app_id = $1
           and user_id = $2",
        params![app, agent],
    )?;
    Ok(changed == 1)
}

/// Every app of the hall after one, by id, with its company's route, for the operator.
pub(crate) fn all(read: &mut Read<'_>, after: &str, limit: i64) -> Result<Vec<(AppDetails, String)>> {
    let rows = read.query(
        concat!(
            "select ",
            app_columns!(),
            ", ",
            detail_columns!(),
            ", c.route
              from apps a
              join companies c on c.id = a.company_id
              where a.id > $1
              order by a.id
              limit $2"
        ),
        params![after, limit],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let route = row.text(APP_COLUMNS + 15)?;
            Ok((details_from_row(row)?, route))
        })
        .collect()
}
