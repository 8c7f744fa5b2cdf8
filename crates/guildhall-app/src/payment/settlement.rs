//! Settlement: what a processor answered is written down, together with what was bought.

use super::record::{Delivery, deliver, tell};
use super::{
    LOOK_AFTER_MS, MethodUse, Payment, agree, change, letter, look_after, require, second_step, stray,
};
use crate::House;
use crate::billing;
use crate::crash;
use crate::error::Result;
use crate::invoice;
use crate::plan;
use crate::processor::{self, Answer, KeptMethod, Processor};
use crate::promo_code;
use crate::store::{self, Tx};
use crate::throttle;
use guildhall_core::ids::{PaymentId, PaymentMethodId};
use guildhall_core::payment::{Event, Stage};
use guildhall_core::receipt::BillingReason;
use guildhall_core::throttle::Throttle;
use guildhall_core::webhook::Event as Told;

/// Takes the answer to an attempt; answers how the payment stands then. That of an earlier attempt changes nothing, but
/// that money which was taken by it is never overlooked (`stray.rs`).
///
/// # Errors
/// `InsufficientFunds` when a balance was to pay and does not hold enough: nothing was written then.
pub(crate) fn settle(
    tx: &mut Tx<'_>,
    house: &House,
    id: &PaymentId,
    attempt: i64,
    answer: &Answer,
) -> Result<Payment> {
    tx.lock(&format!("payment {id}"))?;
    let mut payment = require(tx, id)?;
    if !payment.state.is_present(attempt) {
        settle_earlier(tx, house, &payment, answer)?;
        return require(tx, id);
    }
    match answer {
        Answer::Charged { reference, method } => {
            charged(tx, house, &mut payment, reference, method.as_ref())?;
        }
        Answer::Declined { reference, code, message } => {
            payment.reference = reference.clone().or(payment.reference);
            fail(tx, house, &mut payment, code, message)?;
        }
        Answer::NeedsAction { reference, url } => {
            payment.reference = Some(reference.clone());
            payment.action_url = Some(url.clone());
            if change(tx, &mut payment, Event::NeedAction)? {
                let over_at = second_step::over_at(&payment);
                look_after(tx, &payment, over_at)?;
            }
        }
        Answer::Pending { reference } => {
            payment.reference = Some(reference.clone());
            if change(tx, &mut payment, Event::Process)? {
                look_after(tx, &payment, tx.now + LOOK_AFTER_MS)?;
                if payment.is_renewal() {
                    billing::awaits(tx, &payment)?;
                }
                tell(tx, &payment, Told::PaymentPending)?;
            }
        }
    }
    Ok(payment)
}

/// Takes the answer to an attempt that another one followed.
fn settle_earlier(tx: &mut Tx<'_>, house: &House, payment: &Payment, answer: &Answer) -> Result<()> {
    let Answer::Charged { reference, method } = answer else { return Ok(()) };
    match processor::asked_for(tx, Processor::Stripe, reference)? {
        Some(charge) => stray::take(tx, house, &charge, method.as_ref()),
        None => {
            tracing::error!(payment = %payment.id, reference, "an earlier attempt was charged after all");
            Ok(())
        }
    }
}

/// The money was taken: records what was bought, or has the money given back.
pub(super) fn charged(
    tx: &mut Tx<'_>,
    house: &House,
    payment: &mut Payment,
    reference: &str,
    kept: Option<&KeptMethod>,
) -> Result<()> {
    payment.reference = Some(reference.to_owned());
    if let (Some(kept), Some(processor)) = (kept, payment.processor) {
        payment.method = Some(keep(tx, payment, processor, kept)?);
    }
    let Some(state) = payment.state.apply(Event::Charge)? else { return Ok(()) };
    // Whatever comes of it writes the payment down.
    payment.state = state;
    let tried_from = payment.tried_from.take();
    if payment.state.stage == Stage::Returning {
        take_and_return(tx, payment)?;
    } else {
        record_present(tx, house, payment)?;
        crash::point("settling");
    }
    match tried_from {
        // Last, for the others there wait.
        Some(place) => throttle::give_back(tx, Throttle::PurchaseAddress, &place),
        None => Ok(()),
    }
}

