//! Stray charges: money that was taken and pays for nothing. An earlier attempt of a payment took it after all, or what the
//! present one paid for cannot be had any more.
//!
//! An attempt that was thought to have failed may be charged later, beside another. Where nothing was paid yet and the
//! order stands as it was asked, that charge pays for it. Else it is the buyer's, and is written down here; a job gives
//! it back, under a key of the charge's own, until the processor says that it has. While another attempt is under way
//! it goes back too, since that one may be charged as well. A charge that cannot be delivered is written down here by
//! `settlement.rs`, and given back by whoever drives the payment, or by its job a minute later.
//!
//! A refund that a processor takes its time for is not back yet. Where one fails, another is asked for under a key of its
//! own; where one comes back after it had arrived, a dead job is left behind, since only a person knows whether to try that
//! again (`guildhall jobs retry`).
//!
//! Both the charge and its return are booked, through clearing and under the payment: the processor holds the money in
//! between, and the audit names what did not go back. Nobody gains by it; what the processor keeps of it is booked
//! nowhere, and is the operator's. What becomes of one that its buyer's bank disputes is in `stray/dispute.rs`.

mod dispute;

use super::settlement::{charged, returned};
use super::{LOOK_AFTER_MS, Payment, lane, require};
use crate::checkout;
use crate::crash;
use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::ledger::{self, Parties};
use crate::processor::{
    self, Answer, Asked, AskedFor, GiveBack, GivenBack, KeptMethod, Processor, Silence, WhatIsNew,
};
use crate::refund;
use crate::store::{self, Tx};
use crate::{Guildhall, House};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{Id, PaymentId};
use guildhall_core::job::Failure;
use guildhall_core::money::Currency;
use guildhall_core::payment::Stage;
use guildhall_core::posting::{Happening, Source};
use guildhall_core::refund::{RefundStatus, stray_key};

/// A charge that did not pay for what it was made for. Times are milliseconds, amounts minor units.
#[derive(Debug, Clone)]
pub struct StrayCharge {
    /// What the processor calls the charge.
    pub reference: String,
    /// Who took it.
    pub processor: Processor,
    /// Of which payment it was an attempt.
    pub payment: PaymentId,
    /// How much.
    pub amount_minor: i64,
    /// Of which currency.
    pub currency: Currency,
    /// How its return stands.
    pub status: RefundStatus,
    /// What the processor calls the return.
    pub refund_reference: Option<String>,
    /// Why the last try to give it back failed.
    pub failure_message: Option<String>,
    /// The last dispute of it: what the processor calls it, and where it stands.
    pub dispute: Option<(String, DisputeStatus)>,
    /// What of it the buyer's bank holds until that has decided.
    pub disputed_minor: i64,
    /// What of it the buyer's bank took back for good.
    pub lost_minor: i64,
    /// How many tries failed, or came back after they had arrived.
    pub failures: i64,
    /// When it was heard of.
    pub created_at: i64,
}

impl StrayCharge {
    /// A charge that is to go back, with all of its money, minor units of a currency.
    fn begun(
        payment: &PaymentId,
        processor: Processor,
        reference: &str,
        (amount_minor, currency): (i64, Currency),
        now: i64,
    ) -> Self {
        Self {
            reference: reference.to_owned(),
            processor,
            payment: payment.clone(),
            amount_minor,
            currency,
            status: RefundStatus::Pending,
            refund_reference: None,
            failure_message: None,
            dispute: None,
            disputed_minor: 0,
            lost_minor: 0,
            failures: 0,
            created_at: now,
        }
    }

    /// What of it no bank holds or took back: what is given back, or was.
    fn left_minor(&self) -> i64 {
        self.amount_minor - self.disputed_minor - self.lost_minor
    }

    /// What this try to give it back is booked under.
    fn this_try(&self) -> String {
        match self.failures {
            0 => self.reference.clone(),
            failures => format!("{}:{failures}", self.reference),
        }
    }
}

