//! Rows of events on their way, and of the tries to get them there.

use super::super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::webhook::{Attempt, Delivery, Progress};
use guildhall_core::ids::{JobId, WebhookDeliveryId, WebhookEventId, WebhookId};

/// How a try ended.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    pub(crate) number: i64,
    pub(crate) duration_ms: i64,
    pub(crate) status: Option<i64>,
    pub(crate) answer: Option<String>,
    pub(crate) error: Option<String>,
}

pub(crate) fn insert_delivery(
    tx: &mut Tx<'_>,
    id: &WebhookDeliveryId,
    webhook: &WebhookId,
    event: &WebhookEventId,
    job: &JobId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into webhook_deliveries (id, webhook_id, event_id, job_id, state, created_at, updated_at)
         values ($1, $2, $3, $4, 'waiting', $5, $5)",
        params![id, webhook, event, job, now],
    )?;
    Ok(())
}

/// Lets a delivery wait again, for another job.
pub(crate) fn requeue(tx: &mut Tx<'_>, id: &WebhookDeliveryId, job: &JobId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update webhook_deliveries
         set state = 'waiting', job_id = $2, updated_at = $3
         where id = $1",
        params![id, job, now],
    )?;
    Ok(())
}

pub(crate) fn set_state(tx: &mut Tx<'_>, id: &WebhookDeliveryId, state: &str) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update webhook_deliveries
         set state = $2, updated_at = $3
         where id = $1",
        params![id, state, now],
    )?;
    Ok(())
}

/// The webhook and the event of a delivery, and its state.
pub(crate) fn delivery_parts(
    read: &mut Read<'_>,
    id: &WebhookDeliveryId,
) -> Result<Option<(WebhookId, WebhookEventId, String)>> {
    let row = read.first(
        "select webhook_id, event_id, state
         from webhook_deliveries
         where id = $1",
        params![id],
    )?;
    row.map(|mut row| Ok((row.id(0)?, row.id(1)?, row.text(2)?))).transpose()
}

