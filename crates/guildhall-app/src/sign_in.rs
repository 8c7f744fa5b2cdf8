//! Signing in: a name and a password, and for accounts with two steps a code.
//!
//! Unknown names and wrong passwords get one answer, after the same work. Tries are counted by name, by address and,
//! for codes, by account. A browser that has signed in under a name before keeps a mark that is counted by itself:
//! whoever uses up the tries of a name cannot keep its owner out, who also has the reset by e-mail.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::one_time_token::{self, Kind, Meant};
use crate::opaque_token;
use crate::password;
use crate::session::{self, Begun, Device};
use crate::store::account::AccountRow;
use crate::store::{self, Read, Tx};
use crate::throttle::{self, place_of};
use crate::two_step;
use guildhall_core::account::email_key;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::throttle::Throttle;
use guildhall_core::user::username_key;
use std::fmt::Write as _;

/// How long a browser's mark counts, in seconds: a year.
pub const MARK_SECONDS: i64 = 365 * 24 * 60 * 60;

/// A browser that signs in, and what it brings.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// What it is, and where.
    pub device: Device,
    /// The token of the session it is in already, which ends when another begins.
    pub session: Option<String>,
    /// The mark it was given when it signed in before.
    pub mark: Option<String>,
}

/// How signing in went.
#[derive(Debug)]
pub enum Entry {
    /// All the way.
    Done(Entered),
    /// The password was right, and a code is needed; this goes with it.
    CodeNeeded(String),
}

/// A browser that has signed in.
#[derive(Debug)]
pub struct Entered {
    /// Its session.
    pub session: Begun,
    /// The mark by which it is known the next time.
    pub mark: String,
}

/// Takes a username or e-mail and a password.
///
/// # Errors
/// `Unauthenticated` when they do not go together, `RateLimited` after many tries.
pub async fn sign_in(hall: &Guildhall, name: &str, password: &str, browser: Browser) -> Result<Entry> {
    let (name, key) = (name.trim().to_owned(), name_key(name));
    let place = place_of(&browser.device.address);
    let found = hall.store.read(move |read| account_named(read, &name)).await?;
    let bucket = match found.as_ref().and_then(|found| marked(hall, &found.user, browser.mark.as_deref())) {
        Some(mark) => (Throttle::SignInDevice, mark),
        None => (Throttle::SignInName, key.clone()),
    };
    let (tried_from, tried) = (place.clone(), bucket.clone());
    hall.store
        .write(move |tx| {
            throttle::take(tx, Throttle::SignInAddress, &tried_from)?;
            throttle::take(tx, tried.0, &tried.1)
        })
        .await?;
    let hash = found.as_ref().map(|found| found.password_hash.as_str());
    let is_right = password::fits(hall, password, hash).await?;
    let Some(account) = found.filter(|_| is_right) else {
        return Err(unknown());
    };
    let entered = account.clone();
    let entry = hall.store.write(move |tx| {
        // The password may have been changed meanwhile.
        match store::account::find(tx, &account.user)? {
            Some(now) if now.password_hash == account.password_hash => {}
            _ => return Err(unknown()),
        }
        throttle::give_back(tx, Throttle::SignInAddress, &place)?;
        throttle::clear(tx, bucket.0, &bucket.1)?;
        if account.has_two_steps {
            let meant = Meant {
                user: Some(account.user.clone()),
                email: account.email.clone(),
                details: String::new(),
            };
            return one_time_token::issue(tx, Kind::SecondStep, &meant).map(Step::Second);
        }
        begin(tx, &account.user, &browser).map(Step::Last)
    });
    match entry.await? {
        Step::Second(token) => Ok(Entry::CodeNeeded(token)),
        Step::Last(session) => Ok(Entry::Done(enter(hall, &entered.user, session))),
    }
}

enum Step {
    Second(String),
    Last(Begun),
}

