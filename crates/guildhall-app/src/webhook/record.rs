//! The record: what was sent where, how each try went, and sending it again.

use super::Webhook;
use super::event::{listeners, queue};
use crate::Guildhall;
use crate::error::{Error, Result};
use crate::jobs::{self, Work};
use crate::store::webhook::Kept;
use crate::store::{self, Tx};
use guildhall_core::ids::{Id, WebhookDeliveryId, WebhookEventId, WebhookId};

/// The most rows that one list shows.
pub const MOST_LISTED: u16 = 1000;
/// How many events or deliveries one transaction sends again.
const STEP: i64 = 100;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It is tried when it is due, in milliseconds.
    Waiting {
        /// When.
        due_at: i64,
    },
    /// It waits for an earlier event about the same thing.
    Behind,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
    /// The webhook was switched off or deleted before it was sent.
    Dropped,
}

/// One event on its way to one webhook.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Which.
    pub id: WebhookDeliveryId,
    /// To whom.
    pub webhook: WebhookId,
    /// The event; its id is what the receiver sees, on every try.
    pub event_id: WebhookEventId,
    /// The event's word, by the company's name for it.
    pub event: String,
    /// Whether an app hears it, by its own name for it.
    pub is_for_app: bool,
    /// What it is about.
    pub subject_id: String,
    /// Where the webhook's events are sent now.
    pub url: String,
    /// Where it stands.
    pub progress: Progress,
    /// How many tries began.
    pub tries: i64,
    /// When it was queued first, in milliseconds.
    pub created_at: i64,
}

/// One try of a delivery.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// From one on.
    pub number: i64,
    /// Where it went.
    pub url: String,
    /// When it began, in milliseconds.
    pub began_at: i64,
    /// How long it took, in milliseconds; `None` while it is under way, and when it was cut off.
    pub duration_ms: Option<i64>,
    /// The status that was answered.
    pub status: Option<i64>,
    /// The beginning of the answer's body.
    pub answer: Option<String>,
    /// Why there was no whole answer.
    pub error: Option<String>,
}

/// What is to be sent again.
#[derive(Debug, Clone)]
pub enum Replay {
    /// One delivery.
    Delivery(WebhookDeliveryId),
    /// One event, to every webhook that listens now.
    Event(WebhookEventId),
    /// Every event from a moment on and before another, in milliseconds.
    Range {
        /// From here on.
        since: i64,
        /// Before this.
        until: i64,
    },
    /// Every delivery that was given up.
    Failed,
}

/// What a replay did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Deliveries that are due again.
    pub queued: u64,
    /// Deliveries that were under way already.
    pub under_way: u64,
    /// Deliveries whose webhook is switched off or deleted.
    pub off: u64,
}

impl Replayed {
    fn add(&mut self, other: Self) {
        self.queued += other.queued;
        self.under_way += other.under_way;
        self.off += other.off;
    }
}

/// The hall's webhooks, oldest first, at most [`MOST_LISTED`].
///
/// # Errors
/// `Internal` only.
pub async fn all(hall: &Guildhall) -> Result<Vec<Webhook>> {
    hall.store.scan(|read| store::webhook::all_after(read, "", i64::from(MOST_LISTED))).await
}

/// The newest deliveries, of one webhook or of all.
///
/// # Errors
/// `Internal` only.
pub async fn deliveries(
    hall: &Guildhall,
    webhook: Option<WebhookId>,
    only_failed: bool,
    most: u16,
) -> Result<Vec<Delivery>> {
    let most = i64::from(most.min(MOST_LISTED));
    hall.store.scan(move |read| store::webhook::deliveries(read, webhook.as_ref(), only_failed, most)).await
}

/// One delivery with all its tries, first to last.
///
/// # Errors
/// `NotFound`.
pub async fn story(hall: &Guildhall, id: WebhookDeliveryId) -> Result<(Delivery, Vec<Attempt>)> {
    let scan = hall.store.scan(move |read| {
        let Some(delivery) = store::webhook::shown(read, &id)? else { return no_such_delivery(&id) };
        Ok((delivery, store::webhook::attempts(read, &id)?))
    });
    scan.await
}

fn no_such_delivery<T>(id: &WebhookDeliveryId) -> Result<T> {
    Err(Error::NotFound(format!("There is no delivery `{id}`; what is older than 30 days is gone.")))
}

