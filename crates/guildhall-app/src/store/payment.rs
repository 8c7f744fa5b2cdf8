//! Rows of payments.

use super::{Read, Row, Tx, Value, params};
use crate::error::{Error, Result};
use crate::payment::{MethodUse, Payment};
use crate::processor::Processor;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::fee::Shares;
use guildhall_core::ids::{CheckoutSessionId, CompanyId, MembershipId, PaymentId, PlanId, UserId};
use guildhall_core::money::Currency;
use guildhall_core::payment as rules;
use guildhall_core::payment::Stage;
use guildhall_core::price::Price;
use guildhall_core::receipt::BillingReason;
use guildhall_core::sale::Sale;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, company_id, user_id, plan_id, access_pass_id, membership_id, checkout_session_id, renewal_key,
               invoice_id, entry_id, app_id, billing_reason, description, metadata, redirect_url,
               custom_field_answers, quantity, currency, subtotal_minor, discount_minor, tax_minor, amount_minor,
               tax_label, tax_basis_points, is_chargeable, stage, attempt, processor, payment_method_id, reference,
               action_url, failures, failure_code, failure_message, stock_held, promo_code_id, affiliate_id,
               refunded_minor, lost_minor, dispute_status, processor_fee_minor, platform_fee_minor, reward_minor,
               net_minor, pending_minor, reserve_minor, reward_pending_minor, reward_returned_minor, returned_minor,
               releases_at, reserve_releases_at, reward_releases_at, created_at, updated_at, paid_at, refunded_at,
               last_attempt_at, next_attempt_at, method_use, tried_from
             from payments ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<Payment> {
    let currency = Currency::parse(&row.text(17)?).map_err(|error| Error::internal(error.0))?;
    let reason = row.text(11)?;
    let state = state_from(&mut row)?;
    let releases = match (row.int_or_null(49)?, row.int_or_null(50)?, row.int_or_null(51)?) {
        (Some(pending), Some(reserve), Some(reward)) => Some((pending, reserve, reward)),
        _ => None,
    };
    let tax_label = row.text_or_null(22)?;
    let tax_basis_points = row.int(23)?;
    let (failure_code, failure_message) = (row.text_or_null(32)?, row.text_or_null(33)?);
    let method_use = row.text(58)?;
    Ok(Payment {
        id: row.id(0)?,
        company: row.id(1)?,
        user: row.id(2)?,
        plan: row.id(3)?,
        access_pass: row.id(4)?,
        membership: row.id_or_null(5)?,
        checkout_session: row.id_or_null(6)?,
        renewal_key: row.text_or_null(7)?,
        invoice: row.id_or_null(8)?,
        entry: row.id_or_null(9)?,
        app: row.id_or_null(10)?,
        billing_reason: BillingReason::from_word(&reason)
            .ok_or_else(|| unknown("billing reason", &reason))?,
        description: row.text_or_null(12)?,
        metadata: row.text(13)?,
        redirect_url: row.text_or_null(14)?,
        answers: row.text(15)?,
        quantity: row.int(16)?,
        currency,
        price: Price {
            subtotal_minor: row.int(18)?,
            discount_minor: row.int(19)?,
            tax_minor: row.int(20)?,
            total_minor: state.amount_minor,
        },
        tax: tax_label.map(|label| (label, tax_basis_points)),
        processor: row.text_or_null(27)?.and_then(|word| Processor::from_word(&word)),
        method: row.id_or_null(28)?,
        method_use: MethodUse::from_word(&method_use)
            .ok_or_else(|| unknown("use of a method", &method_use))?,
        reference: row.text_or_null(29)?,
        action_url: row.text_or_null(30)?,
        tried_from: row.text_or_null(59)?,
        failures: row.int(31)?,
        failure: failure_code.zip(failure_message),
        stock_held: row.int(34)?,
        promo_code: row.id_or_null(35)?,
        affiliate: row.id_or_null(36)?,
        sale: releases.map(|_| sale_from(&mut row, &state)).transpose()?,
        releases,
        state,
        created_at: row.int(52)?,
        updated_at: row.int(53)?,
        paid_at: row.int_or_null(54)?,
        refunded_at: row.int_or_null(55)?,
        last_attempt_at: row.int_or_null(56)?,
        next_attempt_at: row.int_or_null(57)?,
    })
}

