//! Late fees: what a processor keeps of a sale, and tells only after it.
//!
//! Stripe tells it with the answer that settles a payment, mostly. Where it does not, the sale is divided as if there were
//! no fee, and leaves a job behind that asks for it an hour later and then by the usual tries. It is booked once, under
//! the payment, and its seller bears it as at the sale; what they have no more becomes their debt.

use super::attempt::asked;
use super::{Payment, lane, record, require};
use crate::Guildhall;
use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::ledger;
use crate::processor::{self, Silence};
use crate::refund::hold;
use crate::store::{self, Tx};
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::job::Failure;
use guildhall_core::ledger::AccountKind;
use guildhall_core::posting::Happening;

/// How long after the sale it is asked for, in milliseconds (an hour: Stripe tells it within one).
const ASKED_AFTER_MS: i64 = 60 * 60 * 1000;

/// Has the fee of a sale asked for that was divided without it.
pub(super) fn expect(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    let (work, lane) = (Work::LateFee(payment.id.clone()), lane(payment.id.as_str()));
    jobs::enqueue_at(tx, &work, &lane, tx.now + ASKED_AFTER_MS).map(|_| ())
}

/// Asks for the fee of a sale and books it: the job that such a sale leaves behind.
///
/// # Errors
/// `Temporary` until the processor tells it.
pub(crate) async fn carry_on(hall: &Guildhall, id: &PaymentId) -> std::result::Result<(), Failure> {
    let temporary = |error: Error| Failure::Temporary(error.told());
    let wanted = id.clone();
    let found = hall.store.read(move |read| require(read, &wanted)).await;
    let payment = found.map_err(temporary)?;
    let Some(processor) = payment.processor else { return Ok(()) };
    // What it keeps is noted with its answer.
    if let Err(Silence(what)) = processor::look_up(hall, processor, &asked(&payment)).await {
        return Err(Failure::Temporary(what));
    }
    let wanted = id.clone();
    let is_told = hall.store.write(move |tx| take(tx, &wanted)).await.map_err(temporary)?;
    if is_told { Ok(()) } else { Err(Failure::Temporary("the processor has not told its fee".into())) }
}

/// Books the fee of a sale if it is known by now; answers whether it is.
fn take(tx: &mut Tx<'_>, id: &PaymentId) -> Result<bool> {
    let mut payment = hold(tx, id)?;
    let (Some(sale), Some(processor), Some(reference)) =
        (payment.sale, payment.processor, payment.reference.as_deref())
    else {
        return Ok(true);
    };
    let Some(fee_minor) = processor::told_fee_minor(tx, processor, reference)? else { return Ok(false) };
    if sale.shares.processor_fee_minor > 0 {
        // It was booked before.
        return Ok(true);
    }
    let seller = payment.company.as_str();
    let free_minor = ledger::free_minor(tx, AccountKind::Company, seller, payment.currency)?;
    let (sale, drawn) = sale.bear_fee(fee_minor, free_minor);
    if drawn.total_minor() > 0 {
        record::book(tx, &payment, "late_fee", &[Happening::FeeTold { drawn }], None)?;
        payment.sale = Some(sale);
        store::payment::save(tx, &mut payment)?;
    }
    Ok(true)
}