/// Sends again what was sent before, under the ids it had, and events to those who listen only now.
///
/// # Errors
/// `NotFound` for one that is not there, `Conflict` for one that is under way or whose webhook is off.
pub async fn replay(hall: &Guildhall, what: Replay) -> Result<Replayed> {
    match what {
        Replay::Delivery(id) => {
            let done = hall.store.write(move |tx| again(tx, &id)).await?;
            match done {
                Replayed { under_way: 1, .. } => {
                    Err(Error::Conflict("The delivery is under way already.".into()))
                }
                Replayed { off: 1, .. } => Err(Error::Conflict(
                    "The delivery's webhook is switched off or deleted: switch it on first.".into(),
                )),
                done => Ok(done),
            }
        }
        Replay::Event(id) => {
            let write = hall.store.write(move |tx| match store::webhook::find_event(tx, &id)? {
                Some(event) => event_again(tx, &event),
                None => Err(Error::NotFound(format!(
                    "There is no event `{id}`; what is older than 30 days is gone."
                ))),
            });
            write.await
        }
        Replay::Range { since, until } => range(hall, since, until).await,
        Replay::Failed => failed(hall).await,
    }
}

async fn range(hall: &Guildhall, since: i64, until: i64) -> Result<Replayed> {
    let (mut done, mut last) = (Replayed::default(), None);
    loop {
        let after = last.clone();
        let step = hall.store.write(move |tx| {
            let events = store::webhook::events_between(tx, since, until, after.as_ref(), STEP)?;
            let mut done = Replayed::default();
            for event in &events {
                done.add(event_again(tx, event)?);
            }
            Ok((done, events.last().map(|event| (event.created_at, event.id.clone()))))
        });
        let (step, reached) = step.await?;
        done.add(step);
        match reached {
            None => return Ok(done),
            reached => last = reached,
        }
    }
}

async fn failed(hall: &Guildhall) -> Result<Replayed> {
    let (mut done, mut last) = (Replayed::default(), String::new());
    loop {
        let after = last.clone();
        let step = hall.store.write(move |tx| {
            let failed = store::webhook::failed_after(tx, &after, STEP)?;
            let mut done = Replayed::default();
            for delivery in &failed {
                done.add(again(tx, &delivery.id)?);
            }
            Ok((done, failed.last().map(|delivery| delivery.id.to_string())))
        });
        let (step, reached) = step.await?;
        done.add(step);
        match reached {
            None => return Ok(done),
            Some(reached) => last = reached,
        }
    }
}

/// Sends an event to every webhook that listens now, whether it heard of it before or not.
fn event_again(tx: &mut Tx<'_>, event: &Kept) -> Result<Replayed> {
    let mut done = Replayed::default();
    for webhook in listeners(tx, event)? {
        match store::webhook::find_delivery(tx, &webhook.id, &event.id)? {
            Some(delivery) => done.add(again(tx, &delivery)?),
            None => {
                queue(tx, &webhook, event)?;
                done.queued += 1;
            }
        }
    }
    Ok(done)
}

/// Queues a delivery again, at the end of its line.
fn again(tx: &mut Tx<'_>, id: &WebhookDeliveryId) -> Result<Replayed> {
    let Some(delivery) = store::webhook::shown(tx, id)? else { return no_such_delivery(id) };
    if matches!(delivery.progress, Progress::Waiting { .. } | Progress::Behind) {
        return Ok(Replayed { under_way: 1, ..Replayed::default() });
    }
    let is_on = store::webhook::find(tx, &delivery.webhook)?.is_some_and(|webhook| webhook.enabled);
    if !is_on {
        return Ok(Replayed { off: 1, ..Replayed::default() });
    }
    if let Some(job) = store::webhook::job_of_delivery(tx, id)?
        && let Some(dead) = store::job::find(tx, &job)?
    {
        store::job::remove(tx, &dead)?;
    }
    let webhook = delivery.webhook.as_str();
    let line = format!("{webhook}:{}", delivery.subject_id);
    let job = jobs::enqueue(tx, &Work::Webhook(id.clone()), webhook, Some(&line))?;
    store::webhook::requeue(tx, id, &job)?;
    Ok(Replayed { queued: 1, ..Replayed::default() })
}
