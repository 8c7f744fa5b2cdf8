//! Sessions: a browser that signed in, known by an opaque token in its cookie.
//!
//! The store holds the token's hash. A session is looked up at every use, so that one which was ended is refused at
//! once; when it was last used is written down every five minutes. How long it lasts is a rule of
//! `guildhall_core::session`. Bounds: [`MOST_SHOWN`] sessions in a list.

use crate::Guildhall;
use crate::error::{Result, no_such};
use crate::opaque_token;
use crate::store::{self, Tx};
use guildhall_core::ids::{SessionId, UserId};
use guildhall_core::session::is_to_be_noted;

/// How many sessions a list shows.
const MOST_SHOWN: i64 = 100;
/// How much is kept of what a browser calls itself, in characters.
const LONGEST_AGENT: usize = 300;

/// A signed-in browser. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct Session {
    /// The id; not what the cookie holds.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// Their unique name.
    pub username: String,
    /// The name shown.
    pub name: Option<String>,
    /// The browser, as it was at sign-in.
    pub device: Device,
    /// When it signed in.
    pub created_at: i64,
    /// When it was last used, to five minutes.
    pub last_seen_at: i64,
}

impl Session {
    /// What the person is called on pages.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.username)
    }
}

/// A browser and where it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// What it calls itself.
    pub agent: String,
    /// Its IP address, in text.
    pub address: String,
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Begun {
    /// The session.
    pub id: SessionId,
    /// What its cookie is to hold; nobody can find it out later.
    pub token: String,
}

/// The session of a cookie's token, if there is one and it has not ended; notes that it is in use.
///
/// # Errors
/// `Internal` only.
pub async fn find(hall: &Guildhall, token: &str) -> Result<Option<Session>> {
    if token.len() != opaque_token::LENGTH {
        return Ok(None);
    }
    let hash = opaque_token::hash(token);
    let found = hall.store.read(move |read| store::session::find(read, &hash)).await?;
    if let Some(session) = found.clone().filter(|found| is_to_be_noted(found.last_seen_at, hall.now_ms())) {
        hall.store.write(move |tx| store::session::note(tx, &session)).await?;
    }
    Ok(found)
}

/// Begins a session.
pub(crate) fn begin(tx: &mut Tx<'_>, user: &UserId, device: &Device) -> Result<Begun> {
    store::session::delete_expired(tx)?;
    let token = opaque_token::draw(tx);
    let agent = device.agent.chars().filter(|c| !c.is_control()).take(LONGEST_AGENT).collect();
    let device = Device { agent, address: device.address.clone() };
    let id = store::session::insert(tx, user, &opaque_token::hash(&token), &device)?;
    Ok(Begun { id, token })
}

/// A user's sessions, the one used last first.
///
/// # Errors
/// `Internal` only.
pub async fn list(hall: &Guildhall, user: &UserId) -> Result<Vec<Session>> {
    let user = user.clone();
    hall.store.read(move |read| store::session::list(read, &user, MOST_SHOWN)).await
}

/// Ends a session of a user.
///
/// # Errors
/// `NotFound` when the user has no such session.
pub async fn end(hall: &Guildhall, user: &UserId, id: &SessionId) -> Result<()> {
    let (user, id) = (user.clone(), id.clone());
    hall.store
        .write(move |tx| match store::session::delete(tx, &user, &id)? {
            true => Ok(()),
            false => no_such("session", &id),
        })
        .await
}

/// Ends every session of a user but this one; answers how many.
///
/// # Errors
/// `Internal` only.
pub async fn end_others(hall: &Guildhall, session: &Session) -> Result<u64> {
    let (user, id) = (session.user.clone(), session.id.clone());
    hall.store.write(move |tx| store::session::delete_all(tx, &user, Some(&id))).await
}
