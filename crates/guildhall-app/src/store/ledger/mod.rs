//! Rows of the ledger: accounts, transfers, entries, and the balances kept beside them.

pub(crate) mod audit;
pub(crate) mod statement;
mod transfer;

pub(crate) use transfer::{NewTransfer, Written, write};

use super::{Read, Row, Tx, params};
use crate::error::{Error, Result};
use crate::ledger::Account;
use guildhall_core::ids::LedgerAccountId;
use guildhall_core::ledger::AccountKind;
use guildhall_core::money::Currency;

pub(crate) fn find(read: &mut Read<'_>, id: &LedgerAccountId) -> Result<Option<Account>> {
    let mut row = read.first("select id, kind, owner_id from ledger_accounts where id = $1", params![id])?;
    row.as_mut().map(account).transpose()
}

/// An account from the columns id, kind and owner.
fn account(row: &mut Row) -> Result<Account> {
    Ok(Account { id: row.id(0)?, kind: kind_of(&row.text(1)?)?, owner: row.text(2)? })
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

/// What came into an account in a currency since a moment, what was let in from outside or only came back left out.
/// Follows the entries back to that moment.
pub(crate) fn earned_since(
    read: &mut Read<'_>,
    account: &LedgerAccountId,
    currency: Currency,
    since: i64,
) -> Result<i64> {
    let row = read.first(
        "with recursive course (sequence, previous_transfer_id, amount_minor, reason) as (
           select e.sequence, e.previous_transfer_id, e.amount_minor, t.reason
           from ledger_balances b
           join ledger_entries e on e.transfer_id = b.last_transfer_id
             and e.account_id = b.account_id
             and e.currency = b.currency
             and e.sequence = b.last_sequence
           join ledger_transfers t on t.id = e.transfer_id
           where b.account_id = $1
             and b.currency = $2
             and t.created_at >= $3
           union all
           select e.sequence, e.previous_transfer_id, e.amount_minor, t.reason
           from course c
           join ledger_entries e on e.transfer_id = c.previous_transfer_id
             and e.account_id = $1
             and e.currency = $2
             and e.sequence = c.sequence - 1
           join ledger_transfers t on t.id = e.transfer_id
           where t.created_at >= $3)
         select cast(coalesce(sum(amount_minor), 0) as bigint)
         from course
         where amount_minor > 0
           and reason not in ('funding', 'payout_returned', 'refund')",
        params![account, currency.code(), since],
    )?;
    row.map_or(Ok(0), |mut row| row.int(0))
}
