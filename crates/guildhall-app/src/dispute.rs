//! Disputes: a buyer's bank takes a payment back, or warns that it may.
//!
//! What a processor tells of one is heard here ([`hear`]): the money goes where the rules say, by force if need be, and
//! whoever hears late or twice changes nothing. The sandbox's disputes are made here too: a card that is disputed later
//! leaves a job behind, and what the seller answers (`dispute/answer.rs`), or does not, decides.

mod answer;
mod desk;

pub use answer::{answer, find_payment, respond};
pub use desk::{Case, Desk, MOST_WAITING, desk};

use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::ledger;
use crate::money::SANDBOX_DISPUTE_FEE_USD_MINOR;
use crate::payment::{self, Payment};
use crate::processor::{Processor, sandbox};
use crate::refund::{book, end_if_all_gone, hold};
use crate::store::{self, Tx};
use crate::{Guildhall, webhook};
use guildhall_core::card::Outcome;
use guildhall_core::dispute::{ANSWER_MS, DisputeStatus};
use guildhall_core::ids::{CompanyId, DisputeId, Id, PaymentId};
use guildhall_core::job::Failure;
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;
use guildhall_core::payment::{Event, Payment as State};
use guildhall_core::posting::Happening;
use guildhall_core::sale::{Demand, Drawn, drawn_by_force, repaid};
use guildhall_core::webhook::{Dispute as Shown, DisputeAlert, Event as Told, Money, Subject};

/// How long after its payment the sandbox's card is disputed, in milliseconds (two days).
pub const SANDBOX_DISPUTE_MS: i64 = 2 * 24 * 60 * 60 * 1000;
/// How long the sandbox's bank thinks about an answer, in milliseconds (five days).
pub const SANDBOX_REVIEW_MS: i64 = 5 * 24 * 60 * 60 * 1000;

/// A dispute. Times are milliseconds, amounts minor units.
#[derive(Debug, Clone)]
pub struct Dispute {
    /// The id.
    pub id: DisputeId,
    /// Of which payment.
    pub payment: PaymentId,
    /// Of which company.
    pub company: CompanyId,
    /// How much.
    pub amount_minor: i64,
    /// The payment's currency.
    pub currency: Currency,
    /// Where it stands.
    pub status: DisputeStatus,
    /// Why, in the bank's word.
    pub reason: Option<String>,
    /// What the processor calls it.
    pub reference: String,
    /// What the processor takes for it, whatever comes of it.
    pub fee_minor: i64,
    /// Where the money was drawn from; nothing while it is a warning.
    pub(crate) drawn: Drawn,
    /// Until when the seller may answer.
    pub needs_response_by: Option<i64>,
    /// When it began.
    pub created_at: i64,
    /// When it changed last.
    pub updated_at: i64,
}

/// What a processor tells of a dispute.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) payment: PaymentId,
    pub(crate) reference: String,
    pub(crate) status: DisputeStatus,
    pub(crate) amount_minor: i64,
    pub(crate) fee_minor: i64,
    pub(crate) reason: Option<String>,
    pub(crate) needs_response_by: Option<i64>,
}

/// Hears how a dispute stands. News that comes late or twice changes nothing.
pub(crate) async fn hear(hall: &Guildhall, heard: Heard) -> Result<()> {
    hall.store.write(move |tx| take(tx, &heard).map(|_| ())).await
}

