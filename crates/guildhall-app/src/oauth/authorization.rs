//! The person's side: what an app asks, whether it was allowed before, and the code that says yes.

use crate::Guildhall;
use crate::error::{Result, no_such};
use crate::opaque_token;
use crate::store::oauth::NewGrant;
use crate::store::{self, Read};
use guildhall_core::ids::{AppId, UserId};
use guildhall_core::oauth::{Authorization, CODE_LIFETIME_MS, Parameters, Return, Scopes, addressee, read};

/// How long ended grants are kept, in milliseconds.
const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
/// The most apps of one person that are listed; the latest.
const MOST_LISTED: i64 = 100;

const UNREGISTERED: &str =
    "`redirect_uri` is none of the app's: it must be registered, and sent exactly as it is registered.";

/// What became of the parameters of `/oauth`.
#[derive(Debug, Clone)]
pub enum Asked {
    /// Nobody knows who asks, or where an answer would go: it must go nowhere. One sentence.
    Untrusted(String),
    /// The app gets a refusal, at this address.
    Refused(String),
    /// A sound request, and the name of the app.
    Sound(Authorization, String),
}

/// Reads what an app asks.
///
/// # Errors
/// `Internal` only: what is wrong with the parameters is in the answer.
pub async fn ask(hall: &Guildhall, parameters: &Parameters) -> Result<Asked> {
    let (app, uri) = match addressee(parameters) {
        Ok(addressee) => addressee,
        Err(invalid) => return Ok(Asked::Untrusted(invalid.0)),
    };
    let sought = (app.clone(), uri.clone());
    let found = hall
        .store
        .read(move |read| {
            let (app, uri) = &sought;
            let Some(known) = store::app::find(read, app)? else {
                return Ok(None);
            };
            // PostgreSQL takes no text with a zero in it, and none is registered.
            let registered = match uri.contains('\0') {
                true => None,
                false => store::oauth::find_redirect_uri(read, app, uri)?,
            };
            Ok(Some((known.name, registered)))
        })
        .await?;
    let (name, registered) = match found {
        Some((name, Some(registered))) => (name, registered),
        Some((_, None)) => return Ok(Asked::Untrusted(UNREGISTERED.into())),
        None => return Ok(Asked::Untrusted(format!("There is no app `{app}`."))),
    };
    Ok(match read(parameters, app, registered.clone()) {
        Ok(authorization) => Asked::Sound(authorization, name),
        Err(refusal) => {
            Asked::Refused(Return::of(parameters, registered).with_refusal(&refusal, hall.origin()))
        }
    })
}

/// Whether the person allowed all this before, so that nobody need be asked. What a public client on the person's own
/// device asks is always asked again, since any program there could have sent it.
///
/// # Errors
/// `Internal` only.
pub async fn is_allowed(hall: &Guildhall, user: &UserId, asked: &Authorization) -> Result<bool> {
    let redirect_uri = &asked.back.redirect_uri;
    if redirect_uri.is_public && redirect_uri.is_loopback() {
        return Ok(false);
    }
    let (user, app, scopes) = (user.clone(), asked.app.clone(), asked.scopes.clone());
    hall.store
        .read(move |read| {
            let allowed = store::oauth::consent(read, &user, &app)?;
            Ok(allowed.is_some_and(|allowed| allowed.covers(&scopes)))
        })
        .await
}

/// Allows an app what it asks, and remembers it: the address that brings it the code.
///
/// # Errors
/// `Internal` only.
pub async fn allow(hall: &Guildhall, user: &UserId, asked: &Authorization) -> Result<String> {
    let (user, told) = (user.clone(), asked.clone());
    let code = hall
        .store
        .write(move |tx| {
            let before = store::oauth::consent(tx, &user, &told.app)?;
            let scopes = before.map_or_else(|| told.scopes.clone(), |before| before.and(&told.scopes));
            store::oauth::set_consent(tx, &user, &told.app, &scopes)?;
            store::oauth::delete_ended(tx, tx.now - KEPT_MS)?;
            let code = opaque_token::draw(tx);
            let new = NewGrant {
                app: &told.app,
                user: &user,
                scopes: &told.scopes,
                redirect_uri: &told.back.redirect_uri.uri,
                is_public: told.back.redirect_uri.is_public,
                code_hash: opaque_token::hash(&code),
                code_challenge: told.challenge.as_deref(),
                code_expires_at: tx.now + CODE_LIFETIME_MS,
            };
            store::oauth::insert(tx, &new)?;
            Ok(code)
        })
        .await?;
    Ok(asked.back.with_code(&code, hall.origin()))
}

/// An app that a person has allowed something. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct AllowedApp {
    /// The app.
    pub app: AppId,
    /// Its name.
    pub name: String,
    /// What it was allowed.
    pub scopes: Scopes,
    /// When it was allowed last.
    pub given_at: i64,
}

/// The apps that a person has allowed something, the latest first, at most a hundred.
///
/// # Errors
/// `Internal` only.
pub async fn allowed_apps(hall: &Guildhall, user: &UserId) -> Result<Vec<AllowedApp>> {
    let user = user.clone();
    let list = move |read: &mut Read<'_>| {
        let rows = store::oauth::consents_of(read, &user, MOST_LISTED)?;
        let rows = rows.into_iter();
        Ok(rows
            .map(|row| AllowedApp {
                app: row.app,
                name: row.name,
                scopes: row.scopes,
                given_at: row.given_at,
            })
            .collect())
    };
    hall.store.read(list).await
}

/// Takes back what a person has allowed an app: its tokens end, and it has to ask again.
///
/// # Errors
/// `NotFound` when nothing was allowed.
pub async fn disallow(hall: &Guildhall, user: &UserId, app: AppId) -> Result<()> {
    let user = user.clone();
    hall.store
        .write(move |tx| {
            if !store::oauth::delete_consent(tx, &user, &app)? {
                return no_such("app with access to your account", &app);
            }
            store::oauth::revoke_of_user_and_app(tx, &user, &app)
        })
        .await
}
