//! On the way to a receiver: one try of one delivery, with its beginning and its end on record.

use super::event::{Happened, name_for, sample_in};
use super::receiver::check_url;
use super::wire::Message;
use super::{Webhook, managed};
use crate::Guildhall;
use crate::error::{Error, Result};
use crate::membership;
use crate::outbound::{Answer, Broken, Reach};
use crate::principal::Principal;
use crate::store::webhook::{Ended, Kept};
use crate::store::{self, Read, Tx};
use guildhall_core::ids::{CompanyId, WebhookDeliveryId, WebhookEventId, WebhookId};
use guildhall_core::job::Failure;
use guildhall_core::permission::Permission;
use guildhall_core::webhook::{ApiVersion, Event, Subject};
use hyper::header::RETRY_AFTER;
use serde_json::Value;
use std::time::UNIX_EPOCH;

/// How much of an answer is kept, in characters.
const LONGEST_EXCERPT: usize = 2000;
/// The answer of a receiver that wants nothing more.
const GONE: u16 = 410;

/// A try that has begun.
#[derive(Debug)]
struct Begun {
    webhook: WebhookId,
    url: String,
    version: ApiVersion,
    secret: String,
    event: Event,
    kept: Kept,
    number: i64,
}

/// Tries to deliver an event once, and records how it went.
pub(crate) async fn deliver(hall: &Guildhall, id: &WebhookDeliveryId) -> std::result::Result<(), Failure> {
    let temporary = |error: Error| Failure::Temporary(format!("the store failed: {error:?}"));
    let begin = id.clone();
    let begun = hall.store.write(move |tx| begin_try(tx, &begin)).await.map_err(temporary)?;
    let Some(begun) = begun else { return Ok(()) };
    let began_at = hall.now_ms();
    let (message, reach) = (message(&begun.kept, begun.event), hall.settings.webhooks.reach);
    let outcome = send(hall, &begun.url, begun.version, &begun.secret, &message, reach).await;
    let ended = ended(&outcome, begun.number, hall.now_ms() - began_at);
    let verdict = verdict(&outcome, hall.now_ms());
    let (delivery, webhook, fate) = (id.clone(), begun.webhook, Fate::of(&verdict, &outcome));
    let end = hall.store.write(move |tx| {
        store::webhook::end_attempt(tx, &delivery, &ended)?;
        if fate == Fate::Gone {
            store::webhook::disable(tx, &webhook, "its receiver answered 410 Gone")?;
        }
        store::webhook::set_state(tx, &delivery, fate.state())
    });
    end.await.map_err(temporary)?;
    if fate == Fate::Gone { Ok(()) } else { verdict }
}

/// What becomes of a delivery after a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Delivered,
    Waiting,
    Gone,
}

impl Fate {
    fn of(verdict: &std::result::Result<(), Failure>, outcome: &std::result::Result<Answer, Broken>) -> Self {
        match (verdict, outcome) {
            (Ok(()), _) => Self::Delivered,
            (Err(_), Ok(answer)) if answer.status == GONE => Self::Gone,
            _ => Self::Waiting,
        }
    }

    fn state(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Waiting => "waiting",
            Self::Gone => "failed",
        }
    }
}

/// Begins a try; `None` when there is nothing to send any more.
fn begin_try(tx: &mut Tx<'_>, id: &WebhookDeliveryId) -> Result<Option<Begun>> {
    let Some((webhook, event, state)) = store::webhook::delivery_parts(tx, id)? else { return Ok(None) };
    // A runner that died after the answer and before its record leaves a job whose work is done.
    if state != "waiting" {
        return Ok(None);
    }
    let found = store::webhook::find(tx, &webhook)?.filter(|webhook| webhook.enabled);
    let (Some(webhook), Some(mut kept)) = (found, store::webhook::find_event(tx, &event)?) else {
        store::webhook::set_state(tx, id, "dropped")?;
        return Ok(None);
    };
    if let Some(app) = &webhook.app {
        // What waited while the company removed the app is none of its business any more.
        if !store::app::is_installed(tx, app, &kept.company)? {
            store::webhook::set_state(tx, id, "dropped")?;
            return Ok(None);
        }
    }
    if !reads_emails(tx, &webhook, &kept.company)? {
        kept.subject.forget_emails();
    }
    let name = name_for(&webhook, kept.event).unwrap_or(kept.event);
    let number = store::webhook::begin_attempt(tx, id, &webhook.url)?;
    Ok(Some(Begun {
        webhook: webhook.id,
        url: webhook.url,
        version: webhook.api_version,
        secret: webhook.secret,
        event: name,
        kept,
        number,
    }))
}

