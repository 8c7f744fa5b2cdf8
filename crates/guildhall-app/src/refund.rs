//! Refunds: what a seller gives back of a payment, in whole or in part.
//!
//! The money leaves the seller, and the refund stands, in one transaction; the processor is told after the commit under
//! the refund's own key, again and again until it answers, and asked again until it has decided. A balance has its money
//! back at once. When all of a payment is gone, the membership that it paid for ends.

use crate::audit::Doer;
use crate::error::{Error, Result, no_such};
use crate::jobs::{self, Work};
use crate::ledger::{self};
use crate::payment::{self, Payment};
use crate::principal::{Principal, authorize};
use crate::processor::{self, GiveBack, GivenBack, Processor, Silence};
use crate::store::{self, Read, Tx};
use crate::{Guildhall, affiliate, crash, membership, webhook};
use guildhall_core::ids::{CompanyId, Id, PaymentId, RefundId, UserId};
use guildhall_core::job::Failure;
use guildhall_core::money::{self, Currency, in_words};
use guildhall_core::payment::Event;
use guildhall_core::permission::Permission;
use guildhall_core::posting::Happening;
use guildhall_core::refund::{RefundStatus, check_key, check_reason, refund_key};
use guildhall_core::sale::{Demand, Drawn, repaid};
use guildhall_core::webhook::{Event as Told, Money, Refund as Shown, Subject};

/// A refund. Times are milliseconds, amounts minor units.
#[derive(Debug, Clone)]
pub struct Refund {
    /// The id.
    pub id: RefundId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which company.
    pub company: CompanyId,
    /// How much.
    pub amount_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: RefundStatus,
    /// Why, in the seller's words.
    pub reason: Option<String>,
    /// What the processor calls it.
    pub reference: Option<String>,
    /// Why it failed.
    pub failure_message: Option<String>,
    /// Where the money was drawn from.
    pub(crate) drawn: Drawn,
    /// When it was asked for.
    pub created_at: i64,
    /// When it changed last.
    pub updated_at: i64,
}

/// What is asked of a refund.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Major units; all that is left without it.
    pub amount: Option<f64>,
    /// Why.
    pub reason: Option<String>,
    /// Who asks twice under one key is told once.
    pub idempotence_key: Option<String>,
}

/// Gives back of a payment, by one of the seller's team or an app of theirs.
///
/// # Errors
/// `NotFound`, `Forbidden` without `payment:manage`, `Invalid` for an amount that is not left, `Conflict` for a disputed
/// payment or a key used otherwise, `InsufficientFunds` when the seller does not have it.
pub async fn create(
    hall: &Guildhall,
    principal: &Principal,
    payment: PaymentId,
    wanted: Wanted,
) -> Result<Refund> {
    let principal = principal.clone();
    let written = hall
        .store
        .write(move |tx| {
            let Some(found) = store::payment::find(tx, &payment)? else {
                return no_such("payment", &payment);
            };
            authorize(tx, &principal, &found.company, Permission::PaymentManage)?;
            begin(tx, &payment, &wanted, &Doer::of(&principal), principal.user.as_ref())
        })
        .await?;
    carry_out(hall, written).await
}

/// Gives back of a payment, by an operator at the machine.
///
/// # Errors
/// As of [`create`].
pub async fn create_by_operator(hall: &Guildhall, payment: PaymentId, wanted: Wanted) -> Result<Refund> {
    let write = hall.store.write(move |tx| begin(tx, &payment, &wanted, &Doer::OPERATOR, None));
    let written = write.await?;
    carry_out(hall, written).await
}

/// The same in a founder's hands: the processor is told by the job that the refund leaves behind.
pub(crate) fn found(tx: &mut Tx<'_>, payment: &PaymentId, wanted: &Wanted) -> Result<()> {
    begin(tx, payment, wanted, &Doer::OPERATOR, None).map(|_| ())
}

async fn carry_out(hall: &Guildhall, refund: Refund) -> Result<Refund> {
    crash::point("refund begun");
    let id = refund.id.clone();
    if refund.status == RefundStatus::Pending {
        drive(hall, &id).await?;
    }
    hall.store.read(move |read| require(read, &id)).await
}

fn require(read: &mut Read<'_>, id: &RefundId) -> Result<Refund> {
    match store::refund::find(read, id)? {
        Some(refund) => Ok(refund),
        None => no_such("refund", id),
    }
}

