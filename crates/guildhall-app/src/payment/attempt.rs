//! An attempt: the processor is asked, and its answer is taken; who looks after one that nobody works on. What the
//! buyer has to do in between is in `second_step.rs`.

use super::settlement::{self, settle};
use super::{LOOK_AFTER_MS, MethodUse, Payment, change, look_after, require, second_step, stray};
use crate::Guildhall;
use crate::billing;
use crate::crash;
use crate::error::{Error, Result};
use crate::plan::PlanType;
use crate::processor::{self, Answer, Asked, Charge, Processor, Silence};
use crate::store;
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::job::Failure;
use guildhall_core::payment::{Event, Next, Stage};
use guildhall_core::receipt::BillingReason;

/// How long a processor that takes its time is left alone, in milliseconds (an hour).
const PENDING_MS: i64 = 60 * 60 * 1000;
/// How long it may take its time before the charge is called off, in milliseconds (two weeks: the slowest methods that
/// processors know take about as long).
const LONGEST_PENDING_MS: i64 = 14 * 24 * 60 * 60 * 1000;
/// How long one that does not call it off is left alone, in milliseconds (a day).
const OVERDUE_MS: i64 = 24 * 60 * 60 * 1000;

/// How an attempt went, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Paid, and what was bought is the buyer's.
    Paid,
    /// The buyer has to go there first.
    SecondStep(String),
    /// Nothing is known yet: the processor takes its time, or does not answer.
    UnderWay,
    /// It was declined; the sentence is for the buyer.
    Declined(String),
    /// The money was taken and is given back, since what it was for cannot be had any more.
    GivenBack,
    /// Nobody wants it any more.
    Over,
}

/// How a payment stands, to its buyer.
pub(crate) fn outcome(payment: &Payment) -> Outcome {
    match payment.state.stage {
        Stage::Paid => Outcome::Paid,
        Stage::NeedsAction => {
            Outcome::SecondStep(payment.action_url.clone().unwrap_or_else(|| "/".to_owned()))
        }
        Stage::Drafted | Stage::Authorizing | Stage::Pending | Stage::Charged => Outcome::UnderWay,
        Stage::Failed => {
            let sentence = payment.failure.as_ref().map(|(_, sentence)| sentence.clone());
            Outcome::Declined(sentence.unwrap_or_else(|| "The payment was declined.".to_owned()))
        }
        Stage::Returning | Stage::AutoRefunded => Outcome::GivenBack,
        Stage::Canceled | Stage::Uncollectible => Outcome::Over,
    }
}

/// Goes on with a payment as far as it goes: asks the processor, records what it says, gives back what cannot be kept.
/// Whoever else does the same at the same time does no harm.
///
/// # Errors
/// `Internal` only; that a processor is silent is no error.
pub(crate) async fn drive(hall: &Guildhall, id: &PaymentId) -> Result<Outcome> {
    let mut payment = read(hall, id).await?;
    // Each round commits a step, of which there are few.
    for _ in 0..4 {
        payment = match payment.state.resume() {
            Next::AskProcessor => match ask(hall, &payment).await? {
                Ok(answer) => {
                    crash::point("asked");
                    let settled = settled(hall, &payment, answer).await?;
                    crash::point("settled");
                    settled
                }
                Err(Silence(what)) => {
                    tracing::warn!(payment = %id, what, "a processor did not answer; it is asked again");
                    return Ok(Outcome::UnderWay);
                }
            },
            Next::GiveBack => {
                give_back(hall, &payment).await;
                return read(hall, id).await.map(|payment| outcome(&payment));
            }
            Next::Record => {
                let (wanted, house) = (id.clone(), hall.house());
                hall.store.write(move |tx| settlement::record(tx, &house, &wanted)).await?
            }
            Next::Nothing | Next::AwaitBuyer | Next::AwaitProcessor => return Ok(outcome(&payment)),
        };
    }
    Ok(outcome(&payment))
}

async fn read(hall: &Guildhall, id: &PaymentId) -> Result<Payment> {
    let id = id.clone();
    hall.store.read(move |read| require(read, &id)).await
}

