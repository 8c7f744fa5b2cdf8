//! Looking through the whole ledger as of a moment, `$1` in every statement.

use super::kind_of;
use crate::error::Result;
use crate::ledger::{OpenItem, Reach, Total};
use crate::store::{Read, params};

fn count(read: &mut Read<'_>, sql: &'static str, as_of: i64) -> Result<i64> {
    read.first(sql, params![as_of])?.map_or(Ok(0), |mut row| row.int(0))
}

pub(crate) fn transfers(read: &mut Read<'_>, as_of: i64) -> Result<i64> {
    count(read, "select count(*) from ledger_transfers where created_at <= $1", as_of)
}

pub(crate) fn entries(read: &mut Read<'_>, as_of: i64) -> Result<i64> {
    count(
        read,
        "select count(*)
         from ledger_transfers t
         join ledger_entries e on e.transfer_id = t.id
         where t.created_at <= $1",
        as_of,
    )
}

pub(crate) fn unbalanced_transfers(read: &mut Read<'_>, as_of: i64) -> Result<i64> {
    count(
        read,
        "select count(*)
         from (
           select e.transfer_id
           from ledger_transfers t
           join ledger_entries e on e.transfer_id = t.id
           where t.created_at <= $1
           group by e.transfer_id, e.currency
           having sum(e.amount_minor) <> 0) as unbalanced",
        as_of,
    )
}

pub(crate) fn transfers_without_entries(read: &mut Read<'_>, as_of: i64) -> Result<i64> {
    count(
        read,
        "select count(*)
         from ledger_transfers t
         where t.created_at <= $1
           and not exists (select 1 from ledger_entries e where e.transfer_id = t.id)",
        as_of,
    )
}

/// Entries that do not follow from the one before them of their account and currency.
pub(crate) fn broken_histories(read: &mut Read<'_>, as_of: i64) -> Result<i64> {
    count(
        read,
        "select count(*)
         from (
           select e.transfer_id, e.sequence, e.amount_minor, e.balance_after_minor, e.previous_transfer_id,
             lag(e.transfer_id) over course as transfer_before_id,
             lag(e.sequence) over course as sequence_before,
             lag(e.balance_after_minor) over course as balance_before_minor
           from ledger_entries e
           window course as (partition by e.account_id, e.currency order by e.sequence)) as history
         join ledger_transfers t on t.id = history.transfer_id
         where t.created_at <= $1
           and (history.sequence <> coalesce(history.sequence_before, 0) + 1
             or history.balance_after_minor <> coalesce(history.balance_before_minor, 0) + history.amount_minor
             or coalesce(history.previous_transfer_id, '') <> coalesce(history.transfer_before_id, ''))",
        as_of,
    )
}

/// Balances that are not what their entries say: neither their sum, nor what the last of them left.
pub(crate) fn wrong_balances(read: &mut Read<'_>) -> Result<i64> {
    let row = read.first(
        "select count(*)
         from (
           select account_id, currency
           from (
             select account_id, currency, amount_minor, 1 as entries from ledger_entries
             union all
             select account_id, currency, -balance_minor, -last_sequence from ledger_balances) as both_sides
           group by account_id, currency
           having sum(amount_minor) <> 0 or sum(entries) <> 0
           union
           select b.account_id, b.currency
           from ledger_balances b
           where not exists (
             select 1
             from ledger_entries e
             where e.transfer_id = b.last_transfer_id
               and e.account_id = b.account_id
               and e.currency = b.currency
               and e.sequence = b.last_sequence
               and e.balance_after_minor = b.balance_minor)) as wrong",
        &[],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}

/// How far balances of each kind ever reached.
pub(crate) fn reaches(read: &mut Read<'_>, as_of: i64) -> Result<Vec<Reach>> {
    let rows = read.query(
        "select a.kind,
           cast(sum(case when e.balance_after_minor < 0 then 1 else 0 end) as bigint),
           cast(sum(case when e.balance_after_minor > 0 then 1 else 0 end) as bigint)
         from ledger_transfers t
         join ledger_entries e on e.transfer_id = t.id
         join ledger_accounts a on a.id = e.account_id
         where t.created_at <= $1
         group by a.kind
         order by a.kind",
        params![as_of],
    )?;
    rows.into_iter()
        .map(|mut row| Ok(Reach { kind: kind_of(&row.text(0)?)?, below: row.int(1)?, above: row.int(2)? }))
        .collect()
}

/// What each kind of account held in each currency.
pub(crate) fn totals(read: &mut Read<'_>, as_of: i64) -> Result<Vec<Total>> {
    let rows = read.query(
        "select a.kind, e.currency, count(distinct e.account_id), cast(sum(e.amount_minor) as bigint)
         from ledger_transfers t
         join ledger_entries e on e.transfer_id = t.id
         join ledger_accounts a on a.id = e.account_id
         where t.created_at <= $1
         group by a.kind, e.currency
         order by e.currency, a.kind",
        params![as_of],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Total {
                kind: kind_of(&row.text(0)?)?,
                currency: row.text(1)?,
                accounts: row.int(2)?,
                sum_minor: row.int(3)?,
            })
        })
        .collect()
}

/// What lies in clearing, is disputed or in transit, by what it is about: that which no way out was booked for yet,
/// and that for which more went out than came in. Up to `$2`, the oldest first.
pub(crate) fn open_items(read: &mut Read<'_>, as_of: i64, most: i64) -> Result<Vec<OpenItem>> {
    let rows = read.query(
        "select a.kind, a.owner_id, e.currency, t.subject_id,
           cast(sum(e.amount_minor) as bigint), cast(min(t.created_at) as bigint)
         from ledger_accounts a
         join ledger_entries e on e.account_id = a.id
         join ledger_transfers t on t.id = e.transfer_id
         where a.kind in ('clearing', 'disputed', 'in_transit')
           and t.created_at <= $1
         group by a.kind, a.owner_id, e.currency, t.subject_id
         having sum(e.amount_minor) <> 0
         order by min(t.created_at), t.subject_id, a.kind
         limit $2",
        params![as_of, most],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(OpenItem {
                kind: kind_of(&row.text(0)?)?,
                owner: row.text(1)?,
                currency: row.text(2)?,
                subject: row.text_or_null(3)?,
                amount_minor: row.int(4)?,
                since: row.int(5)?,
            })
        })
        .collect()
}