/// Hears news of a charge that goes back, or of another attempt than the payment knows; answers whether the news is the
/// payment's own from now on, since the charge paid for it.
///
/// # Errors
/// `Internal` when the processor or the store does not answer.
pub(super) async fn hear(hall: &Guildhall, charge: &AskedFor, what: &WhatIsNew) -> Result<bool> {
    let reference = charge.reference.clone();
    let known = hall.store.read(move |read| store::stray_charge::find(read, &reference)).await?;
    let known = match known {
        Some(stray) => Some(stray),
        None => take_if_charged(hall, charge).await?,
    };
    match (known, what) {
        (None, WhatIsNew::Charge) => Ok(false),
        (None, _) => Ok(true),
        (Some(_), WhatIsNew::Charge) => Ok(false),
        (Some(stray), WhatIsNew::Refund { reference, status, message }) => {
            let (refund, status, message) = (reference.clone(), *status, message.clone());
            let heard =
                move |tx: &mut Tx<'_>| hear_refund(tx, &stray.reference, &refund, status, message.as_deref());
            hall.store.write(heard).await?;
            Ok(false)
        }
        (Some(stray), WhatIsNew::Dispute { reference, status, amount_minor, .. }) => {
            let heard =
                dispute::Heard { reference: reference.clone(), status: *status, amount_minor: *amount_minor };
            hall.store.write(move |tx| dispute::take(tx, &stray.reference, &heard)).await?;
            Ok(false)
        }
    }
}

/// Asks how a charge stands, and takes it where it was charged; answers it when it is a stray one.
async fn take_if_charged(hall: &Guildhall, charge: &AskedFor) -> Result<Option<StrayCharge>> {
    let asked = Asked { key: charge.key.clone(), reference: Some(charge.reference.clone()) };
    let method = match processor::look_up(hall, charge.processor, &asked).await {
        Ok(Answer::Charged { method, .. }) => method,
        Ok(_) => return Ok(None),
        Err(Silence(what)) => return Err(Error::internal(what)),
    };
    let (charge, house) = (charge.clone(), hall.house());
    let taken = hall
        .store
        .write(move |tx| {
            take(tx, &house, &charge, method.as_ref())?;
            store::stray_charge::find(tx, &charge.reference)
        })
        .await?;
    crash::point("stray taken");
    Ok(taken)
}

/// Takes a charge of another attempt than the payment knows: it pays for the order where that stands as it was asked and
/// nothing else pays, and goes back otherwise. What was taken before changes nothing.
pub(super) fn take(
    tx: &mut Tx<'_>,
    house: &House,
    charge: &AskedFor,
    method: Option<&KeptMethod>,
) -> Result<()> {
    tx.lock(&format!("payment {}", charge.payment))?;
    let mut payment = require(tx, &charge.payment)?;
    let is_known = payment.reference.as_ref() == Some(&charge.reference)
        || store::stray_charge::find(tx, &charge.reference)?.is_some();
    let Some((amount_minor, currency)) = charge.amount.filter(|_| !is_known) else { return Ok(()) };
    if stands(tx, &payment, charge)? {
        tracing::info!(payment = %payment.id, charge = charge.reference, "an earlier attempt pays after all");
        payment.processor = Some(charge.processor);
        payment.method = match &charge.method {
            Some(named) => store::payment_method::of_reference(tx, &payment.user, charge.processor, named)?,
            None => None,
        }
        .map(|method| method.id);
        return charged(tx, house, &mut payment, &charge.reference, method);
    }
    let (name, money) = (&charge.reference, (amount_minor, currency));
    let stray = StrayCharge::begun(&payment.id, charge.processor, name, money, tx.now);
    tracing::error!(
        payment = %stray.payment,
        charge = stray.reference,
        "an earlier attempt was charged after all; it is given back"
    );
    set_aside(tx, &stray, tx.now)
}

/// Takes the present attempt's charge, which pays for nothing since that cannot be had any more.
pub(super) fn take_undelivered(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    let (Some(processor), Some(reference)) = (payment.processor, &payment.reference) else {
        return Err(Error::internal("a charge without a name"));
    };
    let money = (payment.state.amount_minor, payment.currency);
    let stray = StrayCharge::begun(&payment.id, processor, reference, money, tx.now);
    // Whoever drives the payment gives it back right after the commit.
    set_aside(tx, &stray, tx.now + LOOK_AFTER_MS)
}

/// Writes a charge down that goes back, and books it; its job is due at a moment, in milliseconds.
fn set_aside(tx: &mut Tx<'_>, stray: &StrayCharge, due_at: i64) -> Result<()> {
    store::stray_charge::insert(tx, stray)?;
    let happening = Happening::Charged { from: Source::Processor, amount_minor: stray.amount_minor };
    book(tx, stray, "stray_charged", &stray.reference, happening)?;
    let work = Work::StrayCharge(stray.reference.clone());
    jobs::enqueue_at(tx, &work, &lane(stray.payment.as_str()), due_at).map(|_| ())
}