/// Writes an answer down; answers how the payment stands then. A balance that does not hold enough declines.
pub(super) async fn settled(hall: &Guildhall, payment: &Payment, answer: Answer) -> Result<Payment> {
    let (id, attempt, house) = (payment.id.clone(), payment.state.attempt, hall.house());
    let (again, house_again) = (id.clone(), hall.house());
    let written = hall.store.write(move |tx| settle(tx, &house, &id, attempt, &answer)).await;
    match written {
        Err(Error::InsufficientFunds(_)) if payment.processor == Some(Processor::PlatformBalance) => {
            let declined = Answer::Declined {
                reference: None,
                code: "insufficient_funds".to_owned(),
                message: "The balance does not hold enough.".to_owned(),
            };
            hall.store.write(move |tx| settle(tx, &house_again, &again, attempt, &declined)).await
        }
        written => written,
    }
}

/// Asks the processor of an attempt.
async fn ask(hall: &Guildhall, payment: &Payment) -> Result<std::result::Result<Answer, Silence>> {
    let processor = payment.processor.ok_or_else(|| Error::internal("an attempt without a processor"))?;
    if processor == Processor::PlatformBalance {
        // The ledger moves it in the transaction that records the payment.
        let reference = payment.state.charge_key(payment.id.as_str());
        return Ok(Ok(Answer::Charged { reference, method: None }));
    }
    if payment.reference.is_some() {
        // It was asked before, and the buyer came back from a second step, or it took its time.
        return Ok(processor::look_up(hall, processor, &asked(payment)).await);
    }
    let wanted = payment.clone();
    let charge = hall.store.read(move |read| charge_of(read, &wanted)).await?;
    let charge = Charge { return_url: return_url(hall, payment), ..charge };
    Ok(processor::charge(hall, processor, &charge).await)
}

pub(super) fn asked(payment: &Payment) -> Asked {
    Asked { key: payment.state.charge_key(payment.id.as_str()), reference: payment.reference.clone() }
}

/// Where a second step leads back to.
fn return_url(hall: &Guildhall, payment: &Payment) -> String {
    format!("{}/checkout/return/{}", hall.origin(), payment.id)
}

/// What a processor is asked for, but for where a second step leads back to.
pub(crate) fn charge_of(read: &mut store::Read<'_>, payment: &Payment) -> Result<Charge> {
    let method = match &payment.method {
        Some(id) => store::payment_method::find(read, id)?,
        None => None,
    };
    let is_kept = match &method {
        Some(_) => true,
        None if payment.method_use == MethodUse::Agreed => true,
        None => {
            let plan = store::plan::find(read, &payment.plan)?;
            plan.is_some_and(|plan| plan.plan_type == PlanType::Renewal)
        }
    };
    let title = match store::access_pass::find(read, &payment.access_pass)? {
        Some(found) => format!("{}: {}", found.company.title, found.pass.title),
        None => payment.company.to_string(),
    };
    Ok(Charge {
        key: payment.state.charge_key(payment.id.as_str()),
        payment: payment.id.clone(),
        user: payment.user.clone(),
        email: store::user::find(read, &payment.user)?.and_then(|user| user.email),
        amount_minor: if payment.state.is_chargeable { payment.state.amount_minor } else { 0 },
        currency: payment.currency,
        is_present: !payment.is_renewal() && payment.billing_reason != BillingReason::Manual,
        is_kept,
        method,
        description: payment.description.clone().unwrap_or(title),
        return_url: String::new(),
    })
}

/// Gives back what was taken and cannot be kept. What is not back by that, its own job sees to.
async fn give_back(hall: &Guildhall, payment: &Payment) {
    let charge = payment.reference.as_deref().unwrap_or_default();
    if let Err(failure) = stray::give_back(hall, charge).await {
        tracing::warn!(payment = %payment.id, charge, what = failure.reason(), "a charge is not back yet");
    }
}

/// Does what is to be done with a payment that nobody works on: the job that every attempt leaves behind.
pub(crate) async fn carry_on(hall: &Guildhall, id: &PaymentId) -> std::result::Result<(), Failure> {
    let temporary = |error: Error| Failure::Temporary(error.told());
    let (wanted, house) = (id.clone(), hall.house());
    let released = hall.store.write(move |tx| super::release::release_due(tx, &house, &wanted));
    let payment = released.await.map_err(temporary)?;
    match payment.state.resume() {
        // What is given back has a job of its own.
        Next::Nothing | Next::GiveBack => Ok(()),
        Next::AwaitBuyer => second_step::await_buyer(hall, &payment).await.map_err(temporary),
        Next::AwaitProcessor => await_processor(hall, &payment).await.map_err(temporary),
        Next::AskProcessor | Next::Record => {
            if payment.updated_at + LOOK_AFTER_MS > hall.now_ms() {
                // Somebody is at it.
                let (id, at) = (id.clone(), payment.updated_at + LOOK_AFTER_MS);
                return again(hall, id, at).await.map_err(temporary);
            }
            drive(hall, id).await.map_err(temporary)?;
            let payment = read(hall, id).await.map_err(temporary)?;
            match payment.state.resume() {
                Next::AskProcessor => await_answer(hall, id).await.map_err(temporary),
                Next::Record => Err(Failure::Temporary("what was paid is not recorded".into())),
                _ => Ok(()),
            }
        }
    }
}

