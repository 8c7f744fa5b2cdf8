//! Rows of webhooks; those of events, deliveries and attempts are beside this file.

mod delivery;
mod event;

pub(crate) use delivery::{
    Ended, attempts, begin_attempt, deliveries, delivery_parts, end_attempt, failed_after, find_delivery,
    insert_delivery, requeue, set_state, shown,
};
pub(crate) use event::{
    Kept, events_between, find_event, insert_event, job_of_delivery, jobs_up_to, last_to_remove,
    remove_events_up_to,
};

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::webhook::Webhook;
use guildhall_core::ids::{CompanyId, WebhookId};
use guildhall_core::webhook::{ApiVersion, Event};

macro_rules! webhook_columns {
    () => {
        "w.id, w.company_id, w.app_id, w.url, w.api_version, w.events, w.secret, w.enabled, w.disabled_reason,
         w.created_at, w.reads_emails, w.by_app_id"
    };
}

fn from_row(row: &mut Row) -> Result<Webhook> {
    let events = row.text(5)?;
    Ok(Webhook {
        id: row.id(0)?,
        company: row.id(1)?,
        app: row.id_or_null(2)?,
        url: row.text(3)?,
        api_version: ApiVersion::parse(&row.text(4)?).map_err(|invalid| Error::internal(invalid.0))?,
        events: events.split(' ').filter_map(Event::from_word).collect(),
        secret: row.text(6)?,
        enabled: row.flag(7)?,
        disabled_reason: row.text_or_null(8)?,
        created_at: row.int(9)?,
        reads_emails: row.flag(10)?,
        by_app: row.id_or_null(11)?,
    })
}

fn words(events: &[Event]) -> String {
    events.iter().map(|event| event.as_str()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn insert(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<()> {
    let events = words(&webhook.events);
    tx.execute(
        "insert into webhooks (id, company_id, app_id, url, api_version, events, secret, enabled, created_at,
           reads_emails, by_app_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            &webhook.id,
            &webhook.company,
            webhook.app.as_ref(),
            &webhook.url,
            webhook.api_version.as_str(),
            &events,
            &webhook.secret,
            webhook.enabled,
            webhook.created_at,
            webhook.reads_emails,
            webhook.by_app.as_ref()
        ],
    )?;
    Ok(())
}

pub(crate) fn update(tx: &mut Tx<'_>, webhook: &Webhook) -> Result<()> {
    let events = words(&webhook.events);
    tx.execute(
        "update webhooks
         set url = $2, api_version = $3, events = $4, enabled = $5, disabled_reason = $6, reads_emails = $7,
           by_app_id = $8
         where id = $1",
        params![
            &webhook.id,
            &webhook.url,
            webhook.api_version.as_str(),
            &events,
            webhook.enabled,
            webhook.disabled_reason.as_deref(),
            webhook.reads_emails,
            webhook.by_app.as_ref()
        ],
    )?;
    Ok(())
}

/// Switches a webhook off, since its receiver asked for it.
pub(crate) fn disable(tx: &mut Tx<'_>, id: &WebhookId, reason: &str) -> Result<()> {
    tx.execute(
        "update webhooks
         set enabled = 0, disabled_reason = $2
         where id = $1",
        params![id, reason],
    )?;
    Ok(())
}

/// Lets a webhook be no more; its secret is forgotten, its deliveries stay on record.
pub(crate) fn delete(tx: &mut Tx<'_>, id: &WebhookId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update webhooks
         set deleted_at = $2, enabled = 0, secret = ''
         where id = $1",
        params![id, now],
    )?;
    Ok(())
}

pub(crate) fn find(read: &mut Read<'_>, id: &WebhookId) -> Result<Option<Webhook>> {
    let row = read.first(
        concat!(
            "select ",
            webhook_columns!(),
            " from webhooks w
             where w.id = $1 and w.deleted_at is null"
        ),
        params![id],
    )?;
    row.map(|mut row| from_row(&mut row)).transpose()
}

/// How many webhooks a company and its apps have.
pub(crate) fn count(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from webhooks
         where company_id = $1 and deleted_at is null",
        params![company],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// The webhooks of a company and its apps, oldest first; there are at most as many as it may have.
pub(crate) fn of_company(read: &mut Read<'_>, company: &CompanyId) -> Result<Vec<Webhook>> {
    let rows = read.query(
        concat!(
            "select ",
            webhook_columns!(),
            " from webhooks w
             where w.company_id = $1 and w.deleted_at is null
             order by w.id"
        ),
        params![company],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row)).collect()
}

/// Every webhook of the hall after an id, for its operator.
pub(crate) fn all_after(read: &mut Read<'_>, after: &str, most: i64) -> Result<Vec<Webhook>> {
    let rows = read.query(
        concat!(
            "select ",
            webhook_columns!(),
            " from webhooks w
             where w.id > $1 and w.deleted_at is null
             order by w.id
             limit $2"
        ),
        params![after, most],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row)).collect()
}

/// The webhooks that are on and hear what happens in a company: its own, and those of the apps it installed.
pub(crate) fn listening(read: &mut Read<'_>, company: &CompanyId) -> Result<Vec<Webhook>> {
    let rows = read.query(
        concat!(
            "select ",
            webhook_columns!(),
            " from webhooks w
             where w.company_id = $1 and w.app_id is null and w.enabled = 1 and w.deleted_at is null
             union all
             select ",
            webhook_columns!(),
            " from app_installs i
             join webhooks w on w.app_id = i.app_id
             where i.company_id = $1 and w.enabled = 1 and w.deleted_at is null
             order by 1"
        ),
        params![company],
    )?;
    rows.into_iter().map(|mut row| from_row(&mut row)).collect()
}
