//! Rows of signing keys.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use guildhall_core::signing_key::Period;

/// A key as it is kept.
pub(crate) struct SigningKeyRow {
    /// The thumbprint of its public half.
    pub(crate) kid: String,
    /// PKCS #8.
    pub(crate) private_key: Vec<u8>,
    /// When it was made, in milliseconds since 1970.
    pub(crate) created_at: i64,
    /// When it does what.
    pub(crate) period: Period,
}

/// The keys that count, the one that signs last at the end.
pub(crate) fn list(read: &mut Read<'_>) -> Result<Vec<SigningKeyRow>> {
    let now = read.now;
    let rows = read.query(
        "select kid, private_key, created_at, signs_from, retires_at
         from signing_keys
         where retires_at is null
           or retires_at > $1
         order by signs_from desc, kid desc
         limit 100",
        params![now],
    )?;
    rows.into_iter().rev().map(from_row).collect()
}

fn from_row(mut row: Row) -> Result<SigningKeyRow> {
    Ok(SigningKeyRow {
        kid: row.text(0)?,
        private_key: row.bytes(1)?,
        created_at: row.int(2)?,
        period: Period { signs_from_ms: row.int(3)?, retires_at_ms: row.int_or_null(4)? },
    })
}

pub(crate) fn insert(tx: &mut Tx<'_>, kid: &str, private_key: &[u8], period: Period) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into signing_keys (kid, private_key, created_at, signs_from, retires_at)
         values ($1, $2, $3, $4, $5)",
        params![kid, private_key, now, period.signs_from_ms, period.retires_at_ms],
    )?;
    Ok(())
}

/// Lets every key retire at a moment, or before where it does already.
pub(crate) fn retire_all(tx: &mut Tx<'_>, at: i64) -> Result<()> {
    tx.execute(
        "update signing_keys
         set retires_at = $1
         where retires_at is null
           or retires_at > $1",
        params![at],
    )?;
    Ok(())
}

/// Forgets the keys that count no more.
pub(crate) fn delete_retired(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now;
    tx.execute("delete from signing_keys where retires_at <= $1", params![now])?;
    Ok(())
}