/// Takes the money from the seller and writes the refund down.
fn begin(
    tx: &mut Tx<'_>,
    id: &PaymentId,
    wanted: &Wanted,
    doer: &Doer,
    asked_by: Option<&UserId>,
) -> Result<Refund> {
    let reason = wanted.reason.as_deref().map(check_reason).transpose()?.flatten();
    let key = wanted.idempotence_key.as_deref().map(check_key).transpose()?;
    let mut payment = hold(tx, id)?;
    let key = key.map(|key| format!("{}:{key}", payment.company));
    let amount_minor = match wanted.amount {
        Some(amount) => money::minor_from_major(amount, payment.currency)?,
        None => payment.state.refundable_minor(),
    };
    if let Some(key) = &key
        && let Some(before) = store::refund::of_key(tx, key)?
    {
        return as_before(before, id, wanted, amount_minor);
    }
    let Some(state) = payment.state.apply(Event::Refund(amount_minor))? else {
        return Err(Error::internal("a refund that changes nothing"));
    };
    let Some(sale) = payment.sale else {
        return Err(Error::Invalid("There is nothing of this payment that can be refunded.".into()));
    };
    let (sale, drawn) = sale.draw(amount_minor, Demand::Seller)?;
    let refund = Refund {
        id: tx.mint(),
        payment: payment.id.clone(),
        company: payment.company.clone(),
        amount_minor,
        currency: payment.currency,
        status: RefundStatus::Pending,
        reason,
        reference: None,
        failure_message: None,
        drawn,
        created_at: tx.now,
        updated_at: tx.now,
    };
    let to = payment::source(payment.processor.unwrap_or(Processor::PlatformBalance));
    let booked = book(tx, &payment, &refund.id, "refund", &[Happening::Refunded { to, drawn }]);
    booked.map_err(|error| without_means(error, amount_minor, drawn, payment.currency))?;
    let before = payment.state;
    payment.state = state;
    payment.sale = Some(sale);
    payment.refunded_at = Some(tx.now);
    store::payment::save(tx, &mut payment)?;
    payment::note_spending(tx, &payment, before)?;
    store::refund::insert(tx, &refund, key.as_deref(), asked_by)?;
    let details = serde_json::json!({"payment": id.as_str(), "amount_minor": amount_minor});
    doer.log(tx, &payment.company, "payment.refunded", &refund.id, details)?;
    tell(tx, &refund, &payment, Told::RefundCreated)?;
    end_if_all_gone(tx, &payment)?;
    if payment.processor == Some(Processor::PlatformBalance) {
        return become_status(tx, &refund.id, RefundStatus::Succeeded, None, None);
    }
    let lane = payment::lane(refund.id.as_str());
    let look_at = tx.now + LOOK_AFTER_MS;
    jobs::enqueue_at(tx, &Work::Refund(refund.id.clone()), &lane, look_at)?;
    Ok(refund)
}

/// The refund that was asked for under the same key before, if it is the same one.
fn as_before(before: Refund, id: &PaymentId, wanted: &Wanted, amount_minor: i64) -> Result<Refund> {
    if before.payment == *id && (wanted.amount.is_none() || before.amount_minor == amount_minor) {
        return Ok(before);
    }
    Err(Error::Conflict(
        "This idempotence key was used before for another refund; nothing was given back.".into(),
    ))
}

/// What a seller is told who does not have what they would give back.
fn without_means(error: Error, amount_minor: i64, drawn: Drawn, currency: Currency) -> Error {
    let Error::InsufficientFunds(_) = error else { return error };
    let (amount, free) = (in_words(amount_minor, currency), in_words(drawn.available_minor, currency));
    Error::InsufficientFunds(format!(
        "To give {amount} back, {free} would have to be free in the balance, and that is not there; nothing was given back."
    ))
}

/// How long a refund may take before somebody else looks after it, in milliseconds.
const LOOK_AFTER_MS: i64 = 60_000;
/// How long a processor that takes its time is left alone at first, in milliseconds (an hour).
const SHORTEST_PENDING_MS: i64 = 60 * 60 * 1000;
/// How long it is left alone at most, in milliseconds (a day).
const LONGEST_PENDING_MS: i64 = 24 * SHORTEST_PENDING_MS;
/// How long it may take before a person has to see to it, in milliseconds (90 days).
const MOST_PENDING_MS: i64 = 90 * LONGEST_PENDING_MS;
/// What is said of one that takes longer.
pub(crate) const TOO_LONG: &str = "the processor has not decided in 90 days; look there";

