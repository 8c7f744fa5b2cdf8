//! Rows of companies' teams, with who is on them.

use super::user::{USER_COLUMNS, user_columns};
use super::{Read, params, user};
use crate::error::{Error, Result};
use crate::user::User;
use guildhall_core::ids::CompanyId;
use guildhall_core::permission::Role;

/// At most so many of a company's team, with their roles and since when they are on it, the longest first.
pub(crate) fn list(read: &mut Read<'_>, company: &CompanyId, most: i64) -> Result<Vec<(User, Role, i64)>> {
    let rows = read.query(
        concat!(
            "select ",
            user_columns!(),
            ", t.role, t.created_at
             from team_members t
             join users u on u.id = t.user_id
             where t.company_id = $1
             order by t.created_at, t.user_id
             limit $2"
        ),
        params![company, most],
    )?;
    let team = rows.into_iter().map(|mut row| {
        let role = row.text(USER_COLUMNS)?;
        let known = Role::from_word(&role);
        let role =
            known.ok_or_else(|| Error::internal(format!("a team member of the unknown role {role}")))?;
        Ok((user::from_row(&mut row, 0)?, role, row.int(USER_COLUMNS + 1)?))
    });
    team.collect()
}
