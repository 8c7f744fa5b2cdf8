//! Rows of refunds.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::refund::Refund;
use guildhall_core::ids::{PaymentId, RefundId, UserId};
use guildhall_core::money::Currency;
use guildhall_core::refund::RefundStatus;
use guildhall_core::sale::Drawn;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, payment_id, company_id, amount_minor, currency, status, reason, reference, failure_message,
               drawn_reward_minor, drawn_pending_minor, drawn_reserve_minor, drawn_available_minor,
               drawn_debt_minor, created_at, updated_at
             from refunds ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<Refund> {
    let status = row.text(5)?;
    Ok(Refund {
        id: row.id(0)?,
        payment: row.id(1)?,
        company: row.id(2)?,
        amount_minor: row.int(3)?,
        currency: Currency::parse(&row.text(4)?).map_err(|error| Error::internal(error.0))?,
        status: RefundStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("a refund that is {status}")))?,
        reason: row.text_or_null(6)?,
        reference: row.text_or_null(7)?,
        failure_message: row.text_or_null(8)?,
        drawn: drawn_from(&mut row, 9)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
    })
}

/// Where money was drawn from, in five columns from `first` on.
pub(super) fn drawn_from(row: &mut Row, first: usize) -> Result<Drawn> {
    Ok(Drawn {
        reward_minor: row.int(first)?,
        pending_minor: row.int(first + 1)?,
        reserve_minor: row.int(first + 2)?,
        available_minor: row.int(first + 3)?,
        debt_minor: row.int(first + 4)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &RefundId) -> Result<Option<Refund>> {
    read.first(select!("where id = $1"), params![id])?.map(from_row).transpose()
}

pub(crate) fn of_key(read: &mut Read<'_>, key: &str) -> Result<Option<Refund>> {
    read.first(select!("where idempotence_key = $1"), params![key])?.map(from_row).transpose()
}

pub(crate) fn of_reference(read: &mut Read<'_>, reference: &str) -> Result<Option<Refund>> {
    read.first(select!("where reference = $1"), params![reference])?.map(from_row).transpose()
}

/// The refunds of a payment, oldest first; there are as many as it has minor units at most, and few in truth.
pub(crate) fn of_payment(read: &mut Read<'_>, payment: &PaymentId) -> Result<Vec<Refund>> {
    let rows = read.query(select!("where payment_id = $1 order by id limit 1000"), params![payment])?;
    rows.into_iter().map(from_row).collect()
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    refund: &Refund,
    key: Option<&str>,
    asked_by: Option<&UserId>,
) -> Result<()> {
    let drawn = &refund.drawn;
    tx.execute(
        "insert into refunds (id, payment_id, company_id, amount_minor, currency, status, reason, requested_by,
           drawn_reward_minor, drawn_pending_minor, drawn_reserve_minor, drawn_available_minor, drawn_debt_minor,
           idempotence_key, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)",
        params![
            &refund.id,
            &refund.payment,
            &refund.company,
            refund.amount_minor,
            refund.currency.code(),
            refund.status.as_str(),
            refund.reason.as_deref(),
            asked_by,
            drawn.reward_minor,
            drawn.pending_minor,
            drawn.reserve_minor,
            drawn.available_minor,
            drawn.debt_minor,
            key,
            refund.created_at
        ],
    )?;
    Ok(())
}

/// Writes down what of a refund changes.
pub(crate) fn update(tx: &mut Tx<'_>, refund: &mut Refund) -> Result<()> {
    refund.updated_at = tx.now;
    tx.execute(
        "update refunds
         set status = $2, reference = $3, failure_message = $4, updated_at = $5
         where id = $1",
        params![
            &refund.id,
            refund.status.as_str(),
            refund.reference.as_deref(),
            refund.failure_message.as_deref(),
            refund.updated_at
        ],
    )?;
    Ok(())
}