/// A payment, held together with its seller's money: amounts are decided from balances.
pub(crate) fn hold(tx: &mut Tx<'_>, id: &PaymentId) -> Result<Payment> {
    let Some(found) = store::payment::find(tx, id)? else { return no_such("payment", id) };
    tx.lock(&format!("money of {}", found.company))?;
    tx.lock(&format!("payment {id}"))?;
    payment::require(tx, id)
}

/// Books what happens to the money of a payment, for a refund or dispute of it.
pub(crate) fn book(
    tx: &mut Tx<'_>,
    payment: &Payment,
    subject: &impl Id,
    word: &str,
    happenings: &[Happening],
) -> Result<()> {
    let earner = match &payment.affiliate {
        Some(id) => affiliate::user_of(tx, id)?,
        None => None,
    };
    let parties = payment::posting_parties(payment, earner.as_ref());
    let key = format!("{word}:{subject}");
    ledger::book(tx, &key, word, subject.as_str(), payment.currency, happenings, &parties).map(|_| ())
}

/// Ends what a payment paid for, when all of it is gone; a membership that a later payment paid for goes on.
pub(crate) fn end_if_all_gone(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    let Some(membership) = payment.membership.as_ref().filter(|_| payment.state.is_all_gone()) else {
        return Ok(());
    };
    if store::payment::latest_paid(tx, membership)?.is_none_or(|latest| latest == payment.id) {
        membership::end_now(tx, membership, Some("refunded"))?;
    }
    Ok(())
}

/// Tells the processor of a refund until it answers, and asks again until it has decided: the job that every refund leaves
/// behind.
pub(crate) async fn carry_on(hall: &Guildhall, id: &RefundId) -> std::result::Result<(), Failure> {
    drive(hall, id).await.map_err(|error| Failure::Temporary(error.told()))?;
    let wanted = id.clone();
    let refund = hall.store.read(move |read| require(read, &wanted)).await;
    match refund.map_err(|error| Failure::Temporary(error.told()))? {
        Refund { status: RefundStatus::Pending, reference: None, .. } => {
            Err(Failure::Temporary("the processor does not answer".into()))
        }
        refund if refund.status == RefundStatus::Pending => look_again(hall, &refund).await,
        _ => Ok(()),
    }
}

/// How long a processor is left alone that has taken so long with a refund, all in milliseconds: as long again, an hour at
/// least and a day at most. `None` when a person has to see to it.
pub(crate) fn rest_ms(taken_ms: i64) -> Option<i64> {
    (taken_ms <= MOST_PENDING_MS).then(|| taken_ms.clamp(SHORTEST_PENDING_MS, LONGEST_PENDING_MS))
}

/// Has a processor that takes its time asked again: what it tells by itself may be lost.
async fn look_again(hall: &Guildhall, refund: &Refund) -> std::result::Result<(), Failure> {
    let id = refund.id.clone();
    let Some(rest_ms) = rest_ms(hall.now_ms() - refund.created_at) else {
        return Err(Failure::Permanent(TOO_LONG.into()));
    };
    let queued = hall.store.write(move |tx| {
        let (lane, at) = (payment::lane(id.as_str()), tx.now + rest_ms);
        jobs::enqueue_at(tx, &Work::Refund(id.clone()), &lane, at).map(|_| ())
    });
    queued.await.map_err(|error| Failure::Temporary(error.told()))
}

/// Asks the processor for a refund under its key, or how it stands there.
async fn drive(hall: &Guildhall, id: &RefundId) -> Result<()> {
    let wanted = id.clone();
    let (refund, payment) = hall
        .store
        .read(move |read| {
            let refund = require(read, &wanted)?;
            let payment = payment::require(read, &refund.payment)?;
            Ok((refund, payment))
        })
        .await?;
    if refund.status != RefundStatus::Pending {
        return Ok(());
    }
    let processor = payment.processor.ok_or_else(|| Error::internal("a refund without a processor"))?;
    let wanted = GiveBack {
        key: refund_key(refund.id.as_str()),
        charge: payment.reference.clone().unwrap_or_default(),
        amount_minor: refund.amount_minor,
        currency: refund.currency,
    };
    let (status, reference, message) = match processor::give_back(hall, processor, &wanted).await {
        Ok(GivenBack::Done { reference }) => (RefundStatus::Succeeded, Some(reference), None),
        Ok(GivenBack::Pending { reference }) => (RefundStatus::Pending, Some(reference), None),
        Ok(GivenBack::Failed { reference, message }) => (RefundStatus::Failed, reference, Some(message)),
        Err(Silence(what)) => {
            tracing::warn!(refund = %id, what, "a processor did not answer; it is asked again");
            return Ok(());
        }
    };
    crash::point("refund asked");
    let id = id.clone();
    hall.store
        .write(move |tx| become_status(tx, &id, status, reference.as_deref(), message.as_deref()))
        .await
        .map(|_| ())
}