/// Whether a charge can pay for its order as it was asked for: nothing else pays or is about to, it is of the same
/// amount and payer, and the buyer was not told that it is over.
fn stands(tx: &mut Tx<'_>, payment: &Payment, charge: &AskedFor) -> Result<bool> {
    let is_same = charge.amount == Some((payment.state.amount_minor, payment.currency))
        && charge.payer.as_ref() == Some(&payment.user);
    Ok(payment.state.stage == Stage::Failed
        && payment.state.is_chargeable
        && is_same
        && checkout::stands(tx, payment)?)
}

/// Books what happens to the money of a stray charge, once a word and name, which is the processor's for the charge or its
/// dispute.
fn book(tx: &mut Tx<'_>, stray: &StrayCharge, word: &str, name: &str, happening: Happening) -> Result<()> {
    let parties =
        Parties { company: None, person: None, affiliate: None, processor: stray.processor.as_str() };
    let key = format!("{word}:{name}");
    let subject = stray.payment.as_str();
    ledger::book(tx, &key, word, subject, stray.currency, &[happening], &parties).map(|_| ())
}

/// Gives a stray charge back: the job that each leaves behind. What a bank holds is not given back beside; when that has
/// decided, another job gives back what it left.
///
/// # Errors
/// `Temporary` until the processor has taken it on, `Permanent` when that has it on its way for too long.
pub(crate) async fn carry_on(hall: &Guildhall, reference: &str) -> std::result::Result<(), Failure> {
    match give_back(hall, reference).await? {
        Some(GivenBack::Pending { .. }) => look_again(hall, reference).await,
        Some(GivenBack::Failed { message, .. }) => Err(Failure::Temporary(message)),
        Some(GivenBack::Done { .. }) | None => Ok(()),
    }
}

/// Asks the processor to give a stray charge back, or how that stands, and writes the answer down; `None` where there is
/// nothing to give back.
///
/// # Errors
/// `Temporary` when it does not answer.
pub(super) async fn give_back(
    hall: &Guildhall,
    reference: &str,
) -> std::result::Result<Option<GivenBack>, Failure> {
    let temporary = |error: Error| Failure::Temporary(error.told());
    let wanted = reference.to_owned();
    let found = hall.store.read(move |read| store::stray_charge::find(read, &wanted)).await;
    let is_due = |stray: &StrayCharge| stray.status != RefundStatus::Succeeded && stray.disputed_minor == 0;
    let Some(stray) = found.map_err(temporary)?.filter(is_due) else { return Ok(None) };
    let wanted = GiveBack {
        key: stray_key(reference, stray.failures),
        amount_minor: stray.left_minor(),
        charge: stray.reference,
        currency: stray.currency,
    };
    let given = match processor::give_back(hall, stray.processor, &wanted).await {
        Ok(given) => given,
        Err(Silence(what)) => return Err(Failure::Temporary(what)),
    };
    crash::point("stray given back");
    if let GivenBack::Failed { message, .. } = &given {
        tracing::error!(charge = reference, message, "a stray charge cannot be given back");
    }
    let (wanted, failures, answer) = (reference.to_owned(), stray.failures, given.clone());
    let noted = hall.store.write(move |tx| note(tx, &wanted, failures, &answer));
    noted.await.map_err(temporary)?;
    Ok(Some(given))
}

/// Has a processor that takes its time asked again, as it is about a seller's refund.
async fn look_again(hall: &Guildhall, reference: &str) -> std::result::Result<(), Failure> {
    let reference = reference.to_owned();
    let queued = hall.store.write(move |tx| {
        let Some(stray) = store::stray_charge::find(tx, &reference)? else { return Ok(true) };
        let Some(rest_ms) = refund::rest_ms(tx.now - stray.created_at) else { return Ok(false) };
        let (work, lane, at) =
            (Work::StrayCharge(reference.clone()), lane(stray.payment.as_str()), tx.now + rest_ms);
        jobs::enqueue_at(tx, &work, &lane, at).map(|_| true)
    });
    match queued.await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Permanent(refund::TOO_LONG.into())),
        Err(error) => Err(Failure::Temporary(error.told())),
    }
}