/// Takes news of a dispute; answers it as it stands then.
fn take(tx: &mut Tx<'_>, heard: &Heard) -> Result<Dispute> {
    let mut payment = hold(tx, &heard.payment)?;
    let known = store::dispute::of_reference(tx, &heard.reference)?;
    let mut dispute = match known {
        Some(dispute) => dispute,
        None => open(tx, &payment, heard)?,
    };
    let is_new = dispute.updated_at == 0;
    let was_warning = !is_new && dispute.status.is_warning();
    if was_warning {
        // What it is about is known when the bank takes the money.
        dispute.amount_minor = heard.amount_minor.min(payment.state.amount_minor);
        dispute.fee_minor = heard.fee_minor;
        dispute.needs_response_by = heard.needs_response_by.or(dispute.needs_response_by);
    } else if !is_new {
        take_late_fee(tx, &payment, &mut dispute, heard.fee_minor)?;
    }
    // What is decided without having been heard of before was disputed first.
    let is_decided = heard.status.is_final() && heard.status != DisputeStatus::WarningClosed;
    let steps: &[DisputeStatus] = if is_decided && (is_new || was_warning) {
        &[DisputeStatus::NeedsResponse, heard.status]
    } else {
        &[heard.status]
    };
    for status in steps {
        step(tx, &mut payment, &mut dispute, *status)?;
    }
    Ok(dispute)
}

/// A dispute that was not known before; not written down yet.
fn open(tx: &Tx<'_>, payment: &Payment, heard: &Heard) -> Result<Dispute> {
    if payment.sale.is_none() {
        return Err(Error::Conflict("Only a payment that was made can be disputed.".into()));
    }
    Ok(Dispute {
        id: tx.mint(),
        payment: payment.id.clone(),
        company: payment.company.clone(),
        amount_minor: heard.amount_minor.min(payment.state.amount_minor),
        currency: payment.currency,
        status: DisputeStatus::WarningNeedsResponse,
        reason: heard.reason.clone(),
        reference: heard.reference.clone(),
        fee_minor: heard.fee_minor,
        drawn: Drawn::default(),
        needs_response_by: heard.needs_response_by,
        created_at: tx.now,
        updated_at: 0,
    })
}

/// One step of a dispute: the money moves, and webhooks are told.
fn step(tx: &mut Tx<'_>, payment: &mut Payment, dispute: &mut Dispute, status: DisputeStatus) -> Result<()> {
    let is_new = dispute.updated_at == 0;
    let own_before = (!is_new).then_some(dispute.status);
    let held_before = own_before.is_some_and(DisputeStatus::holds_money);
    if is_new {
        dispute.status = status;
    } else {
        match dispute.status.become_status(status) {
            Ok(Some(next)) => dispute.status = next,
            // Late, or twice.
            Ok(None) | Err(_) => return Ok(()),
        }
    }
    if status.holds_money() && !held_before {
        take_money(tx, payment, dispute)?;
    }
    match status {
        DisputeStatus::Won if held_before => give_back(tx, payment, dispute)?,
        DisputeStatus::Lost if held_before => {
            let amount_minor = dispute.drawn.total_minor();
            if amount_minor > 0 {
                let happening = Happening::DisputeLost { amount_minor };
                book(tx, payment, &dispute.id, "dispute_lost", &[happening])?;
            }
        }
        _ => {}
    }
    let before = payment.state;
    // The payment takes the step from where this dispute stood, and is held as long as any other holds it.
    let own = State { dispute: own_before, ..before };
    if let Some(state) = own.apply(Event::Dispute(status, dispute.amount_minor))? {
        let other = if status.holds_money() { None } else { other_holding(tx, dispute)? };
        payment.state = State { dispute: other.or(state.dispute), ..state };
    }
    store::payment::save(tx, payment)?;
    payment::note_spending(tx, payment, before)?;
    store::dispute::save(tx, dispute)?;
    // A warning that the bank makes a dispute of begins as one then.
    let begins = own_before.is_none_or(|before| before.is_warning() && status.holds_money());
    tell(tx, dispute, payment, begins)?;
    if status == DisputeStatus::Lost {
        end_if_all_gone(tx, payment)?;
    }
    Ok(())
}

/// Where another dispute of the same payment stands that holds its money.
fn other_holding(tx: &mut Tx<'_>, dispute: &Dispute) -> Result<Option<DisputeStatus>> {
    let all = store::dispute::of_payment(tx, &dispute.payment)?;
    let mut others = all.into_iter().filter(|other| other.id != dispute.id);
    Ok(others.find(|other| other.status.holds_money()).map(|other| other.status))
}

