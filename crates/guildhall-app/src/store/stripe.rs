//! Rows of what Stripe was asked, whom it knows, and which of its events were heard.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use crate::processor::stripe::{Mode, Question};
use guildhall_core::ids::{Id, PaymentId, UserId};

/// How long an event is remembered, in milliseconds (30 days; Stripe tries for three).
const EVENT_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What Stripe calls a user.
pub(crate) fn customer(read: &mut Read<'_>, user: &UserId, mode: Mode) -> Result<Option<String>> {
    let row = read.first(
        "select customer
         from stripe_customers
         where user_id = $1
           and mode = $2",
        params![user, mode.as_str()],
    )?;
    row.map(|mut row| row.text(0)).transpose()
}

/// Whom Stripe calls so.
pub(crate) fn user_of(read: &mut Read<'_>, customer: &str) -> Result<Option<UserId>> {
    let row = read.first(
        "select user_id
         from stripe_customers
         where customer = $1
         limit 1",
        params![customer],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Remembers what Stripe calls a user, unless that is known.
pub(crate) fn insert_customer(tx: &mut Tx<'_>, user: &UserId, mode: Mode, customer: &str) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into stripe_customers (user_id, mode, customer, created_at)
         values ($1, $2, $3, $4)
         on conflict (user_id, mode) do nothing",
        params![user, mode.as_str(), customer, now],
    )?;
    Ok(())
}

/// Forgets a customer whom Stripe does not know.
pub(crate) fn delete_customer(tx: &mut Tx<'_>, customer: &str) -> Result<()> {
    tx.execute("delete from stripe_customers where customer = $1", params![customer])?;
    Ok(())
}

fn from_row(mut row: Row) -> Result<Question> {
    Ok(Question {
        key: row.text(0)?,
        payment: row.id(1)?,
        customer: row.text(2)?,
        form: row.text(3)?,
        has_method: row.int(4)? == 1,
        is_present: row.int(5)? == 1,
        is_kept: row.int(6)? == 1,
        return_url: row.text(7)?,
        reference: row.text_or_null(8)?,
        fee_minor: row.int_or_null(9)?,
    })
}

/// Remembers a question; `false` when one of its key was asked before.
pub(crate) fn insert(tx: &mut Tx<'_>, question: &Question) -> Result<bool> {
    let now = tx.now;
    let inserted = tx.execute(
        "insert into stripe_charges (charge_key, payment_id, customer, form, has_method, is_present, is_kept,
           return_url, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (charge_key) do nothing",
        params![
            &question.key,
            question.payment.as_str(),
            &question.customer,
            &question.form,
            i64::from(question.has_method),
            i64::from(question.is_present),
            i64::from(question.is_kept),
            &question.return_url,
            now
        ],
    )?;
    Ok(inserted == 1)
}

/// What was asked under a key.
pub(crate) fn find(read: &mut Read<'_>, key: &str) -> Result<Option<Question>> {
    let row = read.first(
        "select charge_key, payment_id, customer, form, has_method, is_present, is_kept, return_url, reference,
           fee_minor
         from stripe_charges
         where charge_key = $1",
        params![key],
    )?;
    row.map(from_row).transpose()
}

/// What was asked that Stripe calls so.
pub(crate) fn find_by_reference(read: &mut Read<'_>, reference: &str) -> Result<Option<Question>> {
    let row = read.first(
        "select charge_key, payment_id, customer, form, has_method, is_present, is_kept, return_url, reference,
           fee_minor
         from stripe_charges
         where reference = $1",
        params![reference],
    )?;
    row.map(from_row).transpose()
}

/// The last that was asked for a payment, of what Stripe has a name for.
pub(crate) fn last_of_payment(read: &mut Read<'_>, payment: &PaymentId) -> Result<Option<Question>> {
    let row = read.first(
        "select charge_key, payment_id, customer, form, has_method, is_present, is_kept, return_url, reference,
           fee_minor
         from stripe_charges
         where payment_id = $1
           and reference is not null
         order by created_at desc, charge_key desc
         limit 1",
        params![payment.as_str()],
    )?;
    row.map(from_row).transpose()
}

/// Notes what Stripe calls what was asked under a key.
pub(crate) fn set_reference(tx: &mut Tx<'_>, key: &str, reference: &str) -> Result<()> {
    tx.execute(
        "update stripe_charges
         set reference = $2
         where charge_key = $1
           and reference is null",
        params![key, reference],
    )?;
    Ok(())
}

/// Notes what Stripe keeps of what was asked under a key.
pub(crate) fn set_fee(tx: &mut Tx<'_>, key: &str, fee_minor: i64) -> Result<()> {
    tx.execute(
        "update stripe_charges
         set fee_minor = $2
         where charge_key = $1
           and fee_minor is null",
        params![key, fee_minor],
    )?;
    Ok(())
}

/// Forgets what was asked under a key, which Stripe refused without doing anything.
pub(crate) fn delete(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    tx.execute(
        "delete from stripe_charges
         where charge_key = $1
           and reference is null",
        params![key],
    )?;
    Ok(())
}

/// Remembers an event, and forgets up to twenty that are old; `false` when it was heard before.
pub(crate) fn insert_event(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    let inserted = tx.execute(
        "insert into stripe_events (id, created_at)
         values ($1, $2)
         on conflict (id) do nothing",
        params![id, now],
    )?;
    tx.execute(
        "delete from stripe_events
         where id in (
           select id
           from stripe_events
           where created_at < $1
           order by created_at, id
           limit 20
         )",
        params![now - EVENT_KEPT_MS],
    )?;
    Ok(inserted == 1)
}
