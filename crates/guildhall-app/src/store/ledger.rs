//! Rows of the ledger: accounts, transfers, entries, and the balances kept beside them.

use super::{Read, Tx, params};
use crate::error::{Error, Result};
use crate::ledger::{Account, AuditReport, Balance};
use guildhall_core::ids::{Id, LedgerAccountId, TransferId};
use guildhall_core::ledger::{AccountKind, Posting};
use guildhall_core::money::Currency;

pub(crate) fn find(read: &mut Read<'_>, id: &LedgerAccountId) -> Result<Option<Account>> {
    let row = read.first("select id, kind, owner_id from ledger_accounts where id = $1", params![id])?;
    row.map(|mut row| Ok(Account { id: row.id(0)?, kind: kind_of(&row.text(1)?)?, owner: row.text(2)? }))
        .transpose()
}

fn kind_of(word: &str) -> Result<AccountKind> {
    [AccountKind::User, AccountKind::Company, AccountKind::Funding, AccountKind::PlatformFees]
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| Error::internal(format!("an account of the unknown kind {word}")))
}

pub(crate) fn find_of_owner(
    read: &mut Read<'_>,
    kind: AccountKind,
    owner: &str,
) -> Result<Option<LedgerAccountId>> {
    let row = read.first(
        "select id from ledger_accounts where kind = $1 and owner_id = $2",
        params![kind.as_str(), owner],
    )?;
    row.map(|mut row| row.id(0)).transpose()
}

/// The account of an owner, made when there is none yet.
pub(crate) fn find_or_insert(tx: &mut Tx<'_>, kind: AccountKind, owner: &str) -> Result<LedgerAccountId> {
    let (id, now): (LedgerAccountId, i64) = (tx.mint(), tx.now);
    tx.execute(
        "insert into ledger_accounts (id, kind, owner_id, created_at)
         values ($1, $2, $3, $4)
         on conflict (kind, owner_id) do nothing",
        params![&id, kind.as_str(), owner, now],
    )?;
    find_of_owner(tx, kind, owner)?.ok_or_else(|| Error::internal("an account that was just made is missing"))
}

pub(crate) fn balances(read: &mut Read<'_>, account: &LedgerAccountId) -> Result<Vec<Balance>> {
    let rows = read.query(
        "select currency, balance_minor
         from ledger_balances
         where account_id = $1
         order by currency",
        params![account],
    )?;
    rows.into_iter()
        .map(|mut row| {
            let currency = Currency::parse(&row.text(0)?).map_err(|error| Error::internal(error.0))?;
            Ok(Balance { currency, balance_minor: row.int(1)? })
        })
        .collect()
}

/// A transfer about to be written down.
#[derive(Debug)]
pub(crate) struct NewTransfer<'a> {
    pub(crate) caller: &'a str,
    pub(crate) key: &'a str,
    pub(crate) request_hash: &'a [u8],
    pub(crate) reason: &'a str,
    pub(crate) notes: Option<&'a str>,
}

/// What became of a transfer's key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// It is new, and this transfer's.
    New(TransferId),
    /// It was used before, for the same request or for another.
    Used { same_request: bool },
}

/// Claims a caller's key; a second caller waits until the first is done.
pub(crate) fn claim(tx: &mut Tx<'_>, transfer: &NewTransfer<'_>) -> Result<Claim> {
    let (id, now): (TransferId, i64) = (tx.mint(), tx.now);
    let added = tx.execute(
        "insert into ledger_transfers (id, caller, idempotence_key, request_hash, reason, notes, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (caller, idempotence_key) do nothing",
        params![
            &id,
            transfer.caller,
            transfer.key,
            transfer.request_hash,
            transfer.reason,
            transfer.notes,
            now
        ],
    )?;
    if added == 1 {
        return Ok(Claim::New(id));
    }
    let mut row = tx
        .first(
            "select request_hash from ledger_transfers where caller = $1 and idempotence_key = $2",
            params![transfer.caller, transfer.key],
        )?
        .ok_or_else(|| Error::internal("a transfer that stood in the way is missing"))?;
    Ok(Claim::Used { same_request: row.bytes(0)? == transfer.request_hash })
}

