//! Rows of bans and mutes.

use super::{Tx, params};
use crate::error::Result;
use guildhall_core::ids::{CompanyId, UserId};

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
