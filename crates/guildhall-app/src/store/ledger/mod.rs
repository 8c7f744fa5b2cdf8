//! Rows of the ledger: accounts, transfers, entries, and the balances kept beside them.

use super::{Read, Tx, params};
use crate::error::{Error, Result};
use crate::ledger::{Account, AuditReport};
use guildhall_core::ids::{Id, LedgerAccountId, TransferId};
use guildhall_core::ledger::{AccountKind, Posting};
use guildhall_core::money::Currency;

pub(crate) fn find(read: &mut Read<'_>, id: &LedgerAccountId) -> Result<Option<Account>> {
    let row = read.first("select id, kind, owner_id from ledger_accounts where id = $1", params![id])?;
    row.map(|mut row| Ok(Account { id: row.id(0)?, kind: kind_of(&row.text(1)?)?, owner: row.text(2)? }))
        .transpose()
}

fn kind_of(word: &str) -> Result<AccountKind> {
    AccountKind::from_word(word)
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
    if let Some(found) = find_of_owner(tx, kind, owner)? {
        return Ok(found);
    }
    let (id, now): (LedgerAccountId, i64) = (tx.mint(), tx.now);
    tx.execute(
        "insert into ledger_accounts (id, kind, owner_id, created_at)
         values ($1, $2, $3, $4)
         on conflict (kind, owner_id) do nothing",
        params![&id, kind.as_str(), owner, now],
    )?;
    find_of_owner(tx, kind, owner)?.ok_or_else(|| Error::internal("an account that was just made is missing"))
}

/// What the accounts of a user or company hold, one row an account and currency, in the order of currencies.
pub(crate) fn balances_of_owner(
    read: &mut Read<'_>,
    owner: &str,
) -> Result<Vec<(AccountKind, Currency, i64)>> {
    let rows = read.query(
        "select a.kind, b.currency, b.balance_minor
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         where a.kind in ('company', 'company_debt', 'company_pending', 'company_reserve', 'user', 'user_pending')
           and a.owner_id = $1
         order by b.currency",
        params![owner],
    )?;
    rows.into_iter()
        .map(|mut row| Ok((kind_of(&row.text(0)?)?, currency_of(&row.text(1)?)?, row.int(2)?)))
        .collect()
}

/// What an owner's account of a kind holds in a currency; `None` when there is no such account or balance.
pub(crate) fn balance(
    read: &mut Read<'_>,
    kind: AccountKind,
    owner: &str,
    currency: Currency,
) -> Result<Option<i64>> {
    let row = read.first(
        "select b.balance_minor
         from ledger_accounts a
         join ledger_balances b on b.account_id = a.id
         where a.kind = $1
           and a.owner_id = $2
           and b.currency = $3",
        params![kind.as_str(), owner, currency.code()],
    )?;
    row.map(|mut row| row.int(0)).transpose()
}

fn currency_of(code: &str) -> Result<Currency> {
    Currency::parse(code).map_err(|error| Error::internal(error.0))
}

/// A transfer about to be written down.
#[derive(Debug)]
pub(crate) struct NewTransfer<'a> {
    pub(crate) caller: &'a str,
    pub(crate) key: &'a str,
    pub(crate) request_hash: &'a [u8],
    pub(crate) reason: &'a str,
    pub(crate) notes: Option<&'a str>,
    /// The id of what is booked.
    pub(crate) subject: Option<&'a str>,
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
        "insert into ledger_transfers
           (id, caller, idempotence_key, request_hash, reason, notes, subject_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (caller, idempotence_key) do nothing",
        params![
            &id,
            transfer.caller,
            transfer.key,
            transfer.request_hash,
            transfer.reason,
            transfer.notes,
            transfer.subject,
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

/// What became of a posting.
#[derive(Debug)]
pub(crate) enum Posted<'a> {
    /// All of it is written.
    Whole,
    /// This account's balance would leave its bounds; the transaction must be given up.
    OutOfBounds(&'a Account),
}

/// Writes a balanced posting down and moves the balances.
pub(crate) fn post<'a>(
    tx: &mut Tx<'_>,
    transfer: &TransferId,
    posting: &'a Posting<Account>,
) -> Result<Posted<'a>> {
    if !posting.is_balanced() {
        return Err(Error::internal("an unbalanced posting"));
    }
    let mut entries: Vec<_> = (0_i64..).zip(&posting.entries).collect();
    // One order for everyone, so that two transfers never wait for each other.
    entries.sort_by(|(_, a), (_, b)| a.account.id.cmp(&b.account.id));
    for (position, entry) in entries {
        let Some(moved) = move_balance(tx, &entry.account, posting.currency, entry.amount_minor)? else {
            return Ok(Posted::OutOfBounds(&entry.account));
        };
        tx.execute(
            "insert into ledger_entries
               (transfer_id, position, account_id, currency, amount_minor, sequence, balance_after_minor)
             values ($1, $2, $3, $4, $5, $6, $7)",
            params![
                transfer,
                position,
                &entry.account.id,
                posting.currency.code(),
                entry.amount_minor,
                moved.sequence,
                moved.balance_after_minor
            ],
        )?;
    }
    Ok(Posted::Whole)
}

/// A balance that was moved.
struct Moved {
    /// Which of its moves this was, from one.
    sequence: i64,
    balance_after_minor: i64,
}

/// Moves one balance; `None` when it would leave its bounds.
fn move_balance(
    tx: &mut Tx<'_>,
    account: &Account,
    currency: Currency,
    amount_minor: i64,
) -> Result<Option<Moved>> {
    let overdraft = account.kind.may_go_negative();
    let row = if amount_minor < 0 && !overdraft {
        tx.first(
            "update ledger_balances
             set balance_minor = balance_minor + $3, last_sequence = last_sequence + 1
             where account_id = $1
               and currency = $2
               and balance_minor + $3 >= 0
             returning last_sequence, balance_minor",
            params![&account.id, currency.code(), amount_minor],
        )?
    } else if amount_minor > 0 && !account.kind.may_go_positive() {
        tx.first(
            "update ledger_balances
             set balance_minor = balance_minor + $3, last_sequence = last_sequence + 1
             where account_id = $1
               and currency = $2
               and balance_minor + $3 <= 0
             returning last_sequence, balance_minor",
            params![&account.id, currency.code(), amount_minor],
        )?
    } else {
        tx.first(
            "insert into ledger_balances (account_id, currency, overdraft, balance_minor, last_sequence)
             values ($1, $2, $3, $4, 1)
             on conflict (account_id, currency)
             do update set balance_minor = ledger_balances.balance_minor + excluded.balance_minor,
               last_sequence = ledger_balances.last_sequence + 1
             returning last_sequence, balance_minor",
            params![&account.id, currency.code(), overdraft, amount_minor],
        )?
    };
    row.map(|mut row| Ok(Moved { sequence: row.int(0)?, balance_after_minor: row.int(1)? })).transpose()
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
