//! Rows of apps by their host, of tickets to them, and of sessions on their origins.

use super::{Read, Row, Tx, params};
use crate::app_session::Visit;
use crate::error::Result;
use guildhall_core::ids::{AppId, SessionId};

/// The app of a host label.
pub(crate) fn find_app(read: &mut Read<'_>, label: &str) -> Result<Option<Visit>> {
    let row = read.first(
        "select a.id, a.company_id, a.base_url, null
         from apps a
         where lower(a.id) = $1",
        params![label],
    )?;
    row.map(visit).transpose()
}

/// The app of a host label, and who looks at it with this token.
pub(crate) fn find_visit(read: &mut Read<'_>, label: &str, token_hash: &[u8]) -> Result<Option<Visit>> {
    let now = read.now;
    let row = read.first(
        "select a.id, a.company_id, a.base_url,
           (select s.user_id
            from app_sessions x
            join sessions s on s.id = x.session_id
            where x.token_hash = $2
              and x.app_id = a.id
              and x.expires_at > $3
              and s.expires_at > $3)
         from apps a
         where lower(a.id) = $1",
        params![label, token_hash, now],
    )?;
    row.map(visit).transpose()
}

fn visit(mut row: Row) -> Result<Visit> {
    Ok(Visit {
        app: row.id(0)?,
        company: row.id(1)?,
        base_url: row.text_or_null(2)?,
        user: row.id_or_null(3)?,
    })
}

pub(crate) fn insert_ticket(
    tx: &mut Tx<'_>,
    ticket_hash: &[u8],
    app: &AppId,
    session: &SessionId,
    expires_at: i64,
) -> Result<()> {
    tx.execute(
        "insert into app_tickets (ticket_hash, app_id, session_id, expires_at)
         values ($1, $2, $3, $4)",
        params![ticket_hash, app, session, expires_at],
    )?;
    Ok(())
}

/// The app and session of a ticket that still counts, on the host that it is for.
pub(crate) fn find_ticket(
    read: &mut Read<'_>,
    ticket_hash: &[u8],
    label: &str,
) -> Result<Option<(AppId, SessionId)>> {
    let now = read.now;
    let row = read.first(
        "select t.app_id, t.session_id
         from app_tickets t
         join sessions s on s.id = t.session_id
         where t.ticket_hash = $1
           and lower(t.app_id) = $2
           and t.expires_at > $3
           and s.expires_at > $3",
        params![ticket_hash, label, now],
    )?;
    row.map(|mut row| Ok((row.id(0)?, row.id(1)?))).transpose()
}

/// Uses a ticket up; `false` when somebody else did.
pub(crate) fn delete_ticket(tx: &mut Tx<'_>, ticket_hash: &[u8]) -> Result<bool> {
    let deleted = tx.execute("delete from app_tickets where ticket_hash = $1", params![ticket_hash])?;
    Ok(deleted == 1)
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    token_hash: &[u8],
    app: &AppId,
    session: &SessionId,
    expires_at: i64,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "insert into app_sessions (token_hash, app_id, session_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
        params![token_hash, app, session, now, expires_at],
    )?;
    Ok(())
}

/// Whether a token is of this session in this app, and counts until a moment.
pub(crate) fn lasts(
    read: &mut Read<'_>,
    token_hash: &[u8],
    app: &AppId,
    session: &SessionId,
    until: i64,
) -> Result<bool> {
    let row = read.first(
        "select app_id
         from app_sessions
         where token_hash = $1
           and app_id = $2
           and session_id = $3
           and expires_at > $4",
        params![token_hash, app, session, until],
    )?;
    Ok(row.is_some())
}

/// Forgets what has ended.
pub(crate) fn delete_expired(tx: &mut Tx<'_>) -> Result<()> {
    let now = tx.now;
    tx.execute("delete from app_tickets where expires_at <= $1", params![now])?;
    tx.execute("delete from app_sessions where expires_at <= $1", params![now])?;
    Ok(())
}
