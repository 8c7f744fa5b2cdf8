//! What the two engines cannot share. Nothing else in the house asks which engine runs.

use super::{Engine, params};
use crate::error::Result;

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
}