fn unknown(what: &str, word: &str) -> Error {
    Error::internal(format!("a payment of the unknown {what} {word}"))
}

fn state_from(row: &mut Row) -> Result<rules::Payment> {
    let stage = row.text(25)?;
    let dispute = row.text_or_null(39)?;
    let read = |word: String| DisputeStatus::from_word(&word).ok_or_else(|| unknown("dispute", &word));
    Ok(rules::Payment {
        stage: Stage::from_word(&stage).ok_or_else(|| unknown("stage", &stage))?,
        amount_minor: row.int(21)?,
        is_chargeable: row.flag(24)?,
        attempt: row.int(26)?,
        refunded_minor: row.int(37)?,
        lost_minor: row.int(38)?,
        dispute: dispute.map(read).transpose()?,
    })
}

fn sale_from(row: &mut Row, state: &rules::Payment) -> Result<Sale> {
    Ok(Sale {
        shares: Shares {
            gross_minor: state.amount_minor,
            processor_fee_minor: row.int(40)?,
            platform_fee_minor: row.int(41)?,
            reward_minor: row.int(42)?,
            net_minor: row.int(43)?,
        },
        pending_minor: row.int(44)?,
        reserve_minor: row.int(45)?,
        reward_pending_minor: row.int(46)?,
        reward_returned_minor: row.int(47)?,
        returned_minor: row.int(48)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &PaymentId) -> Result<Option<Payment>> {
    read.first(select!("where id = $1"), params![id])?.map(from_row).transpose()
}

/// The payment of a checkout.
pub(crate) fn of_session(read: &mut Read<'_>, session: &CheckoutSessionId) -> Result<Option<Payment>> {
    read.first(select!("where checkout_session_id = $1"), params![session])?.map(from_row).transpose()
}

/// The payment of a renewal.
pub(crate) fn of_renewal(read: &mut Read<'_>, key: &str) -> Result<Option<Payment>> {
    read.first(select!("where renewal_key = $1"), params![key])?.map(from_row).transpose()
}

/// The payment of a charge, by what its processor calls it.
pub(crate) fn of_reference(
    read: &mut Read<'_>,
    processor: Processor,
    reference: &str,
) -> Result<Option<Payment>> {
    let row = read.first(
        select!("where processor = $1 and reference = $2 order by id desc limit 1"),
        params![processor.as_str(), reference],
    )?;
    row.map(from_row).transpose()
}

/// The payments of a membership, newest first.
pub(crate) fn of_membership(read: &mut Read<'_>, id: &MembershipId, most: i64) -> Result<Vec<Payment>> {
    let rows =
        read.query(select!("where membership_id = $1 order by id desc limit $2"), params![id, most])?;
    rows.into_iter().map(from_row).collect()
}

/// How many payments of a membership were made by which something was charged, whatever went back of it.
pub(crate) fn count_charged(read: &mut Read<'_>, id: &MembershipId) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from payments
         where membership_id = $1 and paid_at is not null and is_chargeable = 1",
        params![id],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// The newest renewal of a membership, however it stands.
pub(crate) fn latest_renewal(read: &mut Read<'_>, id: &MembershipId) -> Result<Option<Payment>> {
    let row = read.first(
        select!("where membership_id = $1 and renewal_key is not null order by id desc limit 1"),
        params![id],
    )?;
    row.map(from_row).transpose()
}

/// The newest payment of a membership that was made.
pub(crate) fn latest_paid(read: &mut Read<'_>, id: &MembershipId) -> Result<Option<PaymentId>> {
    let row = read.first(
        "select id from payments where membership_id = $1 and stage = 'paid' order by id desc limit 1",
        params![id],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Somebody's payments, newest first, drafts left out.
pub(crate) fn of_user(read: &mut Read<'_>, user: &UserId, most: i64) -> Result<Vec<Payment>> {
    let rows = read.query(
        select!("where user_id = $1 and stage <> 'drafted' order by id desc limit $2"),
        params![user, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// The payments of a company, newest first, before one of them.
pub(crate) fn of_company(
    read: &mut Read<'_>,
    company: &CompanyId,
    before: &str,
    most: i64,
) -> Result<Vec<Payment>> {
    let rows = read.query(
        select!("where company_id = $1 and id < $2 order by id desc limit $3"),
        params![company, before, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// A payment of somebody for a plan that is under way, newest first.
pub(crate) fn under_way(
    read: &mut Read<'_>,
    user: &UserId,
    company: &CompanyId,
    plan: &PlanId,
) -> Result<Option<Payment>> {
    let row = read.first(
        select!(
            "where user_id = $1
               and company_id = $2
               and plan_id = $3
               and stage in ('authorizing', 'needs_action', 'pending', 'charged')
             order by id desc
             limit 1"
        ),
        params![user, company, plan],
    )?;
    row.map(from_row).transpose()
}

/// Writes a payment down, new or changed; `updated_at` becomes the moment of the transaction.
pub(crate) fn save(tx: &mut Tx<'_>, payment: &mut Payment) -> Result<()> {
    payment.updated_at = tx.now;
    if update(tx, payment)? {
        return Ok(());
    }
    insert(tx, payment)?;
    if !update(tx, payment)? {
        return Err(Error::internal("a payment that was just made is missing"));
    }
    Ok(())
}

/// Writes down what of a payment never changes.
fn insert(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    tx.execute(
        "insert into payments (id, company_id, user_id, plan_id, access_pass_id, checkout_session_id, renewal_key,
           invoice_id, entry_id, app_id, billing_reason, metadata, quantity, currency, subtotal_minor, discount_minor,
           tax_minor, amount_minor, is_chargeable, stage, attempt, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '{}', $12, $13, 0, 0, 0, 0, 0, 'drafted', 0, $14, $14)",
        params![
            &payment.id,
            &payment.company,
            &payment.user,
            &payment.plan,
            &payment.access_pass,
            payment.checkout_session.as_ref(),
            payment.renewal_key.as_deref(),
            payment.invoice.as_ref(),
            payment.entry.as_ref(),
            payment.app.as_ref(),
            payment.billing_reason.as_str(),
            payment.quantity,
            payment.currency.code(),
            payment.created_at
        ],
    )?;
    Ok(())
}

fn update(tx: &mut Tx<'_>, payment: &Payment) -> Result<bool> {
    let state = state_parameters(payment);
    let parts = sale_parameters(payment);
    let rest = [Value::from(payment.method_use.as_str()), Value::from(payment.tried_from.as_deref())];
    let changed = tx.execute(UPDATE, &[state.as_slice(), &parts, &rest].concat())?;
    Ok(changed == 1)
}

const UPDATE: &str = "update payments
 set user_id = $2, membership_id = $3, description = $4, metadata = $5, redirect_url = $6,
   custom_field_answers = $7, subtotal_minor = $8, discount_minor = $9, tax_minor = $10, amount_minor = $11,
   tax_label = $12, tax_basis_points = $13, is_chargeable = $14, stage = $15, attempt = $16, processor = $17,
   payment_method_id = $18, reference = $19, action_url = $20, failures = $21, failure_code = $22,
   failure_message = $23, stock_held = $24, promo_code_id = $25, affiliate_id = $26, refunded_minor = $27,
   lost_minor = $28, dispute_status = $29, updated_at = $30, paid_at = $31, refunded_at = $32,
   last_attempt_at = $33, next_attempt_at = $34, quantity = $35, billing_reason = $36,
   processor_fee_minor = $37, platform_fee_minor = $38, reward_minor = $39, net_minor = $40, pending_minor = $41,
   reserve_minor = $42, reward_pending_minor = $43, reward_returned_minor = $44, returned_minor = $45,
   releases_at = $46, reserve_releases_at = $47, reward_releases_at = $48, method_use = $49, tried_from = $50
 where id = $1";

/// A payment as [`UPDATE`] takes it, up to `$36`.
fn state_parameters(payment: &Payment) -> [Value<'_>; 36] {
    let (tax_label, tax_basis_points) = match &payment.tax {
        Some((label, basis_points)) => (Some(label.as_str()), *basis_points),
        None => (None, 0),
    };
    [
        Value::from(&payment.id),
        Value::from(&payment.user),
        Value::from(payment.membership.as_ref()),
        Value::from(payment.description.as_deref()),
        Value::from(&payment.metadata),
        Value::from(payment.redirect_url.as_deref()),
        Value::from(&payment.answers),
        Value::from(payment.price.subtotal_minor),
        Value::from(payment.price.discount_minor),
        Value::from(payment.price.tax_minor),
        Value::from(payment.state.amount_minor),
        Value::from(tax_label),
        Value::from(tax_basis_points),
        Value::from(payment.state.is_chargeable),
        Value::from(payment.state.stage.as_str()),
        Value::from(payment.state.attempt),
        Value::from(payment.processor.map(Processor::as_str)),
        Value::from(payment.method.as_ref()),
        Value::from(payment.reference.as_deref()),
        Value::from(payment.action_url.as_deref()),
        Value::from(payment.failures),
        Value::from(payment.failure.as_ref().map(|(code, _)| code.as_str())),
        Value::from(payment.failure.as_ref().map(|(_, message)| message.as_str())),
        Value::from(payment.stock_held),
        Value::from(payment.promo_code.as_ref()),
        Value::from(payment.affiliate.as_ref()),
        Value::from(payment.state.refunded_minor),
        Value::from(payment.state.lost_minor),
        Value::from(payment.state.dispute.map(DisputeStatus::as_str)),
        Value::from(payment.updated_at),
        Value::from(payment.paid_at),
        Value::from(payment.refunded_at),
        Value::from(payment.last_attempt_at),
        Value::from(payment.next_attempt_at),
        Value::from(payment.quantity),
        Value::from(payment.billing_reason.as_str()),
    ]
}

/// How a payment was divided and when its parts are released, as [`UPDATE`] takes it from `$37` on; nothing of one
/// that was not sold yet.
fn sale_parameters(payment: &Payment) -> [Value<'static>; 12] {
    let amounts = payment.sale.map_or([0; 9], |sale| {
        [
            sale.shares.processor_fee_minor,
            sale.shares.platform_fee_minor,
            sale.shares.reward_minor,
            sale.shares.net_minor,
            sale.pending_minor,
            sale.reserve_minor,
            sale.reward_pending_minor,
            sale.reward_returned_minor,
            sale.returned_minor,
        ]
    });
    let moments = match (payment.sale, payment.releases) {
        (Some(_), Some((pending, reserve, reward))) => [Some(pending), Some(reserve), Some(reward)],
        _ => [None; 3],
    };
    let [fee, platform_fee, reward, net, pending, reserve, reward_pending, reward_returned, returned] =
        amounts.map(Value::Int);
    let [releases_at, reserve_at, reward_at] = moments.map(Value::from);
    [
        fee,
        platform_fee,
        reward,
        net,
        pending,
        reserve,
        reward_pending,
        reward_returned,
        returned,
        releases_at,
        reserve_at,
        reward_at,
    ]
}