/// A stray charge as it stands, held with its payment: nobody else changes either until the transaction ends.
fn hold(tx: &mut Tx<'_>, reference: &str) -> Result<Option<StrayCharge>> {
    let Some(looked) = store::stray_charge::find(tx, reference)? else { return Ok(None) };
    tx.lock(&format!("payment {}", looked.payment))?;
    store::stray_charge::find(tx, reference)
}

/// Writes down what was answered to a try to give a stray charge back, of which so many had failed before.
fn note(tx: &mut Tx<'_>, reference: &str, failures: i64, given: &GivenBack) -> Result<()> {
    let Some(mut stray) = hold(tx, reference)? else {
        return Err(Error::internal("a stray charge that is not there"));
    };
    if stray.status == RefundStatus::Succeeded || stray.failures != failures {
        return Ok(());
    }
    match given {
        GivenBack::Done { reference: refund } => {
            stray.refund_reference = Some(refund.clone());
            is_back(tx, &mut stray)
        }
        GivenBack::Pending { reference: refund } => {
            stray.status = RefundStatus::Pending;
            stray.refund_reference = Some(refund.clone());
            stray.failure_message = None;
            store::stray_charge::update(tx, &stray)
        }
        GivenBack::Failed { message, .. } => fail(tx, &mut stray, Some(message)),
    }
}

/// Hears how the refund of a stray charge stands. News of one that another followed, and what is heard twice, changes
/// nothing.
fn hear_refund(
    tx: &mut Tx<'_>,
    reference: &str,
    refund: &str,
    status: RefundStatus,
    message: Option<&str>,
) -> Result<()> {
    let known = hold(tx, reference)?;
    let Some(mut stray) = known.filter(|stray| stray.refund_reference.as_deref() == Some(refund)) else {
        return Ok(());
    };
    match (stray.status, status) {
        (RefundStatus::Pending, RefundStatus::Succeeded) => is_back(tx, &mut stray),
        (RefundStatus::Pending, RefundStatus::Failed) => {
            tracing::error!(payment = %stray.payment, charge = reference, "a stray charge was not given back");
            fail(tx, &mut stray, message)
        }
        (RefundStatus::Succeeded, RefundStatus::Failed) => come_back(tx, &mut stray, message),
        _ => Ok(()),
    }
}

/// The buyer has it.
fn is_back(tx: &mut Tx<'_>, stray: &mut StrayCharge) -> Result<()> {
    if stray.disputed_minor > 0 {
        // It stands as disputed, and is found to be back when the bank has left it.
        let charge = &stray.reference;
        tracing::error!(charge, "a stray charge was given back while its buyer's bank took it");
        return store::stray_charge::update(tx, stray);
    }
    stray.status = RefundStatus::Succeeded;
    stray.failure_message = None;
    let happening = Happening::Returned { to: Source::Processor, amount_minor: stray.left_minor() };
    book(tx, stray, "stray_returned", &stray.this_try(), happening)?;
    store::stray_charge::update(tx, stray)?;
    returned(tx, &stray.payment, &stray.reference)
}

/// It could not be given back: its job asks for another refund.
fn fail(tx: &mut Tx<'_>, stray: &mut StrayCharge, message: Option<&str>) -> Result<()> {
    stray.status = RefundStatus::Pending;
    stray.refund_reference = None;
    stray.failures += 1;
    stray.failure_message = message.map(str::to_owned);
    store::stray_charge::update(tx, stray)
}

/// The buyer's bank sent back what was given back: the processor has it again, and only a person can see to it. The job
/// that is left behind gives it back again when they say so.
fn come_back(tx: &mut Tx<'_>, stray: &mut StrayCharge, message: Option<&str>) -> Result<()> {
    tracing::error!(payment = %stray.payment, charge = stray.reference, "the return of a stray charge came back");
    let happening = Happening::Charged { from: Source::Processor, amount_minor: stray.left_minor() };
    book(tx, stray, "stray_came_back", &stray.this_try(), happening)?;
    stray.status = RefundStatus::Failed;
    stray.failures += 1;
    stray.failure_message = message.map(str::to_owned);
    store::stray_charge::update(tx, stray)?;
    let work = Work::StrayCharge(stray.reference.clone());
    let why = format!("the buyer's bank sent it back: {}", message.unwrap_or("no reason was told"));
    jobs::leave_dead(tx, &work, &lane(stray.payment.as_str()), &why)
}