/// Whether a webhook reads e-mail addresses of what happens in a company. In its own that was decided when somebody said
/// where it is sent, and stands whoever leaves the team, since it is the company's; but an app of another company reads
/// there, as an app's own webhooks do everywhere, what it is granted at the moment.
fn reads_emails(read: &mut Read<'_>, webhook: &Webhook, company: &CompanyId) -> Result<bool> {
    let is_own = webhook.company == *company;
    if is_own && !webhook.reads_emails {
        return Ok(false);
    }
    match if is_own { &webhook.by_app } else { &webhook.app } {
        Some(app) => store::app::is_granted(read, app, company, Permission::MemberEmailRead),
        None => Ok(is_own),
    }
}

fn message(kept: &Kept, event: Event) -> Message<'_> {
    Message { id: &kept.id, event, company: &kept.company, subject: &kept.subject, at: kept.created_at }
}

async fn send(
    hall: &Guildhall,
    url: &str,
    version: ApiVersion,
    secret: &str,
    message: &Message<'_>,
    reach: Reach,
) -> std::result::Result<Answer, Broken> {
    let url = check_url(url, reach).map_err(|error| Broken { status: None, reason: error.to_string() })?;
    let body = message.body(version, &membership::manage_url(&hall.settings.origin));
    let headers = message.headers(version, secret, &body, hall.clock.outside_ms());
    hall.poster.post(&url, headers, body, reach).await
}

/// What an outcome means: only an answer from 200 to 299 is a success.
fn verdict(outcome: &std::result::Result<Answer, Broken>, now: i64) -> std::result::Result<(), Failure> {
    match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => Ok(()),
        Ok(answer) => {
            let reason = format!("the receiver answered {}", answer.status);
            Err(match retry_after_ms(answer, now) {
                Some(while_ms) => Failure::Busy(reason, while_ms),
                None => Failure::Temporary(reason),
            })
        }
        Err(broken) => Err(Failure::Temporary(broken.reason.clone())),
    }
}

/// How long the receiver asks to be left alone, in milliseconds: seconds or a date in `Retry-After`.
fn retry_after_ms(answer: &Answer, now: i64) -> Option<i64> {
    let text = answer.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(i64::from(seconds) * 1000);
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let at = i64::try_from(date.as_millis()).ok()?;
    Some(at.saturating_sub(now).max(0))
}

fn ended(outcome: &std::result::Result<Answer, Broken>, number: i64, duration_ms: i64) -> Ended {
    let (status, answer, error) = match outcome {
        Ok(answer) => (Some(answer.status), Some(excerpt(&answer.body)), None),
        Err(broken) => (broken.status, None, Some(broken.reason.clone())),
    };
    Ended { number, duration_ms, status: status.map(i64::from), answer, error }
}

/// The beginning of a body as text that any store can keep.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().filter(|c| *c != '\0').take(LONGEST_EXCERPT).collect()
}

/// What a receiver said to a sample.
#[derive(Debug, Clone)]
pub struct Tested {
    /// The status; 0 when there was no answer.
    pub status: u16,
    /// The body as JSON if it is, else as text; without an answer, why there is none.
    pub body: Value,
    /// Whether the receiver took it.
    pub success: bool,
}

/// Sends a sample of an event to a webhook now, and tells what came back. It is not on record.
///
/// # Errors
/// As for [`super::update`].
pub async fn test(hall: &Guildhall, principal: &Principal, id: WebhookId, event: Event) -> Result<Tested> {
    let principal = principal.clone();
    let write = hall.store.write(move |tx| {
        let webhook = managed(tx, &principal, &id)?;
        let subject = sample_in(tx, &webhook.company, event)?;
        let at = tx.now;
        Ok((tx.mint(), webhook, subject, at))
    });
    let (id, webhook, subject, at): (WebhookEventId, Webhook, Subject, i64) = write.await?;
    let message = Message { id: &id, event, company: &webhook.company, subject: &subject, at };
    let reach = hall.settings.webhooks.reach;
    Ok(tested(send(hall, &webhook.url, webhook.api_version, &webhook.secret, &message, reach).await))
}

fn tested(outcome: std::result::Result<Answer, Broken>) -> Tested {
    match outcome {
        Ok(answer) => Tested {
            status: answer.status,
            body: serde_json::from_slice(&answer.body)
                .unwrap_or_else(|_| Value::String(excerpt(&answer.body))),
            success: (200..300).contains(&answer.status),
        },
        Err(broken) => {
            Tested { status: broken.status.unwrap_or(0), body: Value::String(broken.reason), success: false }
        }
    }
}

/// Sends an event that happened to an address of one's own, e.g. of a developer's machine.
///
/// # Errors
/// `Invalid` for an address that cannot be.
pub async fn forward(
    hall: &Guildhall,
    happened: &Happened,
    url: &str,
    version: ApiVersion,
    secret: &str,
) -> Result<Tested> {
    check_url(url, Reach::Anywhere)?;
    let message = message(&happened.0, happened.0.event);
    Ok(tested(send(hall, url, version, secret, &message, Reach::Anywhere).await))
}