/// The delivery of an event to a webhook.
pub(crate) fn find_delivery(
    read: &mut Read<'_>,
    webhook: &WebhookId,
    event: &WebhookEventId,
) -> Result<Option<WebhookDeliveryId>> {
    let row = read.first(
        "select id
         from webhook_deliveries
         where webhook_id = $1 and event_id = $2",
        params![webhook, event],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Writes down that a try begins; answers its number. Only who holds the job of a delivery tries it.
pub(crate) fn begin_attempt(tx: &mut Tx<'_>, id: &WebhookDeliveryId, url: &str) -> Result<i64> {
    let now = tx.now;
    let row = tx.first(
        "select coalesce(max(number), 0)
         from webhook_attempts
         where delivery_id = $1",
        params![id],
    )?;
    let number = row.map_or(Ok(0), |mut row| row.int(0))? + 1;
    tx.execute(
        "insert into webhook_attempts (delivery_id, number, url, began_at)
         values ($1, $2, $3, $4)",
        params![id, number, url, now],
    )?;
    Ok(number)
}

pub(crate) fn end_attempt(tx: &mut Tx<'_>, id: &WebhookDeliveryId, ended: &Ended) -> Result<()> {
    tx.execute(
        "update webhook_attempts
         set duration_ms = $3, status = $4, answer = $5, error = $6
         where delivery_id = $1 and number = $2",
        params![
            id,
            ended.number,
            ended.duration_ms,
            ended.status,
            ended.answer.as_deref(),
            ended.error.as_deref()
        ],
    )?;
    Ok(())
}

/// Every try of a delivery, first to last; there are as many as jobs are tried, times its replays.
pub(crate) fn attempts(read: &mut Read<'_>, id: &WebhookDeliveryId) -> Result<Vec<Attempt>> {
    let rows = read.query(
        "select number, url, began_at, duration_ms, status, answer, error
         from webhook_attempts
         where delivery_id = $1
         order by number desc
         limit 1000",
        params![id],
    )?;
    let mut attempts: Vec<Attempt> = rows.into_iter().map(attempt).collect::<Result<_>>()?;
    attempts.reverse();
    Ok(attempts)
}

fn attempt(mut row: Row) -> Result<Attempt> {
    Ok(Attempt {
        number: row.int(0)?,
        url: row.text(1)?,
        began_at: row.int(2)?,
        duration_ms: row.int_or_null(3)?,
        status: row.int_or_null(4)?,
        answer: row.text_or_null(5)?,
        error: row.text_or_null(6)?,
    })
}

macro_rules! delivery_columns {
    () => {
        "select d.id, d.webhook_id, d.event_id, e.event, e.subject_id, w.url, d.state, j.state, j.due_at,
           (select count(*)
            from webhook_attempts a
            where a.delivery_id = d.id),
           d.created_at, w.app_id
         from webhook_deliveries d
         join webhook_events e on e.id = d.event_id
         join webhooks w on w.id = d.webhook_id
         left join jobs j on j.id = d.job_id"
    };
}

/// The condition that a delivery was given up: by its receiver, or by its job, which is dead or was discarded.
macro_rules! is_failed {
    () => {
        "(d.state = 'failed' or (d.state = 'waiting' and (j.id is null or j.state = 'dead')))"
    };
}

/// The newest deliveries, of one webhook or of all, before an id.
pub(crate) fn deliveries(
    read: &mut Read<'_>,
    webhook: Option<&WebhookId>,
    only_failed: bool,
    most: i64,
) -> Result<Vec<Delivery>> {
    let rows = match only_failed {
        false => read.query(
            concat!(
                delivery_columns!(),
                " where cast($1 as text) is null or d.webhook_id = $1
                 order by d.id desc
                 limit $2"
            ),
            params![webhook, most],
        )?,
        true => read.query(
            concat!(
                delivery_columns!(),
                " where (cast($1 as text) is null or d.webhook_id = $1) and ",
                is_failed!(),
                " order by d.id desc
                 limit $2"
            ),
            params![webhook, most],
        )?,
    };
    rows.into_iter().map(delivery).collect()
}

/// One delivery.
pub(crate) fn shown(read: &mut Read<'_>, id: &WebhookDeliveryId) -> Result<Option<Delivery>> {
    let row = read.first(concat!(delivery_columns!(), " where d.id = $1"), params![id])?;
    row.map(delivery).transpose()
}

/// The first deliveries after an id that were given up.
pub(crate) fn failed_after(read: &mut Read<'_>, after: &str, most: i64) -> Result<Vec<Delivery>> {
    let rows = read.query(
        concat!(
            delivery_columns!(),
            " where d.id > $1 and ",
            is_failed!(),
            " order by d.id
             limit $2"
        ),
        params![after, most],
    )?;
    rows.into_iter().map(delivery).collect()
}

fn delivery(mut row: Row) -> Result<Delivery> {
    let (state, job) = (row.text(6)?, row.text_or_null(7)?);
    let progress = match (state.as_str(), job.as_deref()) {
        ("delivered", _) => Progress::Delivered,
        ("dropped", _) => Progress::Dropped,
        ("waiting", Some("ready" | "resting")) => Progress::Waiting { due_at: row.int(8)? },
        ("waiting", Some("behind")) => Progress::Behind,
        ("waiting" | "failed", _) => Progress::Failed,
        _ => return Err(Error::internal(format!("a delivery cannot be {state}"))),
    };
    Ok(Delivery {
        id: row.id(0)?,
        webhook: row.id(1)?,
        event_id: row.id(2)?,
        event: row.text(3)?,
        subject_id: row.text(4)?,
        url: row.text(5)?,
        progress,
        tries: row.int(9)?,
        created_at: row.int(10)?,
        is_for_app: row.text_or_null(11)?.is_some(),
    })
}
