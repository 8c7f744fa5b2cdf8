//! Rows of installs: where an app is, what it was granted there, and what was declined.

use super::company::company_columns;
use super::{Read, Tx, company, params};
use crate::company::Company;
use crate::error::Result;
use guildhall_core::ids::{AppId, CompanyId, UserId};
use guildhall_core::permission::Permission;

/// Notes that an app is in a company; one that is there already stays.
pub(crate) fn insert(tx: &mut Tx<'_>, app: &AppId, company: &CompanyId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into app_installs (app_id, company_id, installed_at)
         values ($1, $2, $3)
         on conflict (app_id, company_id) do nothing",
        params![app, company, now],
    )?;
    Ok(())
}

/// Replaces what an app was granted in a company, and what was declined.
pub(crate) fn decide(
    tx: &mut Tx<'_>,
    app: &AppId,
    company: &CompanyId,
    granted: &[Permission],
    declined: &[Permission],
) -> Result<()> {
    tx.execute("delete from app_grants where app_id = $1 and company_id = $2", params![app, company])?;
    tx.execute(
        "delete from app_declined_permissions where app_id = $1 and company_id = $2",
        params![app, company],
    )?;
    grant(tx, app, company, granted)?;
    for permission in declined {
        tx.execute(
            "insert into app_declined_permissions (app_id, company_id, permission)
             values ($1, $2, $3)",
            params![app, company, permission.as_str()],
        )?;
    }
    Ok(())
}

/// Adds to what an app was granted in a company.
pub(crate) fn grant(
    tx: &mut Tx<'_>,
    app: &AppId,
    company: &CompanyId,
    permissions: &[Permission],
) -> Result<()> {
    for permission in permissions {
        tx.execute(
            "insert into app_grants (app_id, company_id, permission)
             values ($1, $2, $3)
             on conflict (app_id, company_id, permission) do nothing",
            params![app, company, permission.as_str()],
        )?;
    }
    Ok(())
}

/// Takes an app out of a company, with all it was granted; `false` where it is not.
pub(crate) fn delete(tx: &mut Tx<'_>, app: &AppId, company: &CompanyId) -> Result<bool> {
    decide(tx, app, company, &[], &[])?;
    let removed =
        tx.execute("delete from app_installs where app_id = $1 and company_id = $2", params![app, company])?;
    Ok(removed == 1)
}

/// Since when an app is in a company.
pub(crate) fn installed_at(read: &mut Read<'_>, app: &AppId, company: &CompanyId) -> Result<Option<i64>> {
    let row = read.first(
        "select installed_at from app_installs where app_id = $1 and company_id = $2",
        params![app, company],
    )?;
    row.map(|mut row| row.int(0)).transpose()
}

pub(crate) fn granted(read: &mut Read<'_>, app: &AppId, company: &CompanyId) -> Result<Vec<Permission>> {
    let rows = read.query(
        "select permission from app_grants where app_id = $1 and company_id = $2 order by permission",
        params![app, company],
    )?;
    words(rows)
}

pub(crate) fn declined(read: &mut Read<'_>, app: &AppId, company: &CompanyId) -> Result<Vec<Permission>> {
    let rows = read.query(
        "select permission
         from app_declined_permissions
         where app_id = $1 and company_id = $2
         order by permission",
        params![app, company],
    )?;
    words(rows)
}

fn words(rows: Vec<super::Row>) -> Result<Vec<Permission>> {
    let words = rows.into_iter().map(|mut row| Ok(Permission::from_word(&row.text(0)?)));
    words.filter_map(Result::transpose).collect()
}

/// The companies that a user decides for, by title.
pub(crate) fn companies_decided_by(read: &mut Read<'_>, user: &UserId, limit: i64) -> Result<Vec<Company>> {
    let rows = read.query(
        concat!(
            "select ",
            company_columns!(),
            " from team_members t
              join companies c on c.id = t.company_id
              where t.user_id = $1
                and t.role in ('owner', 'admin')
              order by c.title, c.id
              limit $2"
        ),
        params![user, limit],
    )?;
    rows.into_iter().map(|mut row| company::from_row(&mut row, 0)).collect()
}

/// The companies whose team a user is on, by title.
pub(crate) fn companies_of_team(read: &mut Read<'_>, user: &UserId, limit: i64) -> Result<Vec<Company>> {
    let rows = read.query(
        concat!(
            "select ",
            company_columns!(),
            " from team_members t
              join companies c on c.id = t.company_id
              where t.user_id = $1
              order by c.title, c.id
              limit $2"
        ),
        params![user, limit],
    )?;
    rows.into_iter().map(|mut row| company::from_row(&mut row, 0)).collect()
}

/// Where an app is installed, oldest first, its own company left out.
pub(crate) fn companies_with(read: &mut Read<'_>, app: &AppId, limit: i64) -> Result<Vec<Company>> {
    let rows = read.query(
        concat!(
            "select ",
            company_columns!(),
            " from app_installs i
              join companies c on c.id = i.company_id
              join apps a on a.id = i.app_id
              where i.app_id = $1
                and a.company_id <> i.company_id
              order by i.installed_at, i.company_id
              limit $2"
        ),
        params![app, limit],
    )?;
    rows.into_iter().map(|mut row| company::from_row(&mut row, 0)).collect()
}

/// How many companies beside its own have an app.
pub(crate) fn count(read: &mut Read<'_>, app: &AppId) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from app_installs i
         join apps a on a.id = i.app_id
         where i.app_id = $1
           and a.company_id <> i.company_id",
        params![app],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
