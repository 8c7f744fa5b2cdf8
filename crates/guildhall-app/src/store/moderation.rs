//! Rows of bans, mutes and the audit log.

use super::{Read, Tx, params};
use crate::error::Result;
use guildhall_core::ids::{AuditEntryId, CompanyId, UserId};

/// Bans a user from a company, or from one pass of it when `pass` is not empty.
pub(crate) fn ban(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    pass: &str,
    reason: Option<&str>,
    custom_reason: Option<&str>,
    by: &UserId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into bans (company_id, user_id, access_pass_id, reason, custom_reason, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (company_id, user_id, access_pass_id)
         do update set reason = excluded.reason, custom_reason = excluded.custom_reason",
        params![company, user, pass, reason, custom_reason, by, now],
    )?;
    Ok(())
}

/// Lifts every ban of a user in a company; answers how many there were.
pub(crate) fn unban(tx: &mut Tx<'_>, company: &CompanyId, user: &UserId) -> Result<u64> {
    tx.execute("delete from bans where company_id = $1 and user_id = $2", params![company, user])
}

pub(crate) fn mute(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    user: &UserId,
    until: Option<i64>,
    by: &UserId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into mutes (company_id, user_id, muted_until, created_by, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict (company_id, user_id) do update set muted_until = excluded.muted_until",
        params![company, user, until, by, now],
    )?;
    Ok(())
}

pub(crate) fn unmute(tx: &mut Tx<'_>, company: &CompanyId, user: &UserId) -> Result<u64> {
    tx.execute("delete from mutes where company_id = $1 and user_id = $2", params![company, user])
}

/// What was done, for the audit log.
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
