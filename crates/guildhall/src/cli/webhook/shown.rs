//! How webhooks and their record look on a terminal.

use super::told;
use anstream::println;
use clap::builder::styling::{AnsiColor, Style};
use guildhall_app::Guildhall;
use guildhall_app::webhook::{self, Attempt, Delivery, Progress, Replayed, Webhook};
use guildhall_core::ids::{Id, WebhookDeliveryId, WebhookId};
use guildhall_core::moment::rfc3339;
use guildhall_core::webhook::Event;

/// The longest answer that a line shows, in characters.
const LONGEST_LINE: usize = 120;

/// Colours, where a terminal shows them: what went well, what did not, what is to come, what matters less.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
const COMING: Style = AnsiColor::Yellow.on_default();
pub(super) const FAINT: Style = Style::new().dimmed();

pub(super) async fn list(hall: &Guildhall) -> Result<(), String> {
    let webhooks = webhook::all(hall).await.map_err(told)?;
    for webhook in &webhooks {
        println!("{}\n", described(webhook));
    }
    println!("{}", counted(webhooks.len() as u64, "webhook.", "webhooks."));
    Ok(())
}

fn described(webhook: &Webhook) -> String {
    let (state, style) = match (&webhook.disabled_reason, webhook.enabled) {
        (Some(reason), _) => (format!("off: {reason}"), BAD),
        (None, true) => ("on".to_owned(), GOOD),
        (None, false) => ("off".to_owned(), FAINT),
    };
    let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
    let emails = if webhook.reads_emails { "" } else { ", without e-mail addresses" };
    format!(
        "{}  {style}{state}{style:#}\n  of      {}\n  to      {}\n  as      {}{emails}\n  events  {}",
        webhook.id,
        webhook.resource(),
        plain(&webhook.url),
        webhook.api_version.as_str(),
        events.join("\n          ")
    )
}

pub(super) async fn deliveries(
    hall: &Guildhall,
    webhook: Option<WebhookId>,
    only_failed: bool,
    most: u16,
) -> Result<(), String> {
    let found = webhook::deliveries(hall, webhook, only_failed, most).await.map_err(told)?;
    if !found.is_empty() {
        println!(
            "{FAINT}{:<26}  {:<19}  {:<16}  {:>5}  {:<33}  TO{FAINT:#}",
            "DELIVERY", "SINCE", "STATE", "TRIES", "EVENT"
        );
    }
    let now = hall.now_ms();
    for delivery in &found {
        let (state, style) = progress(delivery, now);
        println!(
            "{:<26}  {:<19}  {style}{state:<16}{style:#}  {:>5}  {:<33}  {}",
            delivery.id.as_str(),
            second(delivery.created_at),
            delivery.tries,
            action(delivery),
            plain(&delivery.url)
        );
    }
    if !found.is_empty() {
        println!();
    }
    println!("{} shown.", counted(found.len() as u64, "delivery", "deliveries"));
    Ok(())
}

pub(super) async fn story(hall: &Guildhall, id: WebhookDeliveryId) -> Result<(), String> {
    let (delivery, attempts) = webhook::story(hall, id).await.map_err(told)?;
    let (state, style) = progress(&delivery, hall.now_ms());
    println!(
        "{}  {style}{state}{style:#}\n  event    {}  {}\n  about    {}\n  webhook  {}\n  to       {}\n  since    {}\n",
        delivery.id,
        action(&delivery),
        delivery.event_id,
        delivery.subject_id,
        delivery.webhook,
        plain(&delivery.url),
        second(delivery.created_at)
    );
    let is_waiting = matches!(delivery.progress, Progress::Waiting { .. });
    for attempt in &attempts {
        let is_last = attempt.number == delivery.tries;
        println!("{}", tried(attempt, is_waiting && is_last));
    }
    println!("{}", counted(attempts.len() as u64, "try.", "tries."));
    Ok(())
}

/// One try as a paragraph. Without an end it may be under way, unless a later one began.
fn tried(attempt: &Attempt, may_be_under_way: bool) -> String {
    let style = match (attempt.duration_ms, attempt.status, &attempt.error) {
        (None, ..) if may_be_under_way => COMING,
        (Some(_), Some(200..300), None) => GOOD,
        _ => BAD,
    };
    let outcome = match (attempt.duration_ms, attempt.status, &attempt.error) {
        (None, ..) if may_be_under_way => "is under way, or was cut off".to_owned(),
        (None, ..) => "was cut off: the server stopped".to_owned(),
        (Some(took), Some(status), None) => format!("answered {status} after {took} ms"),
        (Some(took), Some(status), Some(error)) => format!("answered {status} after {took} ms: {error}"),
        (Some(took), None, error) => {
            format!("no answer after {took} ms: {}", error.as_deref().unwrap_or_default())
        }
    };
    let (began, outcome) = (second(attempt.began_at), plain(&outcome));
    let mut text = format!("try {:>2}  {began}  {style}{outcome}{style:#}\n", attempt.number);
    if let Some(answer) = attempt.answer.as_deref().map(plain).filter(|answer| !answer.trim().is_empty()) {
        text = format!("{text}        {FAINT}{answer}{FAINT:#}\n");
    }
    text
}

pub(super) fn replayed(done: Replayed) {
    println!("{} due again.", counted(done.queued, "delivery is", "deliveries are"));
    if done.under_way > 0 {
        println!("{} under way already.", counted(done.under_way, "delivery is", "deliveries are"));
    }
    if done.off > 0 {
        println!("{} left alone: the webhook is switched off or deleted.", counted(done.off, "is", "are"));
    }
}

fn progress(delivery: &Delivery, now: i64) -> (String, Style) {
    match delivery.progress {
        Progress::Waiting { due_at } if due_at <= now => ("due".to_owned(), COMING),
        Progress::Waiting { due_at } => {
            (format!("again in {}", super::super::job::span(due_at - now)), COMING)
        }
        Progress::Behind => ("behind another".to_owned(), COMING),
        Progress::Delivered => ("delivered".to_owned(), GOOD),
        Progress::Failed => ("failed".to_owned(), BAD),
        Progress::Dropped => ("dropped".to_owned(), FAINT),
    }
}

/// The event as its receiver knows it.
fn action(delivery: &Delivery) -> String {
    let event = Event::from_word(&delivery.event);
    let heard = event.and_then(|event| if delivery.is_for_app { event.twin() } else { Some(event) });
    heard.map_or_else(|| delivery.event.clone(), |event| event.action().to_owned())
}

/// A moment to the second, in UTC.
fn second(milliseconds: i64) -> String {
    rfc3339(milliseconds)[..19].replace('T', " ")
}

/// The beginning of what others wrote, without what could steer a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_LINE).collect()
}

fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}
