//! Small things every copy of the server shares: secrets made once, and what a founding remembers.

use super::{Read, Tx, params};
use crate::error::{Error, Result};

/// The 32 secret bytes of this name; the first caller makes them.
pub(crate) fn find_or_make(tx: &mut Tx<'_>, name: &str) -> Result<[u8; 32]> {
    let fresh = tx.random_bytes::<32>();
    tx.execute(
        "insert into secrets (name, value)
         values ($1, $2)
         on conflict (name) do nothing",
        params![name, fresh.as_slice()],
    )?;
    let mut row = tx
        .first("select value from secrets where name = $1", params![name])?
        .ok_or_else(|| Error::internal("a secret that was just made is missing"))?;
    row.bytes(0)?.try_into().map_err(|_| Error::internal("a secret is not 32 bytes long"))
}

/// Keeps bytes under a name, in place of what stood there.
pub(crate) fn set(tx: &mut Tx<'_>, name: &str, value: &[u8]) -> Result<()> {
    tx.execute(
        "insert into secrets (name, value)
         values ($1, $2)
         on conflict (name) do update set value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

/// The bytes kept under a name.
pub(crate) fn find(read: &mut Read<'_>, name: &str) -> Result<Option<Vec<u8>>> {
    let row = read.first("select value from secrets where name = $1", params![name])?;
    row.map(|mut row| row.bytes(0)).transpose()
}
