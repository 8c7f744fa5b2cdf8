//! Rows of payouts.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::payout::{Owner, Payout};
use guildhall_core::ids::PayoutId;
use guildhall_core::money::Currency;
use guildhall_core::payout::{PayoutMethod, PayoutStatus};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, holder_kind, owner_id, currency, amount_minor, fee_minor, status, method, destination,
               requested_by, reference, failure_message, sent_at, ended_at, created_at, updated_at
             from payouts ",
            $rest
        )
    };
}

fn from_row(mut row: Row) -> Result<Payout> {
    let (kind, status, method) = (row.text(1)?, row.text(6)?, row.text(7)?);
    let owner = match kind.as_str() {
        Owner::COMPANY => Owner::Company(row.id(2)?),
        Owner::USER => Owner::User(row.id(2)?),
        _ => return Err(Error::internal(format!("a payout of a {kind}"))),
    };
    Ok(Payout {
        id: row.id(0)?,
        owner,
        currency: Currency::parse(&row.text(3)?).map_err(|error| Error::internal(error.0))?,
        amount_minor: row.int(4)?,
        fee_minor: row.int(5)?,
        status: PayoutStatus::from_word(&status)
            .ok_or_else(|| Error::internal(format!("a payout that is {status}")))?,
        method: PayoutMethod::from_word(&method)
            .ok_or_else(|| Error::internal(format!("a payout by {method}")))?,
        destination: row.text(8)?,
        requested_by: row.id(9)?,
        reference: row.text_or_null(10)?,
        failure_message: row.text_or_null(11)?,
        sent_at: row.int_or_null(12)?,
        ended_at: row.int_or_null(13)?,
        created_at: row.int(14)?,
        updated_at: row.int(15)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, id: &PayoutId) -> Result<Option<Payout>> {
    read.first(select!("where id = $1"), params![id])?.map(from_row).transpose()
}

pub(crate) fn of_key(read: &mut Read<'_>, owner: &Owner, key: &str) -> Result<Option<Payout>> {
    let row =
        read.first(select!("where owner_id = $1 and idempotence_key = $2"), params![owner.as_str(), key])?;
    row.map(from_row).transpose()
}

/// An owner's payouts, newest first.
pub(crate) fn of_owner(read: &mut Read<'_>, owner: &Owner, most: i64) -> Result<Vec<Payout>> {
    let rows =
        read.query(select!("where owner_id = $1 order by id desc limit $2"), params![owner.as_str(), most])?;
    rows.into_iter().map(from_row).collect()
}

/// Everybody's payouts of two statuses, oldest first, after one.
pub(crate) fn of_statuses(
    read: &mut Read<'_>,
    statuses: [PayoutStatus; 2],
    after: &str,
    most: i64,
) -> Result<Vec<Payout>> {
    let [one, other] = statuses.map(PayoutStatus::as_str);
    let rows = read.query(
        select!("where status in ($1, $2) and id > $3 order by id limit $4"),
        params![one, other, after, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

/// How many payouts of an owner are of a status, counted up to `most`.
pub(crate) fn count(read: &mut Read<'_>, owner: &Owner, status: PayoutStatus, most: i64) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from (select id from payouts where owner_id = $1 and status = $2 limit $3) as counted",
        params![owner.as_str(), status.as_str(), most],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

pub(crate) fn insert(tx: &mut Tx<'_>, payout: &Payout, key: &str) -> Result<()> {
    tx.execute(
        "insert into payouts (id, holder_kind, owner_id, currency, amount_minor, fee_minor, status, method,
           destination, idempotence_key, requested_by, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
        params![
            &payout.id,
            payout.owner.kind(),
            payout.owner.as_str(),
            payout.currency.code(),
            payout.amount_minor,
            payout.fee_minor,
            payout.status.as_str(),
            payout.method.as_str(),
            &payout.destination,
            key,
            &payout.requested_by,
            payout.created_at
        ],
    )?;
    Ok(())
}

/// Writes down what of a payout changes, if it still stands as it did; `false` when it does not.
pub(crate) fn advance(tx: &mut Tx<'_>, payout: &Payout, from: PayoutStatus) -> Result<bool> {
    let changed = tx.execute(
        "update payouts
         set status = $3, reference = $4, failure_message = $5, sent_at = $6, ended_at = $7, updated_at = $8
         where id = $1
           and status = $2",
        params![
            &payout.id,
            from.as_str(),
            payout.status.as_str(),
            payout.reference.as_deref(),
            payout.failure_message.as_deref(),
            payout.sent_at,
            payout.ended_at,
            payout.updated_at
        ],
    )?;
    Ok(changed == 1)
}
