//! Rows of memberships.

use super::{Read, Tx, params};
use crate::error::Result;
use crate::membership::NewMembership;
use guildhall_core::ids::{AccessPassId, CompanyId, MembershipId};

pub(crate) fn insert(tx: &mut Tx<'_>, membership: &NewMembership) -> Result<MembershipId> {
    let id: MembershipId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into memberships (id, company_id, access_pass_id, plan_id, user_id, status, paid_until, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &id,
            &membership.company,
            &membership.access_pass,
            membership.plan.as_ref(),
            &membership.user,
            membership.status.as_str(),
            membership.paid_until,
            now
        ],
    )?;
    Ok(id)
}

/// How many people hold a valid membership of a pass. Mirrors `core::membership::is_valid`.
pub(crate) fn count_valid_users(read: &mut Read<'_>, pass: &AccessPassId) -> Result<i64> {
    let (now, grace) = (read.now, guildhall_core::membership::GRACE_MS);
    let row = read.first(
        "select count(distinct user_id)
         from memberships
         where access_pass_id = $1
           and ((status in ('active', 'trialing', 'completed') and (paid_until is null or paid_until > $2))
             or (status = 'past_due' and (paid_until is null or paid_until > $2 - $3))
             or (status = 'canceled' and paid_until > $2))",
        params![pass, now, grace],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// How many memberships a company has, of any status.
pub(crate) fn count_of_company(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first("select count(*) from memberships where company_id = $1", params![company])?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