/// The bank takes what is disputed, also what was refunded before: out of the sale, then out of what the seller has, then
/// into their debt.
fn take_money(tx: &mut Tx<'_>, payment: &mut Payment, dispute: &mut Dispute) -> Result<()> {
    let sale = payment.sale.ok_or_else(|| Error::internal("a disputed payment without a sale"))?;
    let owner = payment.company.clone();
    let free = ledger::free_minor(tx, AccountKind::Company, owner.as_str(), payment.currency)?;
    let (sale, drawn) = if dispute.amount_minor > 0 {
        sale.draw(dispute.amount_minor, Demand::Forced(free))?
    } else {
        (sale, Drawn::default())
    };
    let fee = drawn_by_force(dispute.fee_minor, free - drawn.available_minor);
    if drawn.total_minor() + fee.total_minor() > 0 {
        book(tx, payment, &dispute.id, "dispute", &[Happening::DisputeOpened { drawn, fee }])?;
    }
    payment.sale = Some(sale);
    dispute.drawn = drawn;
    Ok(())
}

/// The processor takes more for a dispute than it told so far, e.g. when it told the fee after the dispute.
fn take_late_fee(tx: &mut Tx<'_>, payment: &Payment, dispute: &mut Dispute, fee_minor: i64) -> Result<()> {
    // A warning that came to nothing cost nothing.
    if fee_minor <= dispute.fee_minor || dispute.status == DisputeStatus::WarningClosed {
        return Ok(());
    }
    let seller = payment.company.as_str();
    let free_minor = ledger::free_minor(tx, AccountKind::Company, seller, payment.currency)?;
    let fee = drawn_by_force(fee_minor - dispute.fee_minor, free_minor);
    let happening = Happening::DisputeOpened { drawn: Drawn::default(), fee };
    // Each total is told once, however often it is heard.
    let (word, key) = ("dispute_fee", format!("dispute_fee:{}:{fee_minor}", dispute.id));
    let parties = payment::posting_parties(payment, None);
    ledger::book(tx, &key, word, dispute.id.as_str(), payment.currency, &[happening], &parties)?;
    dispute.fee_minor = fee_minor;
    store::dispute::save(tx, dispute)
}

fn give_back(tx: &mut Tx<'_>, payment: &mut Payment, dispute: &Dispute) -> Result<()> {
    if dispute.drawn.total_minor() == 0 {
        return Ok(());
    }
    let owed = ledger::owed_minor(tx, &payment.company, payment.currency)?;
    let repaid_minor = repaid(dispute.drawn.seller_minor(), owed);
    let happening = Happening::DisputeWon { drawn: dispute.drawn, repaid_minor };
    book(tx, payment, &dispute.id, "dispute_won", &[happening])?;
    payment.sale = payment.sale.map(|sale| sale.undo(dispute.drawn));
    payment::schedule_releases(tx, payment)
}

fn tell(tx: &mut Tx<'_>, dispute: &Dispute, payment: &Payment, begins: bool) -> Result<()> {
    let shown = payment::subject(tx, payment)?;
    let amount = Money { minor: dispute.amount_minor, currency: dispute.currency.code().to_owned() };
    if begins && dispute.status.is_warning() {
        let alert = DisputeAlert {
            id: dispute.id.to_string(),
            alert_type: "dispute".to_owned(),
            amount,
            charge_for_alert: false,
            created_at: dispute.created_at,
            transaction_date: payment.paid_at,
            payment: shown,
        };
        let subject = Subject::DisputeAlert(Box::new(alert));
        return webhook::emit(tx, &dispute.company, Told::DisputeAlertCreated, &subject).map(|_| ());
    }
    let subject = Subject::Dispute(Box::new(Shown {
        id: dispute.id.to_string(),
        status: dispute.status.as_str().to_owned(),
        reason: dispute.reason.clone(),
        amount,
        created_at: dispute.created_at,
        needs_response_by: dispute.needs_response_by,
        payment: shown,
    }));
    let event = if begins { Told::DisputeCreated } else { Told::DisputeUpdated };
    webhook::emit(tx, &dispute.company, event, &subject).map(|_| ())
}

