//! Rows of the permissions that apps ask for.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use crate::permission_requirement::PermissionRequirement;
use guildhall_core::ids::AppId;
use guildhall_core::permission::Permission;

/// `None` for a permission that only a newer binary knows.
fn from_row(mut row: Row) -> Result<Option<PermissionRequirement>> {
    let Some(permission) = Permission::from_word(&row.text(0)?) else {
        return Ok(None);
    };
    Ok(Some(PermissionRequirement { permission, justification: row.text(1)?, required: row.flag(2)? }))
}

/// What an app asks for, in its developer's order; as many as there are permissions at most.
pub(crate) fn list(read: &mut Read<'_>, app: &AppId) -> Result<Vec<PermissionRequirement>> {
    let rows = read.query(
        "select permission, justification, required
         from app_requested_permissions
         where app_id = $1
         order by position",
        params![app],
    )?;
    rows.into_iter().filter_map(|row| from_row(row).transpose()).collect()
}

pub(crate) fn replace(tx: &mut Tx<'_>, app: &AppId, requirements: &[PermissionRequirement]) -> Result<()> {
    tx.execute("delete from app_requested_permissions where app_id = $1", params![app])?;
    for (position, asked) in (0_i64..).zip(requirements) {
        tx.execute(
            "insert into app_requested_permissions (app_id, permission, position, justification, required)
             values ($1, $2, $3, $4, $5)",
            params![app, asked.permission.as_str(), position, &asked.justification, asked.required],
        )?;
    }
    Ok(())
}
