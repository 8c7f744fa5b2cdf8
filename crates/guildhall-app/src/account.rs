//! Accounts: what someone who is signed in sees and changes of theirs.
//!
//! An account's e-mail stands with its user (`User.email`); the account adds that no other account has it, and when it
//! was confirmed. Whoever is in an account has shown that they read its mail: one that a purchase made
//! (`checkout/buyer.rs`) is unconfirmed, and has no password, until its owner chooses one by letter. Every change that
//! could lock the owner out asks for the password.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::mail::{self, ConfirmEmail, Letter};
use crate::one_time_token::{self, Kind, Meant};
use crate::session::Session;
use crate::sign_in::{self, Browser, Entered};
use crate::store::{self, Tx};
use crate::throttle;
use crate::{password, password_reset};
use guildhall_core::account::{check_email, check_name, check_password, email_key};
use guildhall_core::ids::UserId;
use guildhall_core::throttle::Throttle;

/// What an account is, to its owner.
#[derive(Debug, Clone)]
pub struct Account {
    /// The unique name.
    pub username: String,
    /// The name shown.
    pub name: Option<String>,
    /// Where mail goes.
    pub email: String,
    /// When the e-mail was confirmed, in milliseconds since 1970; `None` while it was only typed for a purchase.
    pub email_confirmed_at: Option<i64>,
    /// When the password was last changed, in milliseconds since 1970.
    pub password_changed_at: i64,
    /// Whether signing in takes a second step.
    pub has_two_steps: bool,
    /// How many recovery codes were not used yet.
    pub recovery_codes_left: i64,
}

/// The account of someone who is signed in.
///
/// # Errors
/// `NotFound` for a user without an account.
pub async fn find(hall: &Guildhall, user: &UserId) -> Result<Account> {
    let user = user.clone();
    hall.store
        .read(move |read| {
            let row = store::account::require(read, &user)?;
            Ok(Account {
                username: row.username,
                name: row.name,
                email: row.email,
                email_confirmed_at: row.email_confirmed_at,
                password_changed_at: row.password_changed_at,
                has_two_steps: row.has_two_steps,
                recovery_codes_left: store::account::recovery_codes_left(read, &user)?,
            })
        })
        .await
}

/// Changes the name shown; an empty one takes it away.
///
/// # Errors
/// `Invalid` for a name that is too long.
pub async fn rename(hall: &Guildhall, user: &UserId, name: &str) -> Result<()> {
    let (user, name) = (user.clone(), check_name(name)?.map(ToOwned::to_owned));
    hall.store.write(move |tx| store::account::set_name(tx, &user, name.as_deref())).await
}

/// Asks for another e-mail: it is the account's once its owner follows the link in the letter that goes there.
///
/// # Errors
/// `Forbidden` for a wrong password, `Invalid` for what is no e-mail, `RateLimited`.
pub async fn change_email(hall: &Guildhall, user: &UserId, password: &str, email: &str) -> Result<()> {
    let email = mail::check_address(check_email(email)?)?.to_owned();
    password::confirm(hall, user, password).await?;
    let (user, origin) = (user.clone(), hall.origin().to_owned());
    hall.store
        .write(move |tx| {
            throttle::take(tx, Throttle::Letter, &email_key(&email))?;
            let account = store::account::require(tx, &user)?;
            let meant = Meant { user: Some(user.clone()), email: email.clone(), details: String::new() };
            let token = one_time_token::issue(tx, Kind::ChangeEmail, &meant)?;
            let link = format!("{origin}/confirm-email/{token}");
            let name = account.name.unwrap_or(account.username);
            let letter = ConfirmEmail { name, link, valid_hours: Kind::ChangeEmail.hours() };
            mail::queue(tx, &email, Letter::ConfirmEmail(letter)).map(|_| ())
        })
        .await
}

/// Changes the password; the account stays signed in here alone, in a new session.
///
/// # Errors
/// `Forbidden` for a wrong current password, `Invalid` for a new one that does not do, `RateLimited`.
pub async fn change_password(
    hall: &Guildhall,
    session: &Session,
    current: &str,
    new: &str,
    browser: Browser,
) -> Result<Entered> {
    let user = session.user.clone();
    let account = hall.store.read(move |read| store::account::require(read, &user)).await?;
    check_password(new, &account.username, &account.email)?;
    password::confirm(hall, &session.user, current).await?;
    let hash = password::hash(hall, new).await?;
    let begun = hall
        .store
        .write(move |tx| {
            let now = store::account::require(tx, &account.user)?;
            if now.password_hash != account.password_hash {
                return Err(Error::Conflict("The password was changed meanwhile.".into()));
            }
            password_reset::change(tx, &account, &hash)?;
            sign_in::begin(tx, &account.user, &browser)
        })
        .await?;
    tracing::info!(user = %session.user, "password changed");
    Ok(sign_in::enter(hall, &session.user, begun))
}

/// Gives a user an account, or its account another password; `false` when there is no e-mail that could be its own.
pub(crate) fn found(tx: &mut Tx<'_>, user: &UserId, password_hash: &str) -> Result<bool> {
    if store::account::find(tx, user)?.is_some() {
        store::account::set_password(tx, user, password_hash)?;
        return Ok(true);
    }
    match store::user::find(tx, user)? {
        Some(found) => match found.email {
            Some(email) => store::account::insert(tx, user, &email, password_hash),
            None => Ok(false),
        },
        None => crate::error::no_such("user", user),
    }
}
