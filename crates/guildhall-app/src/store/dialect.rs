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
}
