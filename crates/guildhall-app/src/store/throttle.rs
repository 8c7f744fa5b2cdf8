//! Rows of throttles.

use super::{Tx, params};
use crate::error::Result;

/// When a bucket runs empty, in milliseconds; holds it until the transaction ends.
pub(crate) fn find_and_hold(tx: &mut Tx<'_>, name: &str) -> Result<Option<i64>> {
    tx.lock(name)?;
    let row = tx.first("select empty_at from throttles where name = $1", params![name])?;
    row.map(|mut row| row.int(0)).transpose()
}

pub(crate) fn set(tx: &mut Tx<'_>, name: &str, empty_at: i64) -> Result<()> {
    tx.execute(
        "insert into throttles (name, empty_at)
         values ($1, $2)
         on conflict (name) do update set empty_at = excluded.empty_at",
        params![name, empty_at],
    )?;
    Ok(())
}

/// Takes one try out of a bucket, between others' looking and filling.
pub(crate) fn give_back(tx: &mut Tx<'_>, name: &str, each_ms: i64) -> Result<()> {
    tx.lock(name)?;
    tx.execute(
        "update throttles
         set empty_at = empty_at - $2
         where name = $1",
        params![name, each_ms],
    )?;
    Ok(())
}

/// Forgets a bucket, between others' looking and filling.
pub(crate) fn delete(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    tx.lock(name)?;
    tx.execute("delete from throttles where name = $1", params![name])?;
    Ok(())
}

/// Forgets buckets that ran empty.
pub(crate) fn delete_empty(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now;
    tx.execute("delete from throttles where empty_at <= $1", params![now])?;
    Ok(())
}
