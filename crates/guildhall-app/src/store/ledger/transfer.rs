//! Writing a transfer down: its key, its entries, and the balances they move.

use crate::error::{Error, Result};
use crate::ledger::Account;
use crate::store::{Tx, params};
use guildhall_core::ids::TransferId;
use guildhall_core::ledger::{Entry, Posting};
use guildhall_core::money::Currency;

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

/// What became of a transfer.
#[derive(Debug)]
pub(crate) enum Written<'a> {
    /// It is written down under this id.
    New(TransferId),
    /// Its key was used before, for the same request or for another; nothing was moved.
    Used { same_request: bool },
    /// This account's balance would leave its bounds; the transaction must be given up.
    OutOfBounds(&'a Account),
}

/// Claims a transfer's key, moves the balances of a balanced posting and writes its entries down. A second caller with
/// the same key waits until the first is done.
pub(crate) fn write<'a>(
    tx: &mut Tx<'_>,
    transfer: &NewTransfer<'_>,
    posting: &'a Posting<Account>,
) -> Result<Written<'a>> {
    if !posting.is_balanced() {
        return Err(Error::internal("an unbalanced posting"));
    }
    let id: TransferId = tx.mint();
    let mut sides: Vec<Side<'_>> =
        (0..).zip(&posting.entries).map(|(at, entry)| Side { at, entry }).collect();
    // One order for everyone, so that two transfers never wait for each other.
    sides.sort_by(|a, b| a.entry.account.id.cmp(&b.entry.account.id));
    let begun = match begin_at_once(tx, &id, transfer, posting.currency, &sides)? {
        Some(begun) => begun,
        None => Begun { is_claimed: claim(tx, &id, transfer)?, moved: Vec::new() },
    };
    if !begun.is_claimed {
        return used(tx, transfer);
    }
    if begun.moved.len() == sides.len() {
        return Ok(Written::New(id));
    }
    let mut moved_before = begun.moved.into_iter();
    for Side { at, entry } in sides {
        let moved = match moved_before.next() {
            Some(moved) => Some(moved),
            None => move_balance(tx, &id, &entry.account, posting.currency, entry.amount_minor)?,
        };
        let Some(moved) = moved else { return Ok(Written::OutOfBounds(&entry.account)) };
        tx.execute(
            "insert into ledger_entries
               (transfer_id, position, account_id, currency, amount_minor, sequence, balance_after_minor,
                previous_transfer_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
            params![
                &id,
                at,
                &entry.account.id,
                posting.currency.code(),
                entry.amount_minor,
                moved.sequence,
                moved.balance_after_minor,
                moved.previous.as_ref()
            ],
        )?;
    }
    Ok(Written::New(id))
}

/// An entry with its place in the posting.
struct Side<'a> {
    at: i64,
    entry: &'a Entry<Account>,
}

/// What of a transfer was done in one statement.
struct Begun {
    is_claimed: bool,
    /// The balances that were moved, in the order of the sides; when it is all of them, their entries are written too.
    moved: Vec<Moved>,
}

