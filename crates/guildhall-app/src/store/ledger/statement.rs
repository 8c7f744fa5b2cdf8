//! Reading one balance's history, from any place on.

use super::{account, currency_of, kind_of};
use crate::error::Result;
use crate::ledger::{Account, Line, OwnAccount, Side, Total};
use crate::store::{Read, params};
use guildhall_core::ids::{LedgerAccountId, TransferId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;

/// A balance by its account and currency, how many entries it has, and which transfer has the last.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) account: Account,
    pub(crate) currency: Currency,
    pub(crate) last_sequence: i64,
    last_transfer: Option<TransferId>,
}

/// The balances of one account.
pub(crate) fn of_account(read: &mut Read<'_>, id: &LedgerAccountId, most: i64) -> Result<Vec<History>> {
    let rows = read.query(
        "select a.id, a.kind, a.owner_id, b.currency, b.last_sequence, b.last_transfer_id
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         where a.id = $1
         order by b.currency
         limit $2",
        params![id, most],
    )?;
    rows.into_iter().map(history).collect()
}

/// The balances of an owner's accounts of a kind.
pub(crate) fn of_owner(
    read: &mut Read<'_>,
    kind: AccountKind,
    owner: &str,
    most: i64,
) -> Result<Vec<History>> {
    let rows = read.query(
        "select a.id, a.kind, a.owner_id, b.currency, b.last_sequence, b.last_transfer_id
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         where a.kind = $1
           and a.owner_id = $2
         order by b.currency
         limit $3",
        params![kind.as_str(), owner, most],
    )?;
    rows.into_iter().map(history).collect()
}

/// The balances of every account of a kind.
pub(crate) fn of_kind(read: &mut Read<'_>, kind: AccountKind, most: i64) -> Result<Vec<History>> {
    let rows = read.query(
        "select a.id, a.kind, a.owner_id, b.currency, b.last_sequence, b.last_transfer_id
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         where a.kind = $1
         order by a.owner_id, b.currency
         limit $2",
        params![kind.as_str(), most],
    )?;
    rows.into_iter().map(history).collect()
}

fn history(mut row: crate::store::Row) -> Result<History> {
    Ok(History {
        account: account(&mut row)?,
        currency: currency_of(&row.text(3)?)?,
        last_sequence: row.int(4)?,
        last_transfer: row.id_or_null(5)?,
    })
}

/// When an entry of a balance was written.
pub(crate) fn written_at(read: &mut Read<'_>, history: &History, sequence: i64) -> Result<Option<i64>> {
    Ok(lines(read, history, sequence - 1, sequence, 0)?.first().map(|line| line.at))
}

/// The nearest entry at or behind a place from which entries can be followed back: one of those in the index, or the
/// last.
fn anchor(read: &mut Read<'_>, history: &History, sequence: i64) -> Result<Option<(TransferId, i64)>> {
    let row = read.first(
        "select transfer_id, sequence
         from ledger_entries
         where account_id = $1
           and currency = $2
           and sequence >= $3
           and sequence % 32 = 0
         order by sequence
         limit 1",
        params![&history.account.id, history.currency.code(), sequence],
    )?;
    match (row, &history.last_transfer) {
        (Some(mut row), _) => Ok(Some((row.id(0)?, row.int(1)?))),
        (None, Some(last)) => Ok(Some((last.clone(), history.last_sequence))),
        (None, None) => Ok(None),
    }
}

/// The entries of a balance after one, up to another, each with up to `sides` of what stands on the other side.
pub(crate) fn lines(
    read: &mut Read<'_>,
    history: &History,
    after: i64,
    until: i64,
    sides: i64,
) -> Result<Vec<Line>> {
    let Some((transfer, sequence)) = anchor(read, history, until)? else { return Ok(Vec::new()) };
    let rows = read.query(
        "with recursive course
           (sequence, transfer_id, previous_transfer_id, amount_minor, balance_after_minor) as (
           select e.sequence, e.transfer_id, e.previous_transfer_id, e.amount_minor, e.balance_after_minor
           from ledger_entries e
           where e.transfer_id = $3
             and e.account_id = $1
             and e.currency = $2
             and e.sequence = $4
           union all
           select e.sequence, e.transfer_id, e.previous_transfer_id, e.amount_minor, e.balance_after_minor
           from course c
           join ledger_entries e on e.transfer_id = c.previous_transfer_id
             and e.account_id = $1
             and e.currency = $2
             and e.sequence = c.sequence - 1
           where c.sequence - 1 > $5)
         select c.sequence, t.id, t.created_at, t.reason, t.subject_id, t.notes, c.amount_minor,
           c.balance_after_minor
         from course c
         join ledger_transfers t on t.id = c.transfer_id
         where c.sequence > $5
           and c.sequence <= $6
         order by c.sequence",
        params![&history.account.id, history.currency.code(), &transfer, sequence, after, until],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let transfer: TransferId = row.id(1)?;
            let others = match sides {
                0 => Vec::new(),
                _ => other_sides(read, &transfer, &history.account.id, sides)?,
            };
            Ok(Line {
                sequence: row.int(0)?,
                others,
                transfer,
                at: row.int(2)?,
                reason: row.text(3)?,
                subject: row.text_or_null(4)?,
                notes: row.text_or_null(5)?,
                amount_minor: row.int(6)?,
                balance_after_minor: row.int(7)?,
            })
        })
        .collect()
}

fn other_sides(
    read: &mut Read<'_>,
    transfer: &TransferId,
    account: &LedgerAccountId,
    most: i64,
) -> Result<Vec<Side>> {
    let rows = read.query(
        "select a.kind, a.owner_id, e.amount_minor
         from ledger_entries e
         join ledger_accounts a on a.id = e.account_id
         where e.transfer_id = $1
           and e.account_id <> $2
         order by e.position
         limit $3",
        params![transfer, account, most],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(Side { kind: kind_of(&row.text(0)?)?, owner: row.text(1)?, amount_minor: row.int(2)? })
        })
        .collect()
}

/// The platform's own balances: neither a user's nor a company's.
pub(crate) fn own_accounts(read: &mut Read<'_>, most: i64) -> Result<Vec<OwnAccount>> {
    let rows = read.query(
        "select a.id, a.kind, a.owner_id, b.currency, b.balance_minor
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         where a.kind in ('clearing', 'disputed', 'funding', 'in_transit', 'platform_fees', 'processor_fees')
         order by a.kind, a.owner_id, b.currency
         limit $1",
        params![most],
    )?;
    rows.into_iter()
        .map(|mut row| {
            Ok(OwnAccount { account: account(&mut row)?, currency: row.text(3)?, balance_minor: row.int(4)? })
        })
        .collect()
}

/// What each kind of account holds in each currency now.
pub(crate) fn totals(read: &mut Read<'_>) -> Result<Vec<Total>> {
    let rows = read.query(
        "select a.kind, b.currency, count(*), cast(sum(b.balance_minor) as bigint)
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         group by a.kind, b.currency
         order by b.currency, a.kind",
        &[],
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