/// Has a payment looked after again at a moment.
pub(super) async fn again(hall: &Guildhall, id: PaymentId, at: i64) -> Result<()> {
    hall.store
        .write(move |tx| {
            let payment = require(tx, &id)?;
            look_after(tx, &payment, at)
        })
        .await
}

/// A processor that stays silent is asked again until it answers, after as long as it was silent, an hour at most: the
/// money may have been taken. Whoever is renewed by it keeps access in the grace.
async fn await_answer(hall: &Guildhall, id: &PaymentId) -> Result<()> {
    let id = id.clone();
    let write = hall.store.write(move |tx| {
        tx.lock(&format!("payment {id}"))?;
        let payment = require(tx, &id)?;
        if payment.is_renewal() && payment.state.resume() == Next::AskProcessor {
            billing::awaits(tx, &payment)?;
        }
        let silent_ms = tx.now - payment.last_attempt_at.unwrap_or(payment.created_at);
        look_after(tx, &payment, tx.now + silent_ms.clamp(LOOK_AFTER_MS, PENDING_MS))
    });
    write.await
}

/// Asks a processor that takes its time how a charge stands: it ends, or asks something of its buyer again. One that takes
/// too long is to be called off, so that nobody pays it later. Until the processor says that it is, the money may yet be
/// taken, and it is asked again.
async fn await_processor(hall: &Guildhall, payment: &Payment) -> Result<()> {
    let processor = payment.processor.ok_or_else(|| Error::internal("an attempt without a processor"))?;
    let begun_at = payment.last_attempt_at.unwrap_or(payment.created_at);
    let is_overdue = begun_at + LONGEST_PENDING_MS <= hall.now_ms();
    let (answer, rest_ms) = if is_overdue {
        let message = "The payment was not completed in time.";
        (second_step::called_off(hall, payment, message).await, OVERDUE_MS)
    } else {
        (processor::look_up(hall, processor, &asked(payment)).await, PENDING_MS)
    };
    match answer {
        Ok(Answer::Pending { .. }) | Err(_) => {
            if is_overdue {
                tracing::warn!(payment = %payment.id, "a charge that takes too long is not called off yet");
            }
            again(hall, payment.id.clone(), hall.now_ms() + rest_ms).await
        }
        Ok(answer) => settled(hall, payment, answer).await.map(|_| ()),
    }
}

/// Lets the processor be asked again how an attempt went that waits for something.
pub(super) async fn look_again(hall: &Guildhall, id: &PaymentId) -> Result<()> {
    let (id, house) = (id.clone(), hall.house());
    let wanted = id.clone();
    let payment = hall.store.read(move |read| require(read, &wanted)).await?;
    match payment.state.stage {
        Stage::NeedsAction => {
            let step = hall.store.write(move |tx| {
                tx.lock(&format!("payment {id}"))?;
                let mut payment = require(tx, &id)?;
                if payment.state.stage == Stage::NeedsAction {
                    change(tx, &mut payment, Event::ActionDone)?;
                    look_after(tx, &payment, tx.now + LOOK_AFTER_MS)?;
                }
                Ok(())
            });
            step.await
        }
        // Money that was taken is never overlooked, also where it was thought to have failed.
        Stage::Pending | Stage::Failed | Stage::Canceled | Stage::Uncollectible
            if payment.reference.is_some() =>
        {
            let processor = payment.processor.unwrap_or(Processor::Sandbox);
            match processor::look_up(hall, processor, &asked(&payment)).await {
                Ok(answer @ Answer::Charged { .. }) => {
                    let attempt = payment.state.attempt;
                    hall.store.write(move |tx| settle(tx, &house, &id, attempt, &answer)).await.map(|_| ())
                }
                Ok(answer @ (Answer::Declined { .. } | Answer::NeedsAction { .. }))
                    if payment.state.stage == Stage::Pending =>
                {
                    settled(hall, &payment, answer).await.map(|_| ())
                }
                Ok(_) => Ok(()),
                Err(Silence(what)) => Err(Error::internal(what)),
            }
        }
        _ => Ok(()),
    }
}
