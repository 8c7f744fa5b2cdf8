//! Rows of one-time tokens.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use crate::one_time_token::{Kind, Meant};
use guildhall_core::ids::UserId;

fn from_row(mut row: Row) -> Result<Meant> {
    Ok(Meant { user: row.id_or_null(0)?, email: row.text(1)?, details: row.text(2)? })
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    kind: Kind,
    token_hash: &[u8; 32],
    meant: &Meant,
    lifetime_ms: i64,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into one_time_tokens (token_hash, kind, user_id, email, details, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            token_hash.as_slice(),
            kind.as_str(),
            meant.user.as_ref(),
            &meant.email,
            &meant.details,
            now,
            now + lifetime_ms
        ],
    )?;
    Ok(())
}

/// What a token is for, if it is of this kind and its time is not over.
pub(crate) fn find(read: &mut Read<'_>, kind: Kind, token_hash: &[u8; 32]) -> Result<Option<Meant>> {
    let now = read.now;
    let row = read.first(
        "select user_id, email, details
         from one_time_tokens
         where token_hash = $1
           and kind = $2
           and expires_at > $3",
        params![token_hash.as_slice(), kind.as_str(), now],
    )?;
    row.map(from_row).transpose()
}

/// Forgets a token; `false` when it is forgotten already.
pub(crate) fn delete(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<bool> {
    let deleted =
        tx.execute("delete from one_time_tokens where token_hash = $1", params![token_hash.as_slice()])?;
    Ok(deleted == 1)
}

/// Forgets a user's tokens of one kind.
pub(crate) fn delete_of_user(tx: &mut Tx<'_>, user: &UserId, kind: Kind) -> Result<()> {
    tx.execute(
        "delete from one_time_tokens
         where user_id = $1
           and kind = $2",
        params![user, kind.as_str()],
    )?;
    Ok(())
}

/// Forgets tokens whose time is over.
pub(crate) fn delete_expired(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now;
    tx.execute("delete from one_time_tokens where expires_at <= $1", params![now])?;
    Ok(())
}
