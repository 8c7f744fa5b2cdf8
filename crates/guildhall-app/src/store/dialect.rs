//! What the two engines cannot share. Nothing else in the house asks which engine runs.

use super::{Engine, params};
use crate::error::Result;

macro_rules! due_jobs {
    ($lock:literal) => {
        concat!(
            "select id, kind, payload, ordering_key, attempts
             from jobs
             where state = 'ready' and due_at <= $1 and lane = $2
             order by due_at, id
             limit $3",
            $lock
        )
    };
}

macro_rules! wake_jobs {
    ($lock:literal) => {
        concat!(
            "update jobs
             set state = 'ready'
             where id in (
               select id
               from jobs
               where state = 'resting' and due_at <= $1
               order by due_at, id
               limit $2",
            $lock,
            ")"
        )
    };
}

/// Which engine runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Holds other transactions that name the same thing until this one ends. SQLite has one writer,
    /// so there is nobody to hold.
    pub(super) fn lock(self, engine: &mut dyn Engine, thing: &str) -> Result<()> {
        if self == Self::Postgres {
            engine.query(
                "select cast(1 as bigint) from (select pg_advisory_xact_lock(hashtextextended($1, 0))) as held",
                params![thing],
            )?;
        }
        Ok(())
    }

    /// The same for many at once: holds whoever would be alone with the thing, and is held by them alone.
    pub(super) fn share(self, engine: &mut dyn Engine, thing: &str) -> Result<()> {
        if self == Self::Postgres {
            engine.query(
                "select cast(1 as bigint) from (select pg_advisory_xact_lock_shared(hashtextextended($1, 0))) as held",
                params![thing],
            )?;
        }
        Ok(())
    }

    /// The jobs of a lane that may be taken now, the longest due first: `$1` is the moment, `$2` the lane, `$3` the
    /// most. What another taker holds is skipped; SQLite has one writer, so there is no other taker.
    pub(super) fn due_jobs(self) -> &'static str {
        match self {
            Self::Sqlite => due_jobs!(""),
            Self::Postgres => due_jobs!(" for update skip locked"),
        }
    }

    /// Makes jobs ready whose rest is over, and skips what another taker holds: `$1` is the moment, `$2` the most.
    pub(super) fn wake_jobs(self) -> &'static str {
        match self {
            Self::Sqlite => wake_jobs!(""),
            Self::Postgres => wake_jobs!(" for update skip locked"),
        }
    }

    /// All of a transfer between two accounts in one statement, where SQL can say that and each statement is a way to
    /// another process: it claims the key (`$2`, `$3`), moves the balance of `$10` by `$11` and then that of `$13` by
    /// `$14`, and writes both entries. Answers whether the key was new, and of each balance that was moved its last
    /// sequence, what it holds, and which transfer moved it before. Nothing is moved when the key is used; a balance that is not there or would go below
    /// zero without an overdraft is not moved, nor is the one after it, and then no entry is written.
    pub(super) fn transfer_between_two(self) -> Option<&'static str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres => Some(
                "with claimed as (
                   insert into ledger_transfers
                     (id, caller, idempotence_key, request_hash, reason, notes, subject_id, created_at)
                   values ($1, $2, $3, $4, $5, $6, $7, $8)
                   on conflict (caller, idempotence_key) do nothing
                   returning id),
                 first as (
                   update ledger_balances
                   set balance_minor = balance_minor + $11, last_sequence = last_sequence + 1,
                     previous_transfer_id = last_transfer_id, last_transfer_id = $1
                   where account_id = $10
                     and currency = $9
                     and (overdraft = 1 or balance_minor + $11 >= 0)
                     and exists (select 1 from claimed)
                   returning account_id, currency, last_sequence, balance_minor, previous_transfer_id),
                 second as (
                   update ledger_balances
                   set balance_minor = balance_minor + $14, last_sequence = last_sequence + 1,
                     previous_transfer_id = last_transfer_id, last_transfer_id = $1
                   where account_id = $13
                     and currency = $9
                     and (overdraft = 1 or balance_minor + $14 >= 0)
                     and exists (select 1 from first)
                   returning account_id, currency, last_sequence, balance_minor, previous_transfer_id),
                 written as (
                   insert into ledger_entries
                     (transfer_id, position, account_id, currency, amount_minor, sequence, balance_after_minor,
                      previous_transfer_id)
                   select claimed.id, cast($12 as bigint), first.account_id, first.currency, $11,
                     first.last_sequence, first.balance_minor, first.previous_transfer_id
                   from claimed, first, second
                   union all
                   select claimed.id, cast($15 as bigint), second.account_id, second.currency, $14,
                     second.last_sequence, second.balance_minor, second.previous_transfer_id
                   from claimed, first, second)
                 select (select count(*) from claimed),
                   (select last_sequence from first), (select balance_minor from first),
                   (select previous_transfer_id from first),
                   (select last_sequence from second), (select balance_minor from second),
                   (select previous_transfer_id from second)",
            ),
        }
    }
}
