//! Rows of what happened.

use super::super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use guildhall_core::ids::{CompanyId, JobId, WebhookDeliveryId, WebhookEventId};
use guildhall_core::webhook::{Event, Subject};

/// An event as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) id: WebhookEventId,
    /// By the company's name for it.
    pub(crate) event: Event,
    pub(crate) company: CompanyId,
    pub(crate) subject: Subject,
    pub(crate) created_at: i64,
}

fn from_row(row: &mut Row) -> Result<Kept> {
    let word = row.text(1)?;
    let event =
        Event::from_word(&word).ok_or_else(|| Error::internal(format!("there is no event {word}")))?;
    Ok(Kept {
        id: row.id(0)?,
        event,
        company: row.id(2)?,
        subject: serde_json::from_str(&row.text(3)?).map_err(Error::internal)?,
        created_at: row.int(4)?,
    })
}

pub(crate) fn insert_event(tx: &mut Tx<'_>, event: &Kept) -> Result<()> {
    let subject = serde_json::to_string(&event.subject).map_err(Error::internal)?;
    tx.execute(
        "insert into webhook_events (id, event, company_id, subject_id, subject, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        params![
            &event.id,
            event.event.as_str(),
            &event.company,
            event.subject.id(),
            &subject,
            event.created_at
        ],
    )?;
    Ok(())
}

pub(crate) fn find_event(read: &mut Read<'_>, id: &WebhookEventId) -> Result<Option<Kept>> {
    let row = read.first(
        "select id, event, company_id, subject, created_at
         from webhook_events
         where id = $1",
        params![id],
    )?;
    row.map(|mut row| from_row(&mut row)).transpose()
}

/// The first events from `since` on and before `until` (milliseconds), after the last of an earlier page.
pub(crate) fn events_between(
    read: &mut Read<'_>,
    since: i64,
    until: i64,
    after: Option<&(i64, WebhookEventId)>,
    most: i64,
) -> Result<Vec<Kept>> {
    let (at, id) = after.map_or((since, ""), |(at, id)| (*at, guildhall_core::ids::Id::as_str(id)));
    let rows = read.query(
        "select id, event, company_id, subject, created_at
         from webhook_events
         where created_at >= $1 and created_at < $2 and (created_at > $1 or id > $3)
         order by created_at, id
         limit $4",
        params![at, until, id, most],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row)).collect()
}

/// An event by its place in time: the events up to it are those that happened before, and it.
#[derive(Debug)]
pub(crate) struct Place {
    created_at: i64,
    id: WebhookEventId,
}

/// The last of the first `most` events that happened before a moment; `None` when there are none.
pub(crate) fn last_to_remove(read: &mut Read<'_>, moment: i64, most: i64) -> Result<Option<Place>> {
    let rows = read.query(
        "select created_at, id
         from webhook_events
         where created_at < $1
         order by created_at, id
         limit $2",
        params![moment, most],
    )?;
    let last = rows.into_iter().last();
    last.map(|mut row| Ok(Place { created_at: row.int(0)?, id: row.id(1)? })).transpose()
}

macro_rules! up_to {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            "(
               select id
               from webhook_events
               where created_at <= $1 and (created_at < $1 or id <= $2)
             )",
            $after
        )
    };
}

/// The jobs that were queued last for each delivery of the events up to one.
pub(crate) fn jobs_up_to(read: &mut Read<'_>, last: &Place) -> Result<Vec<JobId>> {
    let rows = read.query(
        up_to!("select job_id from webhook_deliveries where event_id in ", " order by id"),
        params![last.created_at, &last.id],
    )?;
    rows.into_iter().map(|mut row| row.id(0)).collect()
}

/// The job that was queued last for a delivery.
pub(crate) fn job_of_delivery(read: &mut Read<'_>, delivery: &WebhookDeliveryId) -> Result<Option<JobId>> {
    let row = read.first(
        "select job_id
         from webhook_deliveries
         where id = $1",
        params![delivery],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Removes the events up to one, with their deliveries and the attempts of those.
pub(crate) fn remove_events_up_to(tx: &mut Tx<'_>, last: &Place) -> Result<()> {
    tx.execute(
        up_to!(
            "delete from webhook_attempts
             where delivery_id in (
               select id
               from webhook_deliveries
               where event_id in ",
            ")"
        ),
        params![last.created_at, &last.id],
    )?;
    tx.execute(
        up_to!("delete from webhook_deliveries where event_id in ", ""),
        params![last.created_at, &last.id],
    )?;
    tx.execute(
        "delete from webhook_events where created_at <= $1 and (created_at < $1 or id <= $2)",
        params![last.created_at, &last.id],
    )?;
    Ok(())
}