/// Writes a balanced posting down and moves the balances; `false` when an account would go below zero.
pub(crate) fn post(tx: &mut Tx<'_>, transfer: &TransferId, posting: &Posting<Account>) -> Result<bool> {
    if !posting.is_balanced() {
        return Err(Error::internal("an unbalanced posting"));
    }
    let mut entries: Vec<_> = (0_i64..).zip(&posting.entries).collect();
    // One order for everyone, so that two transfers never wait for each other.
    entries.sort_by(|(_, a), (_, b)| a.account.id.cmp(&b.account.id));
    for (position, entry) in entries {
        if !move_balance(tx, &entry.account, posting.currency, entry.amount_minor)? {
            return Ok(false);
        }
        tx.execute(
            "insert into ledger_entries (transfer_id, position, account_id, currency, amount_minor)
             values ($1, $2, $3, $4, $5)",
            params![transfer, position, &entry.account.id, posting.currency.code(), entry.amount_minor],
        )?;
    }
    Ok(true)
}

fn move_balance(tx: &mut Tx<'_>, account: &Account, currency: Currency, amount_minor: i64) -> Result<bool> {
    let overdraft = account.kind.may_go_negative();
    if amount_minor < 0 && !overdraft {
        let moved = tx.execute(
            "update ledger_balances
             set balance_minor = balance_minor + $3
             where account_id = $1
               and currency = $2
               and balance_minor + $3 >= 0",
            params![&account.id, currency.code(), amount_minor],
        )?;
        return Ok(moved == 1);
    }
    tx.execute(
        "insert into ledger_balances (account_id, currency, overdraft, balance_minor)
         values ($1, $2, $3, $4)
         on conflict (account_id, currency)
         do update set balance_minor = ledger_balances.balance_minor + excluded.balance_minor",
        params![&account.id, currency.code(), overdraft, amount_minor],
    )?;
    Ok(true)
}

/// Counts everything that must not be: all zero in a sound ledger.
pub(crate) fn audit(read: &mut Read<'_>) -> Result<AuditReport> {
    let mut count =
        |sql: &'static str| -> Result<i64> { read.first(sql, &[])?.map_or(Ok(0), |mut row| row.int(0)) };
    Ok(AuditReport {
        transfers: count("select count(*) from ledger_transfers")?,
        entries: count("select count(*) from ledger_entries")?,
        unbalanced_transfers: count(
            "select count(*) from (
               select transfer_id, currency
               from ledger_entries
               group by transfer_id, currency
               having sum(amount_minor) <> 0) as unbalanced",
        )?,
        transfers_without_entries: count(
            "select count(*)
             from ledger_transfers t
             where not exists (select 1 from ledger_entries e where e.transfer_id = t.id)",
        )?,
        wrong_balances: count(
            "select count(*) from (
               select account_id, currency, sum(amount_minor) as difference
               from (
                 select account_id, currency, amount_minor from ledger_entries
                 union all
                 select account_id, currency, -balance_minor from ledger_balances) as both_sides
               group by account_id, currency
               having sum(amount_minor) <> 0) as wrong",
        )?,
        negative_balances: count(
            "select count(*) from ledger_balances where overdraft = 0 and balance_minor < 0",
        )?,
        sums: sums(read)?,
    })
}

fn sums(read: &mut Read<'_>) -> Result<Vec<(String, i64)>> {
    let rows = read.query(
        "select currency, cast(sum(amount_minor) as bigint)
         from ledger_entries
         group by currency
         order by currency",
        &[],
    )?;
    rows.into_iter().map(|mut row| Ok((row.text(0)?, row.int(1)?))).collect()
}

/// What came into an account in a currency since a moment, what was let in from outside left out.
pub(crate) fn earned_since(
    read: &mut Read<'_>,
    account: &LedgerAccountId,
    currency: Currency,
    since: i64,
) -> Result<i64> {
    let row = read.first(
        "select cast(coalesce(sum(e.amount_minor), 0) as bigint)
         from ledger_entries e
         join ledger_transfers t on t.id = e.transfer_id
         where e.account_id = $1
           and e.currency = $2
           and e.amount_minor > 0
           and t.created_at >= $3
           and t.reason <> 'funding'",
        params![account.as_str(), currency.code(), since],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