/// Queues the dispute of a sandbox's card that is disputed later, the first time it pays.
pub(crate) fn expect_of_sandbox(tx: &mut Tx<'_>, payment: &Payment) -> Result<()> {
    if payment.processor != Some(Processor::Sandbox) || payment.is_renewal() {
        return Ok(());
    }
    let method = match &payment.method {
        Some(id) => store::payment_method::find(tx, id)?,
        None => None,
    };
    let last4 = method.and_then(|method| method.last4).unwrap_or_default();
    if sandbox::outcome(&last4) == Some(Outcome::DisputedLater) {
        let at = tx.now + SANDBOX_DISPUTE_MS;
        look_after(tx, &payment.id, at)?;
    }
    Ok(())
}

fn look_after(tx: &mut Tx<'_>, payment: &PaymentId, at: i64) -> Result<()> {
    let lane = payment::lane(payment.as_str());
    jobs::enqueue_at(tx, &Work::SandboxDispute(payment.clone()), &lane, at).map(|_| ())
}

/// Takes what the sandbox's bank tells, and has the sandbox note what it took for good.
fn take_of_sandbox(tx: &mut Tx<'_>, payment: &Payment, heard: &Heard) -> Result<Dispute> {
    let dispute = take(tx, heard)?;
    if let (DisputeStatus::Lost, Some(charge)) = (heard.status, &payment.reference) {
        sandbox::lose(tx, charge)?;
    }
    Ok(dispute)
}

fn sandbox_reference(payment: &PaymentId) -> String {
    format!("sandbox:{payment}")
}

/// What the sandbox's bank does next: disputes; takes the money for good when nobody answers in time; finds for the
/// seller who answered.
pub(crate) async fn carry_on_sandbox(hall: &Guildhall, id: &PaymentId) -> std::result::Result<(), Failure> {
    let id = id.clone();
    let write = hall.store.write(move |tx| {
        let payment = hold(tx, &id)?;
        let known = store::dispute::of_reference(tx, &sandbox_reference(&id))?;
        let status = match &known {
            None => DisputeStatus::NeedsResponse,
            Some(dispute) if dispute.status == DisputeStatus::NeedsResponse => {
                if dispute.needs_response_by.is_some_and(|by| by > tx.now) {
                    return Ok(());
                }
                DisputeStatus::Lost
            }
            Some(dispute) if dispute.status == DisputeStatus::UnderReview => {
                if dispute.updated_at + SANDBOX_REVIEW_MS > tx.now {
                    return Ok(());
                }
                DisputeStatus::Won
            }
            Some(_) => return Ok(()),
        };
        let is_new = known.is_none();
        if is_new && payment.state.is_all_gone() {
            // It was refunded in time.
            return Ok(());
        }
        let by = tx.now + ANSWER_MS;
        let fee = if payment.currency.code() == "usd" { SANDBOX_DISPUTE_FEE_USD_MINOR } else { 0 };
        let heard = Heard {
            reference: sandbox_reference(&id),
            payment: id.clone(),
            status,
            // The sandbox's bank leaves what its buyer has back.
            amount_minor: payment.state.spent_minor(),
            fee_minor: fee,
            reason: Some("fraudulent".to_owned()),
            needs_response_by: Some(by),
        };
        take_of_sandbox(tx, &payment, &heard)?;
        if is_new { look_after(tx, &id, by) } else { Ok(()) }
    });
    write.await.map_err(|error| Failure::Temporary(error.told()))
}

/// Disputes, newest first, at most a thousand; of one company or of all.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, company: Option<CompanyId>) -> Result<Vec<Dispute>> {
    hall.store.scan(move |read| store::dispute::list(read, company.as_ref(), 1000)).await
}
