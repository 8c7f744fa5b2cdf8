//! The second step: what a buyer has to do before their bank says yes, and what becomes of one that is not done.

use super::attempt::{Outcome, again, asked, drive, look_again, settled};
use super::{Payment, require};
use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::processor::{self, Answer, Processor, Silence};
use crate::store;
use guildhall_core::ids::{CheckoutSessionId, Id, PaymentId};
use guildhall_core::money::Currency;
use guildhall_core::payment::Stage;

/// How long a buyer may take for a second step, in milliseconds (an hour).
const SECOND_STEP_MS: i64 = 60 * 60 * 1000;

/// The buyer came back from the second step: asks how it went.
///
/// # Errors
/// `NotFound`; that it is not done is no error.
pub async fn come_back(hall: &Guildhall, id: PaymentId) -> Result<Outcome> {
    look_again(hall, &id).await?;
    drive(hall, &id).await
}

/// The buyer does not want the second step: the attempt is declined, and another method can be tried.
///
/// # Errors
/// `NotFound`.
pub async fn give_up(hall: &Guildhall, id: PaymentId) -> Result<()> {
    let wanted = id.clone();
    let payment = hall.store.read(move |read| require(read, &wanted)).await?;
    if payment.state.stage != Stage::NeedsAction {
        return Ok(());
    }
    let processor = payment.processor.unwrap_or(Processor::Sandbox);
    match processor::call_off(hall, processor, &asked(&payment)).await {
        Ok(answer @ (Answer::Charged { .. } | Answer::Declined { .. })) => {
            settled(hall, &payment, answer).await.map(|_| ())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What a second step of the sandbox is about.
#[derive(Debug, Clone)]
pub struct SecondStep {
    /// Whether it still waits for the buyer.
    pub waits: bool,
    /// Who sells.
    pub seller: String,
    /// Minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: Currency,
    /// The checkout it belongs to.
    pub session: Option<CheckoutSessionId>,
}

/// The second step of a payment in the sandbox, to whoever holds its unguessable id.
///
/// # Errors
/// `NotFound`, also for a payment of another processor.
pub async fn second_step(hall: &Guildhall, id: PaymentId) -> Result<SecondStep> {
    hall.store
        .read(move |read| {
            let payment = require(read, &id)?;
            if payment.processor != Some(Processor::Sandbox) {
                return no_such("payment", &id);
            }
            let seller = store::company::find(read, &payment.company)?;
            Ok(SecondStep {
                waits: payment.state.stage == Stage::NeedsAction,
                seller: seller.map_or_else(String::new, |company| company.title),
                amount_minor: payment.state.amount_minor,
                currency: payment.currency,
                session: payment.checkout_session,
            })
        })
        .await
}

/// The buyer confirms at the sandbox's bank, or refuses to.
///
/// # Errors
/// `NotFound`; what was answered before stays as it was.
pub async fn take_second_step(hall: &Guildhall, id: PaymentId, confirmed: bool) -> Result<()> {
    hall.store
        .write(move |tx| {
            let payment = require(tx, &id)?;
            if payment.processor != Some(Processor::Sandbox) {
                return no_such("payment", &id);
            }
            let key = payment.state.charge_key(id.as_str());
            processor::sandbox::take_second_step(tx, &key, confirmed).map(|_| ())
        })
        .await
}

/// The checkout of a payment.
///
/// # Errors
/// `NotFound`, also for a payment that was made without one.
pub async fn session_of(hall: &Guildhall, id: PaymentId) -> Result<CheckoutSessionId> {
    hall.store
        .read(move |read| match require(read, &id)?.checkout_session {
            Some(session) => Ok(session),
            None => no_such("payment", &id),
        })
        .await
}

/// Until when the buyer of an attempt may take a second step, in milliseconds. Their time begins with the attempt, also
/// where the processor took its own in between.
pub(super) fn over_at(payment: &Payment) -> i64 {
    payment.last_attempt_at.unwrap_or(payment.created_at) + SECOND_STEP_MS
}

/// A buyer who does not come back from the second step in time has not paid.
pub(super) async fn await_buyer(hall: &Guildhall, payment: &Payment) -> Result<()> {
    let over_at = over_at(payment);
    if hall.now_ms() < over_at {
        return again(hall, payment.id.clone(), over_at).await;
    }
    // They may have done it, and never come back; from now on they cannot, while another attempt is made.
    match called_off(hall, payment, "The payment was not confirmed in time.").await {
        Ok(answer) => settled(hall, payment, answer).await.map(|_| ()),
        Err(Silence(what)) => Err(Error::internal(what)),
    }
}

/// Has the processor call off what took too long; answers how it stands then: declined with this sentence, unless it was
/// charged meanwhile or cannot be called off.
///
/// # Errors
/// [`Silence`] when no answer came.
pub(super) async fn called_off(
    hall: &Guildhall,
    payment: &Payment,
    message: &str,
) -> std::result::Result<Answer, Silence> {
    let processor = payment.processor.unwrap_or(Processor::Sandbox);
    let expired =
        |reference| Answer::Declined { reference, code: "expired".to_owned(), message: message.to_owned() };
    Ok(match processor::call_off(hall, processor, &asked(payment)).await? {
        answer @ (Answer::Charged { .. } | Answer::Pending { .. }) => answer,
        Answer::NeedsAction { reference, .. } => expired(Some(reference)),
        Answer::Declined { reference, .. } => expired(reference),
    })
}
