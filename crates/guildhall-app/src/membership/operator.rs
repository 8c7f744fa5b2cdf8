//! What an operator sees of memberships, and does to them.

use super::{self as membership, Membership};
use crate::Guildhall;
use crate::error::{Result, no_such};
use crate::payment::Payment;
use crate::store;
use guildhall_core::ids::{MembershipId, PlanId, UserId};

/// The most payments that a history holds.
const MOST_PAYMENTS: i64 = 1000;

/// A membership and its payments.
#[derive(Debug, Clone)]
pub struct History {
    /// The membership.
    pub membership: Membership,
    /// Its payments, newest first, at most a thousand.
    pub payments: Vec<Payment>,
}

/// Somebody's newest membership of a plan, with its payments.
///
/// # Errors
/// `NotFound`.
pub async fn history(hall: &Guildhall, user: UserId, plan: PlanId) -> Result<History> {
    hall.store
        .read(move |read| {
            let Some(membership) = store::membership::of_plan(read, &plan, &user)?.into_iter().next() else {
                return no_such("membership", &plan);
            };
            let payments = store::payment::of_membership(read, &membership.id, MOST_PAYMENTS)?;
            Ok(History { membership, payments })
        })
        .await
}

/// Ends a membership at once; `false` when it has ended already.
///
/// # Errors
/// `NotFound`, `Invalid` when it was never begun, `Conflict` for one without a plan.
pub async fn end(hall: &Guildhall, id: MembershipId) -> Result<bool> {
    hall.store.write(move |tx| membership::end_now(tx, &id, None)).await
}

/// Has a membership end with its period, or renew after all; `false` when it is so already.
///
/// # Errors
/// `NotFound`, `Invalid` when it does not renew or has ended.
pub async fn cancel_at_period_end(hall: &Guildhall, id: MembershipId, cancel: bool) -> Result<bool> {
    hall.store.write(move |tx| membership::set_cancel_at_period_end(tx, &id, cancel, None)).await
}

/// Lengthens a membership's period by so many days; answers its new end, in milliseconds.
///
/// # Errors
/// `NotFound`, `Invalid` for no or too many days, or when it has ended; `Conflict` while a renewal is being charged.
pub async fn lengthen(hall: &Guildhall, id: MembershipId, days: i64) -> Result<i64> {
    hall.store.write(move |tx| membership::add_free_days(tx, &id, days)).await
}
