//! Rows of the audit log.

use super::{Read, Tx, params};
use crate::error::Result;
use guildhall_core::ids::{AuditEntryId, CompanyId, UserId};

/// What was done.
#[derive(Debug)]
pub(crate) struct Deed<'a> {
    pub(crate) company: &'a CompanyId,
    pub(crate) app: Option<&'a str>,
    /// Who did it; `None` for the operator.
    pub(crate) actor: Option<&'a UserId>,
    pub(crate) action: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) details: serde_json::Value,
}

/// What was done to a thing, and by whom; in no order, 1000 at most.
pub(crate) fn deeds(read: &mut Read<'_>, subject: &str) -> Result<Vec<(String, Option<UserId>)>> {
    let rows = read.query(
        "select action, actor_id
         from audit_log
         where subject_id = $1
         limit 1000",
        params![subject],
    )?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.id_or_null(1)?))).collect()
}

pub(crate) fn log(tx: &mut Tx<'_>, deed: &Deed<'_>) -> Result<()> {
    let (id, now): (AuditEntryId, i64) = (tx.mint(), tx.now);
    let details = deed.details.to_string();
    tx.execute(
        "insert into audit_log (id, company_id, app_id, actor_id, action, subject_id, details, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![&id, deed.company, deed.app, deed.actor, deed.action, deed.subject, &details, now],
    )?;
    Ok(())
}
