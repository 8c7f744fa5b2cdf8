//! Rows of what happened earlier, as a founder tells it: payments that no processor was asked for, and memberships that
//! stand as time has left them.

use super::{Tx, params};
use crate::error::Result;
use crate::founding::{EarlierMembership, EarlierPayment};
use crate::processor::Processor;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{
    CompanyId, DisputeId, Id, MembershipId, PaymentId, PaymentMethodId, PromoCodeId, UserId,
};
use guildhall_core::money::Currency;

/// A payment, with the card that it was made by and what became of its dispute.
pub(crate) fn insert_payment(tx: &mut Tx<'_>, payment: &EarlierPayment) -> Result<PaymentId> {
    let id: PaymentId = tx.mint();
    let (now, stands) = (tx.now, &payment.stands);
    let method = payment.card.as_ref().map(|card| insert_card(tx, &payment.user, card)).transpose()?;
    let fees_minor = payment.processor_fee_minor + payment.platform_fee_minor;
    tx.execute(
        "insert into payments (id, company_id, user_id, plan_id, access_pass_id, membership_id, billing_reason,
           metadata, quantity, currency, subtotal_minor, discount_minor, tax_minor, amount_minor, is_chargeable, stage,
           attempt, processor, payment_method_id, failure_message, promo_code_id, refunded_minor, lost_minor,
           dispute_status, processor_fee_minor, platform_fee_minor, net_minor, created_at, updated_at, paid_at,
           last_attempt_at)
         values ($1, $2, $3, $4, $5, $6, $7, '{}', 1, $8, $9, 0, 0, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
           $19, $20, $21, $22, $23, $23, $24, $23)",
        params![
            &id,
            &payment.company,
            &payment.user,
            &payment.plan,
            &payment.access_pass,
            payment.membership.as_ref(),
            payment.billing_reason.as_str(),
            payment.currency.code(),
            stands.amount_minor,
            stands.is_chargeable,
            stands.stage.as_str(),
            stands.attempt,
            payment.processor.map(Processor::as_str),
            method.as_ref(),
            payment.failure_message.as_deref(),
            payment.promo_code.as_ref(),
            stands.refunded_minor,
            stands.lost_minor,
            stands.dispute.map(DisputeStatus::as_str),
            payment.processor_fee_minor,
            payment.platform_fee_minor,
            stands.amount_minor - fees_minor,
            now,
            payment.paid_at
        ],
    )?;
    if let Some(dispute) = stands.dispute {
        insert_dispute(tx, &id, payment, dispute)?;
    }
    Ok(id)
}

/// A card by its brand and last four digits.
fn insert_card(tx: &mut Tx<'_>, user: &UserId, (brand, last4): &(String, String)) -> Result<PaymentMethodId> {
    let id: PaymentMethodId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into payment_methods (id, user_id, processor, reference, brand, last4, created_at)
         values ($1, $2, 'sandbox', $1, $3, $4, $5)",
        params![&id, user, brand, last4, now],
    )?;
    Ok(id)
}

/// A dispute over the whole of a payment.
fn insert_dispute(
    tx: &mut Tx<'_>,
    id: &PaymentId,
    payment: &EarlierPayment,
    status: DisputeStatus,
) -> Result<()> {
    let dispute: DisputeId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into disputes (id, payment_id, company_id, amount_minor, currency, status, reference, fee_minor,
           drawn_reward_minor, drawn_pending_minor, drawn_reserve_minor, drawn_available_minor, drawn_debt_minor,
           created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $1, 0, 0, 0, 0, 0, 0, $7, $7)",
        params![
            dispute.as_str(),
            id,
            &payment.company,
            payment.stands.amount_minor,
            payment.currency.code(),
            status.as_str(),
            now
        ],
    )?;
    Ok(())
}

/// What time has made of a membership; answers whose it is.
pub(crate) fn set_membership(
    tx: &mut Tx<'_>,
    id: &MembershipId,
    earlier: &EarlierMembership,
) -> Result<Option<(CompanyId, UserId)>> {
    let now = tx.now;
    tx.execute(
        "update memberships
         set status = $2, paid_until = $3, canceled_at = $4, cancelation_reason = $5, cancel_at_period_end = $6,
           payments_due = $7, quantity = $8, promo_code_id = $9, updated_at = $10
         where id = $1",
        params![
            id,
            earlier.status.as_str(),
            earlier.paid_until,
            earlier.canceled_at,
            earlier.cancelation_reason.as_deref(),
            earlier.cancel_at_period_end,
            earlier.payments_due,
            earlier.quantity,
            earlier.promo_code.as_ref(),
            now
        ],
    )?;
    let row = tx.first("select company_id, user_id from memberships where id = $1", params![id])?;
    row.map(|mut row| Ok((row.id(0)?, row.id(1)?))).transpose()
}

/// A promo code that takes so many hundredths of a percent off the first payments.
pub(crate) fn insert_promo_code(
    tx: &mut Tx<'_>,
    company: &CompanyId,
    code: &str,
    basis_points: i64,
    currency: Currency,
    number_of_intervals: i64,
) -> Result<PromoCodeId> {
    let id: PromoCodeId = tx.mint();
    let now = tx.now;
    tx.execute(
        "insert into promo_codes (id, company_id, code, promo_type, amount, currency, duration, number_of_intervals,
           unlimited_stock, stock, new_users_only, churned_users_only, existing_memberships_only, one_per_customer,
           status, created_at, updated_at)
         values ($1, $2, $3, 'percentage', $4, $5, 'repeating', $6, 1, 0, 0, 0, 0, 0, 'active', $7, $7)",
        params![&id, company, code, basis_points, currency.code(), number_of_intervals, now],
    )?;
    Ok(id)
}

/// Writes a user's picture and country down.
pub(crate) fn set_profile(
    tx: &mut Tx<'_>,
    user: &UserId,
    picture: Option<&str>,
    country: Option<&str>,
) -> Result<()> {
    tx.execute(
        "update users set picture_id = $2, country = $3 where id = $1",
        params![user, picture, country],
    )?;
    Ok(())
}