/// Takes the code of the second step: an authenticator's, or a recovery code.
///
/// # Errors
/// `NotFound` when the first step is too long ago, `Unauthenticated` for a wrong code or a used one, `RateLimited`
/// after many tries.
pub async fn second_step(hall: &Guildhall, token: &str, code: &str, browser: Browser) -> Result<Entered> {
    let looked = token.to_owned();
    hall.store
        .write(move |tx| {
            let user = expected(one_time_token::look(tx, Kind::SecondStep, &looked)?)?;
            throttle::take(tx, Throttle::SecondStep, user.as_str())
        })
        .await?;
    let (token, code) = (token.to_owned(), code.to_owned());
    let begun = hall.store.write(move |tx| {
        let user = expected(one_time_token::use_up(tx, Kind::SecondStep, &token)?)?;
        two_step::check_code(tx, &user, &code)?;
        throttle::clear(tx, Throttle::SecondStep, user.as_str())?;
        Ok((begin(tx, &user, &browser)?, user))
    });
    let (session, user) = begun.await?;
    Ok(enter(hall, &user, session))
}

/// Whether a first step was taken that a code can follow.
///
/// # Errors
/// `Internal` only.
pub async fn awaits_code(hall: &Guildhall, token: &str) -> Result<bool> {
    let token = token.to_owned();
    hall.store.read(move |read| Ok(one_time_token::look(read, Kind::SecondStep, &token)?.is_some())).await
}

fn expected(meant: Option<Meant>) -> Result<UserId> {
    meant
        .and_then(|meant| meant.user)
        .ok_or_else(|| Error::NotFound("Signing in took too long. Begin again with your password.".into()))
}

/// Begins a session in a browser, and ends the one it was in.
pub(crate) fn begin(tx: &mut Tx<'_>, user: &UserId, browser: &Browser) -> Result<Begun> {
    if let Some(earlier) = &browser.session {
        store::session::delete_by_token(tx, &opaque_token::hash(earlier))?;
    }
    session::begin(tx, user, &browser.device)
}

pub(crate) fn enter(hall: &Guildhall, user: &UserId, session: Begun) -> Entered {
    tracing::info!(user = %user, session = %session.id, "signed in");
    Entered { session, mark: mark_of(hall, user) }
}

fn unknown() -> Error {
    Error::Unauthenticated("There is no account with this name and this password.".into())
}

/// The account that a username or an e-mail names.
pub(crate) fn account_named(read: &mut Read<'_>, name: &str) -> Result<Option<AccountRow>> {
    match name.contains('@') {
        true => store::account::find_by_email(read, name),
        false => store::account::find_by_username(read, name),
    }
}

/// Under what tries with a name are counted: the name itself, so that counting tells nobody whose it is.
fn name_key(name: &str) -> String {
    match name.contains('@') {
        true => email_key(name),
        false => username_key(name.trim()),
    }
}

/// A mark for a browser: the user, something random, and that it was us who wrote so.
fn mark_of(hall: &Guildhall, user: &UserId) -> String {
    let mut nonce = String::new();
    for byte in hall.random.bytes::<12>() {
        // Writing to a string cannot fail.
        let _ = write!(nonce, "{byte:02x}");
    }
    let ends = hall.now_ms() / 1000 + MARK_SECONDS;
    let signed = hall.signer.sign("MARK", &format!("{user}.{nonce}"), ends);
    let signature = signed.rsplit('=').next().unwrap_or_default();
    format!("{user}.{nonce}.{ends}.{signature}")
}

/// The random part of a mark, if we wrote it for this user.
fn marked(hall: &Guildhall, user: &UserId, mark: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = mark?.split('.').collect();
    let [marked, nonce, ends, signature] = parts[..] else {
        return None;
    };
    let ends = ends.parse().ok()?;
    let path = format!("{marked}.{nonce}");
    let is_ours = hall.signer.verify("MARK", &path, ends, signature, hall.now_ms() / 1000);
    (is_ours && marked == user.as_str()).then(|| nonce.to_owned())
}