/// Keeps the method that a charge was made by. Whose it is was said when it was typed; charging it again says nothing.
fn keep(
    tx: &mut Tx<'_>,
    payment: &Payment,
    processor: Processor,
    kept: &KeptMethod,
) -> Result<PaymentMethodId> {
    let method_use = match payment.method {
        Some(_) => MethodUse::ThisPurchase,
        None => payment.method_use,
    };
    let method = store::payment_method::find_or_insert(tx, &payment.user, processor, kept, method_use)?;
    if method_use == MethodUse::Agreed {
        agree(tx, payment, &method)?;
    }
    Ok(method)
}

/// Records a payment that was charged and not recorded, e.g. since the server died in between; answers how it stands
/// then.
pub(super) fn record(tx: &mut Tx<'_>, house: &House, id: &PaymentId) -> Result<Payment> {
    tx.lock(&format!("payment {id}"))?;
    let mut payment = require(tx, id)?;
    if payment.state.stage == Stage::Charged {
        record_present(tx, house, &mut payment)?;
    }
    Ok(payment)
}

fn record_present(tx: &mut Tx<'_>, house: &House, payment: &mut Payment) -> Result<()> {
    let delivery = deliver(tx, house, payment)?;
    if delivery == Delivery::Done {
        return Ok(());
    }
    change(tx, payment, Event::CannotDeliver)?;
    release_claims(tx, payment)?;
    letter::given_back(tx, house, payment, delivery == Delivery::Had)?;
    take_and_return(tx, payment)
}

/// Books what was taken, and has it given back after the commit (`stray.rs`). A balance was never charged, nor was a card
/// that was kept alone: those are done at once.
fn take_and_return(tx: &mut Tx<'_>, payment: &mut Payment) -> Result<()> {
    super::end_attempt(tx, payment)?;
    if payment.processor == Some(Processor::PlatformBalance) || !payment.state.is_chargeable {
        change(tx, payment, Event::Return)?;
        return Ok(());
    }
    store::payment::save(tx, payment)?;
    stray::take_undelivered(tx, payment)
}

/// The buyer has the money of a charge back; where a payment waits for that, it is over.
pub(super) fn returned(tx: &mut Tx<'_>, id: &PaymentId, charge: &str) -> Result<()> {
    tx.lock(&format!("payment {id}"))?;
    let mut payment = require(tx, id)?;
    if payment.state.stage == Stage::Returning && payment.reference.as_deref() == Some(charge) {
        change(tx, &mut payment, Event::Return)?;
    }
    Ok(())
}

/// An attempt was declined: what it held is free again, and a renewal is tried later or ends.
pub(crate) fn fail(
    tx: &mut Tx<'_>,
    house: &House,
    payment: &mut Payment,
    code: &str,
    message: &str,
) -> Result<()> {
    let Some(state) = payment.state.apply(Event::Decline)? else { return Ok(()) };
    payment.state = state;
    payment.failures += 1;
    payment.failure = Some((code.to_owned(), message.to_owned()));
    payment.action_url = None;
    release_claims(tx, payment)?;
    if payment.is_renewal() {
        billing::failed(tx, house, payment)?;
    }
    if let Some(invoice) =
        payment.invoice.as_ref().filter(|_| payment.billing_reason == BillingReason::Manual)
    {
        invoice::not_charged(tx, &house.origin, invoice)?;
    }
    store::payment::save(tx, payment)?;
    super::end_attempt(tx, payment)?;
    tell(tx, payment, Told::PaymentFailed)
}

/// Gives back what a payment holds while it is under way: stock, and a use of a promo code.
pub(super) fn release_claims(tx: &mut Tx<'_>, payment: &mut Payment) -> Result<()> {
    if payment.stock_held > 0 {
        plan::put_back_stock(tx, &payment.plan, payment.stock_held)?;
        payment.stock_held = 0;
    }
    if payment.promo_code.is_some() && !payment.is_renewal() {
        promo_code::release(tx, &payment.id)?;
    }
    store::payment::save(tx, payment)
}
