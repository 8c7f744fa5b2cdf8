//! Rows of access passes.

use super::company::{COMPANY_COLUMNS, company_columns};
use super::user::user_columns;
use super::{Read, Row, Tx, company, params, user};
use crate::access_pass::{AccessPass, NewAccessPass, PublicAccessPass};
use crate::error::Result;
use guildhall_core::ids::{AccessPassId, ExperienceId};

macro_rules! pass_columns {
    () => {
        "p.id, p.company_id, p.kind, p.title, p.route, p.headline, p.shortened_description, p.visibility, p.verified,
         p.logo_id, p.banner_id"
    };
}

const PASS_COLUMNS: usize = 11;

fn from_row(row: &mut Row) -> Result<AccessPass> {
    Ok(AccessPass {
        id: row.id(0)?,
        company: row.id(1)?,
        kind: row.text(2)?,
        title: row.text(3)?,
        route: row.text(4)?,
        headline: row.text_or_null(5)?,
        shortened_description: row.text_or_null(6)?,
        visibility: row.text(7)?,
        verified: row.flag(8)?,
        logo: row.id_or_null(9)?,
        banner: row.id_or_null(10)?,
    })
}

fn public_from_row(mut row: Row) -> Result<PublicAccessPass> {
    Ok(PublicAccessPass {
        pass: from_row(&mut row)?,
        company: company::from_row(&mut row, PASS_COLUMNS)?,
        owner: user::from_row(&mut row, PASS_COLUMNS + COMPANY_COLUMNS)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &AccessPassId) -> Result<Option<PublicAccessPass>> {
    let row = read.first(
        concat!(
            "select ",
            pass_columns!(),
            ", ",
            company_columns!(),
            ", ",
            user_columns!(),
            " from access_passes p
              join companies c on c.id = p.company_id
              join users u on u.id = c.owner_id
              where p.id = $1"
        ),
        params![id],
    )?;
    row.map(public_from_row).transpose()
}

/// The passes an experience is attached to, hidden upsell passes left out.
pub(crate) fn of_experience(read: &mut Read<'_>, experience: &ExperienceId) -> Result<Vec<PublicAccessPass>> {
    let rows = read.query(
        concat!(
            "select ",
            pass_columns!(),
            ", ",
            company_columns!(),
            ", ",
            user_columns!(),
            " from experience_passes e
              join access_passes p on p.id = e.access_pass_id
              join companies c on c.id = p.company_id
              join users u on u.id = c.owner_id
              where e.experience_id = $1
              order by e.position
              limit 100"
        ),
        params![experience],
    )?;
    rows.into_iter().map(public_from_row).collect()
}

pub(crate) fn insert(tx: &mut Tx<'_>, pass: &NewAccessPass) -> Result<Option<AccessPassId>> {
    let id: AccessPassId = tx.mint();
    let now = tx.now;
    let added = tx.execute(
        "insert into access_passes (id, company_id, kind, title, route, headline, shortened_description, visibility,
           created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         on conflict (company_id, route) do nothing",
        params![
            &id,
            &pass.company,
            pass.kind.as_str(),
            &pass.title,
            &pass.route,
            pass.headline.as_deref(),
            pass.shortened_description.as_deref(),
            pass.visibility.as_str(),
            now
        ],
    )?;
    Ok((added == 1).then_some(id))
}

/// What the license keys of a pass begin with.
pub(crate) fn license_key_prefix(read: &mut Read<'_>, id: &AccessPassId) -> Result<Option<String>> {
    let row = read.first("select license_key_prefix from access_passes where id = $1", params![id])?;
    row.map_or(Ok(None), |mut row| row.text_or_null(0))
}
