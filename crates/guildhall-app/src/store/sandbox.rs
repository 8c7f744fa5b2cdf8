//! Rows of the sandbox's own books.

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::processor::Reconciled;
use crate::processor::sandbox::{Known, Status};
use guildhall_core::ids::{SandboxRefundId, UserId};
use guildhall_core::money::Currency;

fn from_row(mut row: Row) -> Result<Known> {
    let status = row.text(4)?;
    Ok(Known {
        id: row.id(0)?,
        user: row.text(1)?,
        last4: row.text(2)?,
        amount_minor: row.int(3)?,
        status: Status::from_word(&status)
            .ok_or_else(|| Error::internal(format!("a sandbox charge that is {status}")))?,
        failure_code: row.text_or_null(5)?,
        asked: row.int(6)?,
    })
}

pub(crate) fn find(read: &mut Read<'_>, key: &str) -> Result<Option<Known>> {
    let row = read.first(
        "select id, user_id, last4, amount_minor, status, failure_code, asked
         from sandbox_charges
         where charge_key = $1",
        params![key],
    )?;
    row.map(from_row).transpose()
}

pub(crate) fn insert(tx: &mut Tx<'_>, key: &str, known: &Known, currency: Currency) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into sandbox_charges (charge_key, id, user_id, last4, amount_minor, currency, status, failure_code,
           asked, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        params![
            key,
            &known.id,
            &known.user,
            &known.last4,
            known.amount_minor,
            currency.code(),
            known.status.as_str(),
            known.failure_code.as_deref(),
            known.asked,
            now
        ],
    )?;
    Ok(())
}

pub(crate) fn note_asked(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    tx.execute("update sandbox_charges set asked = asked + 1 where charge_key = $1", params![key])?;
    Ok(())
}

/// Whether a buyer paid with a card before.
pub(crate) fn has_paid(read: &mut Read<'_>, user: &UserId, last4: &str) -> Result<bool> {
    let row = read.first(
        "select 1 from sandbox_charges where user_id = $1 and last4 = $2 and status = 'charged' limit 1",
        params![user, last4],
    )?;
    Ok(row.is_some())
}

/// Ends the second step of a charge; `false` when it does not wait for one.
pub(crate) fn end_second_step(
    tx: &mut Tx<'_>,
    key: &str,
    status: Status,
    failure_code: Option<&str>,
) -> Result<bool> {
    let changed = tx.execute(
        "update sandbox_charges
         set status = $2, failure_code = $3, second_step_done = 1
         where charge_key = $1 and status = 'needs_action'",
        params![key, status.as_str(), failure_code],
    )?;
    Ok(changed == 1)
}

pub(crate) fn find_refund(read: &mut Read<'_>, key: &str) -> Result<Option<SandboxRefundId>> {
    let row = read.first("select id from sandbox_refunds where refund_key = $1", params![key])?;
    row.map(|mut row| row.id(0)).transpose()
}

/// Gives back of a charge; `false` when it has not so much left.
pub(crate) fn refund(
    tx: &mut Tx<'_>,
    key: &str,
    id: &SandboxRefundId,
    charge: &str,
    amount_minor: i64,
) -> Result<bool> {
    let changed = tx.execute(
        "update sandbox_charges
         set refunded_minor = refunded_minor + $2
         where id = $1 and status = 'charged' and refunded_minor + lost_minor + $2 <= amount_minor",
        params![charge, amount_minor],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    let now = tx.now;
    tx.execute(
        "insert into sandbox_refunds (refund_key, id, charge_id, amount_minor, created_at)
         values ($1, $2, $3, $4, $5)",
        params![key, id, charge, amount_minor, now],
    )?;
    Ok(true)
}

/// The buyer's bank takes back what is left of a charge, for good.
pub(crate) fn lose(tx: &mut Tx<'_>, charge: &str) -> Result<()> {
    tx.execute(
        "update sandbox_charges
         set lost_minor = amount_minor - refunded_minor
         where id = $1 and status = 'charged'",
        params![charge],
    )?;
    Ok(())
}

/// What the sandbox holds, beside what the ledger says that came from it, by currency.
pub(crate) fn reconcile(read: &mut Read<'_>) -> Result<Vec<Reconciled>> {
    let rows = read.query(
        "select currency, cast(sum(taken) as bigint), cast(sum(booked) as bigint)
         from (
           select currency, amount_minor - refunded_minor - lost_minor as taken, 0 as booked
           from sandbox_charges
           where status = 'charged'
           union all
           select b.currency, 0 as taken, -b.balance_minor as booked
           from ledger_balances b
           join ledger_accounts a on a.id = b.account_id
           where a.kind = 'funding' and a.owner_id = 'sandbox') as both_sides
         group by currency
         order by currency",
        &[],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Reconciled { currency: row.text(0)?, taken_minor: row.int(1)?, booked_minor: row.int(2)? })
        })
        .collect()
}
