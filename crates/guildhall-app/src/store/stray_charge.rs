//! Rows of charges that did not pay for what they were made for.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::payment::StrayCharge;
use crate::processor::Processor;
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::PaymentId;
use guildhall_core::money::Currency;
use guildhall_core::refund::RefundStatus;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select reference, processor, payment_id, amount_minor, currency, status, refund_reference,
               failure_message, created_at, dispute_reference, dispute_status, disputed_minor, lost_minor, failures
             from stray_charges ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<StrayCharge> {
    let (processor, status) = (row.text(1)?, row.text(5)?);
    let unknown = |word: &str| Error::internal(format!("a stray charge that is {word}"));
    let read = |word: String| DisputeStatus::from_word(&word).ok_or_else(|| unknown(&word));
    let dispute_status = row.text_or_null(10)?.map(read).transpose()?;
    Ok(StrayCharge {
        reference: row.text(0)?,
        processor: Processor::from_word(&processor).ok_or_else(|| unknown(&processor))?,
        payment: row.id(2)?,
        amount_minor: row.int(3)?,
        currency: Currency::parse(&row.text(4)?).map_err(|error| Error::internal(error.0))?,
        status: RefundStatus::from_word(&status).ok_or_else(|| unknown(&status))?,
        refund_reference: row.text_or_null(6)?,
        failure_message: row.text_or_null(7)?,
        created_at: row.int(8)?,
        dispute: row.text_or_null(9)?.zip(dispute_status),
        disputed_minor: row.int(11)?,
        lost_minor: row.int(12)?,
        failures: row.int(13)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, reference: &str) -> Result<Option<StrayCharge>> {
    read.first(select!("where reference = $1"), params![reference])?.map(from_row).transpose()
}

/// Those of a payment, oldest first; there is one an attempt at most.
pub(crate) fn of_payment(read: &mut Read<'_>, payment: &PaymentId) -> Result<Vec<StrayCharge>> {
    let rows = read.query(
        select!("where payment_id = $1 order by created_at, reference limit 1000"),
        params![payment],
    )?;
    rows.into_iter().map(from_row).collect()
}

pub(crate) fn insert(tx: &mut Tx<'_>, stray: &StrayCharge) -> Result<()> {
    tx.execute(
        "insert into stray_charges (reference, processor, payment_id, amount_minor, currency, status, created_at,
           updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        params![
            &stray.reference,
            stray.processor.as_str(),
            &stray.payment,
            stray.amount_minor,
            stray.currency.code(),
            stray.status.as_str(),
            stray.created_at
        ],
    )?;
    Ok(())
}

/// Writes down how its return and its dispute stand.
pub(crate) fn update(tx: &mut Tx<'_>, stray: &StrayCharge) -> Result<()> {
    let now = tx.now;
    let (dispute, dispute_status) = stray.dispute.as_ref().map(|(name, status)| (&**name, status)).unzip();
    tx.execute(
        "update stray_charges
         set status = $2, refund_reference = $3, failure_message = $4, updated_at = $5, dispute_reference = $6,
           dispute_status = $7, disputed_minor = $8, lost_minor = $9, failures = $10
         where reference = $1",
        params![
            &stray.reference,
            stray.status.as_str(),
            stray.refund_reference.as_deref(),
            stray.failure_message.as_deref(),
            now,
            dispute,
            dispute_status.map(|status| status.as_str()),
            stray.disputed_minor,
            stray.lost_minor,
            stray.failures
        ],
    )?;
    Ok(())
}
