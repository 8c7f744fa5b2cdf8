//! Sessions on the origins of apps: how a person who is signed in to the hub is known there.
//!
//! The hub's cookie never leaves the hub's host. A page of the hub makes a ticket, which counts once and for half a
//! minute; the app's origin trades it for a token in a cookie of its own. The store holds hashes of both. Such a session
//! is good for one app, and ends with the session of the hub that it comes from, at once.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::opaque_token;
use crate::store;
use guildhall_core::ids::{AppId, CompanyId, SessionId, UserId};

/// How long a ticket may be traded, in milliseconds.
pub const TICKET_MS: i64 = 30 * 1000;
/// How long a session on an app's origin lasts, in milliseconds.
pub const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;
/// A session that a browser holds already is kept when it lasts as long as this, in milliseconds.
const KEPT_MS: i64 = LIFETIME_MS / 2;

/// An app on its own origin, and who looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The app.
    pub app: AppId,
    /// The company that owns it.
    pub company: CompanyId,
    /// Where the app itself answers.
    pub base_url: Option<String>,
    /// The person, when known.
    pub user: Option<UserId>,
}

/// Makes a ticket to an app for a signed-in browser. Whether its person may see the app is for the caller to know.
///
/// # Errors
/// `Internal` only.
pub async fn admit(hall: &Guildhall, session: &SessionId, app: &AppId) -> Result<String> {
    let ticket = opaque_token::fresh(hall);
    let hash = opaque_token::hash(&ticket);
    let (session, app) = (session.clone(), app.clone());
    hall.store
        .write(move |tx| {
            store::app_session::delete_expired(tx)?;
            let expires_at = tx.now + TICKET_MS;
            store::app_session::insert_ticket(tx, &hash, &app, &session, expires_at)
        })
        .await?;
    Ok(ticket)
}

/// Trades a ticket on the host that it is for; answers what the cookie there is to hold, `None` when the token that the
/// browser `held` is of the same session and lasts.
///
/// # Errors
/// `Unauthenticated` for a ticket that does not count (any more).
pub async fn enter(
    hall: &Guildhall,
    label: &str,
    ticket: &str,
    held: Option<&str>,
) -> Result<Option<String>> {
    let (label, ticket, held) = (label.to_owned(), opaque_token::hash(ticket), held.map(opaque_token::hash));
    let entered = hall.store.write(move |tx| {
        let Some((app, session)) = store::app_session::find_ticket(tx, &ticket, &label)? else {
            return Ok(None);
        };
        if !store::app_session::delete_ticket(tx, &ticket)? {
            return Ok(None);
        }
        let (now, lasting) = (tx.now, tx.now + KEPT_MS);
        if let Some(held) = &held
            && store::app_session::lasts(tx, held, &app, &session, lasting)?
        {
            return Ok(Some(None));
        }
        let token = opaque_token::draw(tx);
        store::app_session::insert(tx, &opaque_token::hash(&token), &app, &session, now + LIFETIME_MS)?;
        Ok(Some(Some(token)))
    });
    entered.await?.ok_or_else(|| {
        Error::Unauthenticated(
            "This way into the app was used already, or is too old: open the app again from its community."
                .into(),
        )
    })
}

/// The app that a host label names, and the person whose token a cookie holds; `None` when there is no such app.
///
/// # Errors
/// `Internal` only.
pub async fn visit(hall: &Guildhall, label: &str, token: Option<&str>) -> Result<Option<Visit>> {
    let (label, hash) = (label.to_owned(), token.map(opaque_token::hash));
    hall.store
        .read(move |read| match &hash {
            Some(hash) => store::app_session::find_visit(read, &label, hash),
            None => store::app_session::find_app(read, &label),
        })
        .await
}
