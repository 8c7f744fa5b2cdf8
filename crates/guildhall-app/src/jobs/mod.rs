//! Jobs: work that a transaction wants done after its commit, e.g. a mail to send.
//!
//! Owns the one place where work is queued ([`enqueue`], in the writing transaction, so that it is queued
//! exactly when the rest is written), the runner that does it, and what an operator may do to it. The
//! schedule of tries is in `guildhall_core::job`, the rows in `store/job.rs`.
//!
//! A job is done at least once: a runner that dies after the deed and before its record leaves the job to
//! be done again, so what a job does must bear that. Its id is the same on every try.

mod runner;
#[cfg(test)]
mod tests;
use crate::Guildhall;
use crate::billing;
use crate::dispute;
use crate::error::{Error, Result};
use crate::invoice;
use crate::mail::{self, Mail};
use crate::payment;
use crate::processor;
use crate::raffle;
use crate::refund;
use crate::store::job::Taken;
pub use crate::store::job::{MOST_COUNTED, Shown, Standing};
use crate::store::{self, Tx};
use crate::webhook;
use guildhall_core::ids::{
    Id, InvoiceId, JobId, MembershipId, PaymentId, PlanId, RefundId, WebhookDeliveryId,
};
use guildhall_core::job::Failure;
pub(crate) use runner::Activity;
pub use runner::{run, run_due};

/// The most jobs that one list shows.
pub const MOST_LISTED: u16 = 1000;
/// How many dead jobs one transaction lets be tried again.
const REVIVED_AT_ONCE: i64 = 100;

/// What can be queued: a kind of work, and what it needs to know.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    /// Something may fall due of a membership.
    Billing(MembershipId),
    /// An invoice's due date.
    Invoice(InvoiceId),
    /// An invoice to charge automatically.
    InvoiceCharge(InvoiceId),
    /// A sale whose processor tells later what it keeps of it.
    LateFee(PaymentId),
    /// A mail to send.
    Mail(Mail),
    /// A payment that somebody may have left half done, or parts of which may be released.
    Payment(PaymentId),
    /// What a processor told, for the payment that it is about.
    ProcessorNews(processor::Kept),
    /// A raffle of which something may be due.
    Raffle(PlanId),
    /// A refund of which the processor is to be told.
    Refund(RefundId),
    /// What the sandbox's bank does next about a payment.
    SandboxDispute(PaymentId),
    /// A charge to give back that did not pay for what it was made for, by its processor's name for it.
    StrayCharge(String),
    /// An event to send to a webhook.
    Webhook(WebhookDeliveryId),
}

const BILLING: &str = "billing";
const INVOICE: &str = "invoice";
const INVOICE_CHARGE: &str = "invoice_charge";
const LATE_FEE: &str = "late_fee";
const MAIL: &str = "mail";
const PAYMENT: &str = "payment";
const PROCESSOR_NEWS: &str = "processor_news";
const RAFFLE: &str = "raffle";
const REFUND: &str = "refund";
const SANDBOX_DISPUTE: &str = "sandbox_dispute";
const STRAY_CHARGE: &str = "stray_charge";
const WEBHOOK: &str = "webhook";

impl Work {
    /// The kind's name and the payload, as the store keeps them.
    fn to_stored(&self) -> Result<(&'static str, String)> {
        match self {
            Self::Invoice(invoice) => Ok((INVOICE, invoice.to_string())),
            Self::InvoiceCharge(invoice) => Ok((INVOICE_CHARGE, invoice.to_string())),
            Self::Billing(membership) => Ok((BILLING, membership.to_string())),
            Self::LateFee(payment) => Ok((LATE_FEE, payment.to_string())),
            Self::Payment(payment) => Ok((PAYMENT, payment.to_string())),
            Self::Refund(refund) => Ok((REFUND, refund.to_string())),
            Self::SandboxDispute(payment) => Ok((SANDBOX_DISPUTE, payment.to_string())),
            Self::Mail(mail) => Ok((MAIL, serde_json::to_string(mail).map_err(Error::internal)?)),
            Self::ProcessorNews(kept) => {
                Ok((PROCESSOR_NEWS, serde_json::to_string(kept).map_err(Error::internal)?))
            }
            Self::Raffle(plan) => Ok((RAFFLE, plan.to_string())),
            Self::StrayCharge(reference) => Ok((STRAY_CHARGE, reference.clone())),
            Self::Webhook(delivery) => Ok((WEBHOOK, delivery.to_string())),
        }
    }

