//! Rows of sales that an affiliate brought earlier, as a founder writes them.

use super::{Tx, params};
use crate::error::Result;
use crate::founding::Referral;
use crate::plan::Plan;
use guildhall_core::ids::{MembershipId, PaymentId};

/// A sale whose membership stands already.
#[derive(Debug)]
pub(crate) struct PaidReferral<'a> {
    pub(crate) membership: &'a MembershipId,
    pub(crate) plan: &'a Plan,
    pub(crate) referral: &'a Referral,
}

/// Writes down who brought a membership, and its payment.
pub(crate) fn insert(tx: &mut Tx<'_>, paid: &PaidReferral<'_>) -> Result<()> {
    let (id, now): (PaymentId, i64) = (tx.mint(), tx.now);
    let (plan, referral) = (paid.plan, paid.referral);
    tx.execute(
        "update memberships set affiliate_id = $2 where id = $1",
        params![paid.membership, &referral.affiliate],
    )?;
    let is_paid = referral.paid_minor > 0;
    tx.execute(
        "insert into payments (id, company_id, user_id, plan_id, access_pass_id, membership_id, billing_reason,
           metadata, quantity, currency, subtotal_minor, discount_minor, tax_minor, amount_minor, is_chargeable, stage,
           attempt, affiliate_id, refunded_minor, reward_minor, reward_pending_minor, reward_returned_minor, created_at,
           updated_at, paid_at)
         values ($1, $2, $3, $4, $5, $6, 'subscription_create', '{}', 1, $7, $8, 0, 0, $8, 1, $9, 1, $10, $11, $12,
           $13, $14, $15, $15, $16)",
        params![
            &id,
            &plan.company,
            &referral.buyer,
            &plan.id,
            &plan.access_pass,
            paid.membership,
            referral.currency.code(),
            referral.paid_minor,
            if is_paid { "paid" } else { "canceled" },
            &referral.affiliate,
            referral.refunded_minor,
            referral.reward_minor,
            referral.reward_pending_minor,
            referral.reward_returned_minor,
            now,
            is_paid.then_some(now)
        ],
    )?;
    Ok(())
}
