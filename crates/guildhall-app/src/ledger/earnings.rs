//! What a person earned.

use crate::Guildhall;
use crate::error::Result;
use crate::principal::Principal;
use crate::store;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;

/// What a user earned in usd, in minor units, over the last day, week, month, and ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earnings {
    /// 24 hours.
    pub day_minor: i64,
    /// 7 days.
    pub week_minor: i64,
    /// 30 days.
    pub month_minor: i64,
    /// Ever.
    pub lifetime_minor: i64,
}

/// The acting user's own earnings; nobody else's are shown.
///
/// # Errors
/// `Internal` only.
pub async fn earnings(hall: &Guildhall, principal: &Principal, user: &UserId) -> Result<Option<Earnings>> {
    if principal.user.as_ref() != Some(user) {
        return Ok(None);
    }
    let user = user.clone();
    hall.store
        .scan(move |read| {
            let usd = Currency::parse("usd")?;
            let Some(account) = store::ledger::find_of_owner(read, AccountKind::User, user.as_str())? else {
                return Ok(None);
            };
            let now = read.now;
            let mut since = |days: i64| {
                store::ledger::earned_since(read, &account, usd, now - days * 24 * 60 * 60 * 1000)
            };
            Ok(Some(Earnings {
                day_minor: since(1)?,
                week_minor: since(7)?,
                month_minor: since(30)?,
                lifetime_minor: since(365_000)?,
            }))
        })
        .await
}
