//! Rows of sessions.

use super::{Read, Row, Tx, params};
use crate::error::Result;
use crate::session::{Device, Session};
use guildhall_core::ids::{SessionId, UserId};
use guildhall_core::session::expires_at;

macro_rules! session_columns {
    () => {
        "s.id, s.user_id, u.username, u.name, s.agent, s.address, s.created_at, s.last_seen_at"
    };
}

fn from_row(mut row: Row) -> Result<Session> {
    Ok(Session {
        id: row.id(0)?,
        user: row.id(1)?,
        username: row.text(2)?,
        name: row.text_or_null(3)?,
        device: Device { agent: row.text(4)?, address: row.text(5)? },
        created_at: row.int(6)?,
        last_seen_at: row.int(7)?,
    })
}

/// The session of a token, if it has not ended.
pub(crate) fn find(read: &mut Read<'_>, token_hash: &[u8; 32]) -> Result<Option<Session>> {
    let now = read.now;
    let row = read.first(
        concat!(
            "select ",
            session_columns!(),
            " from sessions s
             join users u on u.id = s.user_id
             where s.token_hash = $1
               and s.expires_at > $2"
        ),
        params![token_hash.as_slice(), now],
    )?;
    row.map(from_row).transpose()
}

/// A user's sessions, the one used last first.
pub(crate) fn list(read: &mut Read<'_>, user: &UserId, most: i64) -> Result<Vec<Session>> {
    let now = read.now;
    let rows = read.query(
        concat!(
            "select ",
            session_columns!(),
            " from sessions s
             join users u on u.id = s.user_id
             where s.user_id = $1
               and s.expires_at > $2
             order by s.last_seen_at desc, s.id desc
             limit $3"
        ),
        params![user, now, most],
    )?;
    rows.into_iter().map(from_row).collect()
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    user: &UserId,
    token_hash: &[u8; 32],
    device: &Device,
) -> Result<SessionId> {
    let (id, now): (SessionId, i64) = (tx.mint(), tx.now);
    tx.execute(
        "insert into sessions
           (id, token_hash, user_id, agent, address, created_at, last_seen_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $6, $7)",
        params![&id, token_hash.as_slice(), user, &device.agent, &device.address, now, expires_at(now, now)],
    )?;
    Ok(id)
}

/// Writes down that a session is in use.
pub(crate) fn note(tx: &mut Tx<'_>, session: &Session) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update sessions
         set last_seen_at = $2, expires_at = $3
         where id = $1
           and last_seen_at < $2",
        params![&session.id, now, expires_at(session.created_at, now)],
    )?;
    Ok(())
}

/// Ends one session of a user; `false` when there is none.
pub(crate) fn delete(tx: &mut Tx<'_>, user: &UserId, id: &SessionId) -> Result<bool> {
    let deleted = tx.execute("delete from sessions where user_id = $1 and id = $2", params![user, id])?;
    Ok(deleted > 0)
}

/// Ends the session of a token.
pub(crate) fn delete_by_token(tx: &mut Tx<'_>, token_hash: &[u8; 32]) -> Result<()> {
    tx.execute("delete from sessions where token_hash = $1", params![token_hash.as_slice()])?;
    Ok(())
}

/// Ends every session of a user but perhaps one; answers how many.
pub(crate) fn delete_all(tx: &mut Tx<'_>, user: &UserId, but: Option<&SessionId>) -> Result<u64> {
    let but = but.map_or("", guildhall_core::ids::Id::as_str);
    tx.execute("delete from sessions where user_id = $1 and id <> $2", params![user, but])
}

/// Forgets the sessions that have ended.
pub(crate) fn delete_expired(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now;
    tx.execute("delete from sessions where expires_at <= $1", params![now])?;
    Ok(())
}