/// Does all of a plain transfer in one statement, on the engine where statements are far away. What it leaves undone
/// is done step by step: the first balance of an account, and a transfer of which a balance would leave its bounds.
fn begin_at_once(
    tx: &mut Tx<'_>,
    id: &TransferId,
    transfer: &NewTransfer<'_>,
    currency: Currency,
    sides: &[Side<'_>],
) -> Result<Option<Begun>> {
    let (Some(sql), [first, second]) = (tx.read.engine.dialect().transfer_between_two(), sides) else {
        return Ok(None);
    };
    let is_plain = sides.iter().all(|side| side.entry.account.kind.may_go_positive());
    if !is_plain || first.entry.account.id == second.entry.account.id {
        return Ok(None);
    }
    let now = tx.now;
    let mut row = tx
        .first(
            sql,
            params![
                id,
                transfer.caller,
                transfer.key,
                transfer.request_hash,
                transfer.reason,
                transfer.notes,
                transfer.subject,
                now,
                currency.code(),
                &first.entry.account.id,
                first.entry.amount_minor,
                first.at,
                &second.entry.account.id,
                second.entry.amount_minor,
                second.at
            ],
        )?
        .ok_or_else(|| Error::internal("a transfer answered nothing"))?;
    let mut moved = Vec::with_capacity(sides.len());
    for column in [1, 4] {
        if let Some(sequence) = row.int_or_null(column)? {
            let (balance_after_minor, previous) = (row.int(column + 1)?, row.id_or_null(column + 2)?);
            moved.push(Moved { sequence, balance_after_minor, previous });
        }
    }
    Ok(Some(Begun { is_claimed: row.int(0)? == 1, moved }))
}

/// Claims a caller's key; `false` when it was used before. A second caller waits until the first is done.
fn claim(tx: &mut Tx<'_>, id: &TransferId, transfer: &NewTransfer<'_>) -> Result<bool> {
    let now = tx.now;
    let added = tx.execute(
        "insert into ledger_transfers
           (id, caller, idempotence_key, request_hash, reason, notes, subject_id, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (caller, idempotence_key) do nothing",
        params![
            id,
            transfer.caller,
            transfer.key,
            transfer.request_hash,
            transfer.reason,
            transfer.notes,
            transfer.subject,
            now
        ],
    )?;
    Ok(added == 1)
}

fn used<'a>(tx: &mut Tx<'_>, transfer: &NewTransfer<'_>) -> Result<Written<'a>> {
    let mut row = tx
        .first(
            "select request_hash from ledger_transfers where caller = $1 and idempotence_key = $2",
            params![transfer.caller, transfer.key],
        )?
        .ok_or_else(|| Error::internal("a transfer that stood in the way is missing"))?;
    Ok(Written::Used { same_request: row.bytes(0)? == transfer.request_hash })
}

/// A balance that was moved.
struct Moved {
    /// Which of its moves this was, from one.
    sequence: i64,
    balance_after_minor: i64,
    /// The transfer that moved it before.
    previous: Option<TransferId>,
}

/// Moves one balance; `None` when it would leave its bounds.
fn move_balance(
    tx: &mut Tx<'_>,
    transfer: &TransferId,
    account: &Account,
    currency: Currency,
    amount_minor: i64,
) -> Result<Option<Moved>> {
    let overdraft = account.kind.may_go_negative();
    let row = if amount_minor < 0 && !overdraft {
        tx.first(
            "update ledger_balances
             set balance_minor = balance_minor + $3, last_sequence = last_sequence + 1,
               previous_transfer_id = last_transfer_id, last_transfer_id = $4
             where account_id = $1
               and currency = $2
               and balance_minor + $3 >= 0
             returning last_sequence, balance_minor, previous_transfer_id",
            params![&account.id, currency.code(), amount_minor, transfer],
        )?
    } else if amount_minor > 0 && !account.kind.may_go_positive() {
        tx.first(
            "update ledger_balances
             set balance_minor = balance_minor + $3, last_sequence = last_sequence + 1,
               previous_transfer_id = last_transfer_id, last_transfer_id = $4
             where account_id = $1
               and currency = $2
               and balance_minor + $3 <= 0
             returning last_sequence, balance_minor, previous_transfer_id",
            params![&account.id, currency.code(), amount_minor, transfer],
        )?
    } else {
        tx.first(
            "insert into ledger_balances
               (account_id, currency, overdraft, balance_minor, last_sequence, last_transfer_id)
             values ($1, $2, $3, $4, 1, $5)
             on conflict (account_id, currency)
             do update set balance_minor = ledger_balances.balance_minor + excluded.balance_minor,
               last_sequence = ledger_balances.last_sequence + 1,
               previous_transfer_id = ledger_balances.last_transfer_id,
               last_transfer_id = excluded.last_transfer_id
             returning last_sequence, balance_minor, previous_transfer_id",
            params![&account.id, currency.code(), overdraft, amount_minor, transfer],
        )?
    };
    row.map(|mut row| {
        Ok(Moved { sequence: row.int(0)?, balance_after_minor: row.int(1)?, previous: row.id_or_null(2)? })
    })
    .transpose()
}
