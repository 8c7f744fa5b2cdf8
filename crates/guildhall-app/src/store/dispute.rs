//! Rows of disputes.

use super::refund::drawn_from;
use super::{Read, Row, Tx, params};
use crate::dispute::Dispute;
use crate::error::{Error, Result};
use guildhall_core::dispute::DisputeStatus;
use guildhall_core::ids::{CompanyId, DisputeId, Id, PaymentId};
use guildhall_core::money::Currency;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, payment_id, company_id, amount_minor, currency, status, reason, reference, fee_minor,
               drawn_reward_minor, drawn_pending_minor, drawn_reserve_minor, drawn_available_minor,
               drawn_debt_minor, needs_response_by, created_at, updated_at
             from disputes ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<Dispute> {
    let status = row.text(5)?;
    Ok(Dispute {
        id: row.id(0)?,
        payment: row.id(1)?,
        company: row.id(2)?,
        amount_minor: row.int(3)?,
        currency: Currency::parse(&row.text(4)?).map_err(|error| Error::internal(error.0))?,
        status: DisputeStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("a dispute that is {status}")))?,
        reason: row.text_or_null(6)?,
        reference: row.text(7)?,
        fee_minor: row.int(8)?,
        drawn: drawn_from(&mut row, 9)?,
        needs_response_by: row.int_or_null(14)?,
        created_at: row.int(15)?,
        updated_at: row.int(16)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &DisputeId) -> Result<Option<Dispute>> {
    read.first(select!("where id = $1"), params![id])?.map(from_row).transpose()
}

pub(crate) fn of_reference(read: &mut Read<'_>, reference: &str) -> Result<Option<Dispute>> {
    read.first(select!("where reference = $1"), params![reference])?.map(from_row).transpose()
}

/// The disputes of a payment, newest first, at most a hundred.
pub(crate) fn of_payment(read: &mut Read<'_>, payment: &PaymentId) -> Result<Vec<Dispute>> {
    let rows = read.query(select!("where payment_id = $1 order by id desc limit 100"), params![payment])?;
    rows.into_iter().map(from_row).collect()
}

/// A company's disputes that wait for an answer, those whose time ends first before the others.
pub(crate) fn waiting(read: &mut Read<'_>, company: &CompanyId, most: usize) -> Result<Vec<Dispute>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = read.query(
        select!(
            "where company_id = $1
               and status in ('needs_response', 'warning_needs_response')
             order by coalesce(needs_response_by, created_at), id
             limit $2"
        ),
        params![company, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// How many of a company's disputes wait for an answer.
pub(crate) fn count_waiting(read: &mut Read<'_>, company: &CompanyId) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from disputes
         where company_id = $1
           and status in ('needs_response', 'warning_needs_response')",
        params![company],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// A company's disputes that wait for no answer, newest first, after one of them.
pub(crate) fn not_waiting(
    read: &mut Read<'_>,
    company: &CompanyId,
    after: Option<&DisputeId>,
    most: usize,
) -> Result<Vec<Dispute>> {
    // No id is greater than this one.
    let below = after.map_or("dspt_zzzzzzzzzzzzzzzzzzzzzzzzzzzz", Id::as_str);
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = read.query(
        select!(
            "where company_id = $1
               and id < $2
               and status not in ('needs_response', 'warning_needs_response')
             order by id desc
             limit $3"
        ),
        params![company, below, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// Disputes, newest first, of one company or of all.
pub(crate) fn list(read: &mut Read<'_>, company: Option<&CompanyId>, most: i64) -> Result<Vec<Dispute>> {
    let rows = match company {
        Some(company) => {
            read.query(select!("where company_id = $1 order by id desc limit $2"), params![company, most])?
        }
        None => read.query(select!("order by id desc limit $1"), params![most])?,
    };
    rows.into_iter().map(from_row).collect()
}

/// Writes a dispute down, new or changed.
pub(crate) fn save(tx: &mut Tx<'_>, dispute: &mut Dispute) -> Result<()> {
    dispute.updated_at = tx.now;
    let drawn = &dispute.drawn;
    tx.execute(
        "insert into disputes (id, payment_id, company_id, amount_minor, currency, status, reason, reference, fee_minor,
           drawn_reward_minor, drawn_pending_minor, drawn_reserve_minor, drawn_available_minor, drawn_debt_minor,
           needs_response_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         on conflict (id) do update set status = excluded.status, amount_minor = excluded.amount_minor,
           fee_minor = excluded.fee_minor, drawn_reward_minor = excluded.drawn_reward_minor,
           drawn_pending_minor = excluded.drawn_pending_minor, drawn_reserve_minor = excluded.drawn_reserve_minor,
           drawn_available_minor = excluded.drawn_available_minor, drawn_debt_minor = excluded.drawn_debt_minor,
           needs_response_by = excluded.needs_response_by, updated_at = excluded.updated_at",
        params![
            &dispute.id,
            &dispute.payment,
            &dispute.company,
            dispute.amount_minor,
            dispute.currency.code(),
            dispute.status.as_str(),
            dispute.reason.as_deref(),
            &dispute.reference,
            dispute.fee_minor,
            drawn.reward_minor,
            drawn.pending_minor,
            drawn.reserve_minor,
            drawn.available_minor,
            drawn.debt_minor,
            dispute.needs_response_by,
            dispute.created_at,
            dispute.updated_at
        ],
    )?;
    Ok(())
}