    /// Reads a job back. What this copy of the server does not know, a newer one may: it is tried again.
    fn from_stored(kind: &str, payload: &str) -> std::result::Result<Self, Failure> {
        let unreadable = |cause| Failure::Temporary(format!("its payload cannot be read: {cause}"));
        match kind {
            INVOICE => Ok(Self::Invoice(InvoiceId::from_stored(payload.to_owned()))),
            INVOICE_CHARGE => Ok(Self::InvoiceCharge(InvoiceId::from_stored(payload.to_owned()))),
            BILLING => Ok(Self::Billing(MembershipId::from_stored(payload.to_owned()))),
            REFUND => Ok(Self::Refund(RefundId::from_stored(payload.to_owned()))),
            SANDBOX_DISPUTE => Ok(Self::SandboxDispute(PaymentId::from_stored(payload.to_owned()))),
            LATE_FEE => Ok(Self::LateFee(PaymentId::from_stored(payload.to_owned()))),
            PAYMENT => Ok(Self::Payment(PaymentId::from_stored(payload.to_owned()))),
            MAIL => serde_json::from_str(payload).map(Self::Mail).map_err(unreadable),
            PROCESSOR_NEWS => serde_json::from_str(payload).map(Self::ProcessorNews).map_err(unreadable),
            RAFFLE => Ok(Self::Raffle(PlanId::from_stored(payload.to_owned()))),
            STRAY_CHARGE => Ok(Self::StrayCharge(payload.to_owned())),
            WEBHOOK => Ok(Self::Webhook(WebhookDeliveryId::from_stored(payload.to_owned()))),
            _ => Err(Failure::Temporary(format!("there is no kind of job \"{kind}\""))),
        }
    }
}

/// Queues work in the transaction that wants it: it is done after the commit, or never when there is none.
/// The lane names the way out that the work needs; a server does but a few jobs of a lane at once
/// (`guildhall_core::job::Places`). Work of one ordering key is of one lane and is done in the order it was queued,
/// one at a time; a dead job lets the next pass.
///
/// # Errors
/// `Internal` only.
pub(crate) fn enqueue(tx: &mut Tx<'_>, work: &Work, lane: &str, ordering_key: Option<&str>) -> Result<JobId> {
    let (kind, payload) = work.to_stored()?;
    store::job::insert(tx, kind, &payload, lane, ordering_key)
}

/// Queues work for a moment, in milliseconds, in no line.
///
/// # Errors
/// `Internal` only.
pub(crate) fn enqueue_at(tx: &mut Tx<'_>, work: &Work, lane: &str, due_at: i64) -> Result<JobId> {
    let (kind, payload) = work.to_stored()?;
    store::job::insert_at(tx, kind, &payload, lane, due_at)
}

/// The same under an id of the caller's own, by which [`drop_waiting`] finds the job.
///
/// # Errors
/// `Internal`, also for an id that is used.
pub(crate) fn enqueue_as(tx: &mut Tx<'_>, id: &JobId, work: &Work, lane: &str, due_at: i64) -> Result<()> {
    let (kind, payload) = work.to_stored()?;
    store::job::insert_as(tx, id, kind, &payload, lane, due_at)
}

/// Leaves work behind that nobody does before an operator lets it be tried: a dead job, which says why.
///
/// # Errors
/// `Internal` only.
pub(crate) fn leave_dead(tx: &mut Tx<'_>, work: &Work, lane: &str, why: &str) -> Result<()> {
    let (kind, payload) = work.to_stored()?;
    store::job::insert_dead(tx, kind, &payload, lane, why)
}

/// Removes a job of no line that is not needed any more, if it is there and no runner holds it.
///
/// # Errors
/// `Internal` only.
pub(crate) fn drop_waiting(tx: &mut Tx<'_>, id: &JobId) -> Result<()> {
    store::job::drop_waiting(tx, id)
}