/// A refund stands so from now on.
fn become_status(
    tx: &mut Tx<'_>,
    id: &RefundId,
    status: RefundStatus,
    reference: Option<&str>,
    message: Option<&str>,
) -> Result<Refund> {
    let looked = require(tx, id)?;
    let mut payment = hold(tx, &looked.payment)?;
    let mut refund = require(tx, id)?;
    refund.reference = reference.map(str::to_owned).or(refund.reference);
    let Some(status) = refund.status.become_status(status)? else {
        store::refund::update(tx, &mut refund)?;
        return Ok(refund);
    };
    refund.status = status;
    refund.failure_message = message.map(str::to_owned);
    if status == RefundStatus::Failed {
        let owed = ledger::owed_minor(tx, &payment.company, payment.currency)?;
        let repaid_minor = repaid(refund.drawn.seller_minor(), owed);
        let from = payment::source(payment.processor.unwrap_or(Processor::PlatformBalance));
        let happening = Happening::RefundFailed { from, drawn: refund.drawn, repaid_minor };
        book(tx, &payment, &refund.id, "refund_failed", &[happening])?;
        let before = payment.state;
        payment.state = payment.state.apply(Event::UndoRefund(refund.amount_minor))?.unwrap_or(payment.state);
        payment.sale = payment.sale.map(|sale| sale.undo(refund.drawn));
        if payment.state.refunded_minor == 0 {
            payment.refunded_at = None;
        }
        store::payment::save(tx, &mut payment)?;
        payment::note_spending(tx, &payment, before)?;
        // What of the reward came back is released like any other.
        payment::schedule_releases(tx, &payment)?;
    }
    store::refund::update(tx, &mut refund)?;
    tell(tx, &refund, &payment, Told::RefundUpdated)?;
    Ok(refund)
}

/// Hears from a processor how a refund of a payment stands. One that was made at the processor itself is not known here.
///
/// # Errors
/// `Conflict` for one that is not known yet while the answer to another may be under way, which names it.
pub(crate) async fn hear(
    hall: &Guildhall,
    payment: &PaymentId,
    reference: &str,
    status: RefundStatus,
    message: Option<&str>,
) -> Result<()> {
    let (payment, reference) = (payment.clone(), reference.to_owned());
    let message = message.map(str::to_owned);
    hall.store
        .write(move |tx| {
            let Some(refund) = store::refund::of_reference(tx, &reference)? else {
                refuse_while_unnamed(tx, &payment, &reference)?;
                tracing::warn!(reference, "a refund that was not asked for here");
                return Ok(());
            };
            if refund.status.become_status(status).is_err() {
                return Ok(());
            }
            become_status(tx, &refund.id, status, Some(&reference), message.as_deref()).map(|_| ())
        })
        .await
}

/// What a processor calls a refund may be told before the answer that names it is written down.
fn refuse_while_unnamed(read: &mut Read<'_>, payment: &PaymentId, reference: &str) -> Result<()> {
    let is_unnamed = |refund: &Refund| refund.status == RefundStatus::Pending && refund.reference.is_none();
    if of_payment(read, payment)?.iter().any(is_unnamed) {
        return Err(Error::Conflict(format!("No refund of `{payment}` is known by `{reference}` yet.")));
    }
    Ok(())
}

/// The refunds of a payment, oldest first.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, payment: PaymentId) -> Result<Vec<Refund>> {
    hall.store.read(move |read| of_payment(read, &payment)).await
}

/// The refunds of a payment, oldest first.
pub(crate) fn of_payment(read: &mut Read<'_>, payment: &PaymentId) -> Result<Vec<Refund>> {
    store::refund::of_payment(read, payment)
}

fn tell(tx: &mut Tx<'_>, refund: &Refund, payment: &Payment, event: Told) -> Result<()> {
    let shown = Shown {
        id: refund.id.to_string(),
        status: refund.status.as_str().to_owned(),
        amount: Money { minor: refund.amount_minor, currency: refund.currency.code().to_owned() },
        gateway_type: payment.processor.map_or("", Processor::as_str).to_owned(),
        created_at: refund.created_at,
        payment: payment::subject(tx, payment)?,
    };
    webhook::emit(tx, &refund.company, event, &Subject::Refund(Box::new(shown))).map(|_| ())
}
