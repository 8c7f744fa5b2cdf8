//! Rows of what promo codes were used for, what is left of the codes, and what decides whether somebody may use one.

use super::membership::is_valid;
use super::{Read, Tx, params};
use crate::error::{Error, Result};
use crate::promo_code::PromoCode;
use guildhall_core::ids::{AccessPassId, CompanyId, PaymentId, PromoCodeId, UserId};
use guildhall_core::membership::GRACE_MS;
use guildhall_core::promo_code::Customer;

/// What somebody is to a company, to the pass that they would buy, and to a code.
pub(crate) fn customer(
    read: &mut Read<'_>,
    company: &CompanyId,
    user: &UserId,
    pass: &AccessPassId,
    code: &PromoCodeId,
) -> Result<Customer> {
    let now = read.now;
    let memberships = read.first(
        concat!(
            "select cast(coalesce(max(case when m.status <> 'drafted' then 1 else 0 end), 0) as bigint),
               cast(coalesce(max(case when ",
            is_valid!("m"),
            " then 1 else 0 end), 0) as bigint),
               cast(coalesce(max(case when m.access_pass_id = $4 and ",
            is_valid!("m"),
            " then 1 else 0 end), 0) as bigint)
             from memberships m
             where m.company_id = $1 and m.user_id = $5"
        ),
        params![company, now, GRACE_MS, pass, user],
    )?;
    let mut row = memberships.ok_or_else(|| Error::internal("a sum without a row"))?;
    let used = read.first(
        "select payment_id
         from promo_code_uses
         where promo_code_id = $1 and user_id = $2
         limit 1",
        params![code, user],
    )?;
    Ok(Customer {
        had_membership: row.flag(0)?,
        has_valid_membership: row.flag(1)?,
        is_for_existing: row.flag(2)?,
        used_before: used.is_some(),
    })
}

/// Writes down what a code is used for; `false` when that payment uses a code already, or the customer had their only
/// use.
pub(crate) fn insert(tx: &mut Tx<'_>, code: &PromoCode, user: &UserId, payment: &PaymentId) -> Result<bool> {
    let (now, only) = (tx.now, code.limits.is_used_once().then_some(user));
    let added = tx.execute(
        "insert into promo_code_uses (payment_id, promo_code_id, user_id, only_user_id, created_at)
         values ($1, $2, $3, $4, $5)
         on conflict do nothing",
        params![payment, &code.id, user, only, now],
    )?;
    Ok(added == 1)
}

/// The code that a payment uses.
pub(crate) fn code_of(read: &mut Read<'_>, payment: &PaymentId) -> Result<Option<PromoCodeId>> {
    let row =
        read.first("select promo_code_id from promo_code_uses where payment_id = $1", params![payment])?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Counts one use of a code that can be used; `false` for one that cannot.
pub(crate) fn take(tx: &mut Tx<'_>, id: &PromoCodeId) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update promo_codes
         set uses = uses + 1,
             stock = case when unlimited_stock = 1 then stock else stock - 1 end
         where id = $1
           and status = 'active'
           and (unlimited_stock = 1 or stock >= 1)
           and (expires_at is null or expires_at > $2)",
        params![id, now],
    )?;
    Ok(changed == 1)
}

/// Forgets what a payment used; `false` when it used nothing.
pub(crate) fn delete(tx: &mut Tx<'_>, payment: &PaymentId) -> Result<bool> {
    let removed = tx.execute("delete from promo_code_uses where payment_id = $1", params![payment])?;
    Ok(removed == 1)
}

/// Takes one use of a code back.
pub(crate) fn put_back(tx: &mut Tx<'_>, id: &PromoCodeId) -> Result<()> {
    tx.execute(
        "update promo_codes
         set uses = uses - 1,
             stock = case when unlimited_stock = 1 then stock else stock + 1 end
         where id = $1",
        params![id],
    )?;
    Ok(())
}