/// Does one job.
async fn perform(hall: &Guildhall, job: Taken) -> std::result::Result<(), Failure> {
    match Work::from_stored(&job.kind, &job.payload)? {
        Work::Invoice(invoice) => invoice::fall_due(hall, &invoice).await,
        Work::InvoiceCharge(invoice) => invoice::charge(hall, &invoice).await,
        Work::Billing(membership) => billing::carry_on(hall, &membership).await,
        Work::LateFee(payment) => payment::carry_on_late_fee(hall, &payment).await,
        Work::Payment(payment) => payment::carry_on(hall, &payment).await,
        Work::Refund(refund) => refund::carry_on(hall, &refund).await,
        Work::SandboxDispute(payment) => dispute::carry_on_sandbox(hall, &payment).await,
        Work::Mail(mail) => mail::send(hall, &job.id, &mail).await,
        Work::ProcessorNews(kept) => processor::tell(hall, kept).await,
        Work::Raffle(plan) => raffle::carry_on(hall, &plan).await,
        Work::StrayCharge(reference) => payment::carry_on_stray(hall, &reference).await,
        Work::Webhook(delivery) => webhook::deliver(hall, &delivery).await,
    }
}

/// How many jobs there are, each counted up to [`MOST_COUNTED`], so that asking costs the same however many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Those that wait for their time, for an earlier one, or are being done.
    pub waiting: i64,
    /// Those that were given up.
    pub dead: i64,
}

/// Counts the jobs.
///
/// # Errors
/// `Internal` only.
pub async fn count(hall: &Guildhall) -> Result<Count> {
    let (waiting, dead) = hall.store.scan(store::job::count).await?;
    Ok(Count { waiting, dead })
}

/// How long the job that waits longest to be taken has been due, in milliseconds; 0 when none waits.
///
/// # Errors
/// `Internal` only.
pub async fn late_ms(hall: &Guildhall) -> Result<i64> {
    let due = hall.store.read(store::job::due_longest).await?;
    Ok(due.map_or(0, |due| (hall.now_ms() - due).max(0)))
}

/// The first jobs, at most [`MOST_LISTED`]: by when they are due, the dead last or alone.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, only_dead: bool, most: u16) -> Result<Vec<Shown>> {
    let most = i64::from(most.min(MOST_LISTED));
    let list = if only_dead { store::job::dead } else { store::job::all };
    hall.store.scan(move |read| list(read, most)).await
}

/// Lets a job be tried now: a dead one from its first try on, a resting one without further rest.
///
/// # Errors
/// `NotFound`; `Conflict` when it is being done or waits for an earlier one.
pub async fn retry(hall: &Guildhall, id: JobId) -> Result<()> {
    let write = hall.store.write(move |tx| {
        let Some(job) = store::job::find(tx, &id)? else { return no_such_job(&id) };
        let changed = match job.standing {
            Standing::Dead => store::job::revive(tx, &job)?,
            Standing::Waiting => store::job::hasten(tx, &job)?,
            Standing::Running => false,
            Standing::Behind => {
                return Err(Error::Conflict(format!(
                    "The job `{id}` waits for an earlier one of `{}`; it runs when that one has ended.",
                    job.ordering_key.unwrap_or_default()
                )));
            }
        };
        if changed { Ok(()) } else { being_run(&id) }
    });
    write.await
}

/// Lets every dead job be tried again; answers how many.
///
/// # Errors
/// `Internal` only.
pub async fn retry_all_dead(hall: &Guildhall) -> Result<u64> {
    let mut revived = 0;
    // What dies again meanwhile is left alone, so that this ends.
    let begun = hall.now_ms();
    loop {
        let step = hall.store.write(move |tx| {
            let mut changed = 0;
            for job in store::job::dead(tx, REVIVED_AT_ONCE)?.iter().filter(|job| job.due_at <= begun) {
                changed += u64::from(store::job::revive(tx, job)?);
            }
            Ok(changed)
        });
        match step.await? {
            0 => return Ok(revived),
            changed => revived += changed,
        }
    }
}

/// Removes a job for good.
///
/// # Errors
/// `NotFound`; `Conflict` when it is being done.
pub async fn discard(hall: &Guildhall, id: JobId) -> Result<()> {
    let write = hall.store.write(move |tx| {
        let Some(job) = store::job::find(tx, &id)? else { return no_such_job(&id) };
        if store::job::remove(tx, &job)? { Ok(()) } else { being_run(&id) }
    });
    write.await
}

fn no_such_job<T>(id: &JobId) -> Result<T> {
    Err(Error::NotFound(format!("There is no job `{id}`; it may be done already.")))
}

fn being_run<T>(id: &JobId) -> Result<T> {
    Err(Error::Conflict(format!("The job `{id}` is being run right now; try again when it has ended.")))
}
