//! A forgotten password, or one that was never chosen: a letter with a link, and a new password for whoever follows it.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::mail::{self, Letter, ResetPassword};
use crate::oauth;
use crate::one_time_token::{self, Kind, Meant};
use crate::password;
use crate::session::Device;
use crate::sign_in::account_named;
use crate::sign_up::over;
use crate::store::account::AccountRow;
use crate::store::{self, Read, Tx};
use crate::throttle::{self, place_of};
use guildhall_core::account::{check_email, check_password, email_key};
use guildhall_core::ids::{Id, UserId};
use guildhall_core::throttle::Throttle;
use guildhall_core::user::username_key;

/// Asks for a letter. Whether the e-mail has an account is told to its owner alone, by the letter.
///
/// # Errors
/// `Invalid` for what is no e-mail, `RateLimited`.
pub async fn ask(hall: &Guildhall, email: &str, device: &Device) -> Result<()> {
    let email = mail::check_address(check_email(email)?)?.to_owned();
    let (place, origin) = (place_of(&device.address), hall.origin().to_owned());
    hall.store
        .write(move |tx| {
            throttle::take(tx, Throttle::LetterAddress, &place)?;
            throttle::take(tx, Throttle::Letter, &email_key(&email))?;
            let Some(account) = store::account::find_by_email(tx, &email)? else {
                return Ok(());
            };
            let link = issue(tx, Kind::ResetPassword, &origin, &account)?;
            let name = account.name.unwrap_or(account.username);
            let letter = ResetPassword { name, link, valid_hours: Kind::ResetPassword.hours() };
            mail::queue(tx, &account.email, Letter::ResetPassword(letter)).map(|_| ())
        })
        .await
}

/// A link for an operator to hand over, where no mail is sent: for a user id, a username or an e-mail.
///
/// # Errors
/// `NotFound` when nobody of that name has an account.
pub async fn link(hall: &Guildhall, name: &str) -> Result<String> {
    let (name, origin) = (name.trim().trim_start_matches('@').to_owned(), hall.origin().to_owned());
    hall.store
        .write(move |tx| {
            let found = match UserId::parse(&name) {
                Ok(user) => store::account::find(tx, &user)?,
                Err(_) => account_named(tx, &name)?,
            };
            match found {
                Some(account) => issue(tx, Kind::ResetPassword, &origin, &account),
                None => Err(Error::NotFound(format!("Nobody signs in as `{name}`."))),
            }
        })
        .await
}

/// The link by which the owner of an account without a password chooses one, and how many hours it counts.
pub(crate) fn first_link(tx: &mut Tx<'_>, origin: &str, account: &AccountRow) -> Result<(String, u32)> {
    Ok((issue(tx, Kind::FirstPassword, origin, account)?, Kind::FirstPassword.hours()))
}

/// The path at which whoever has just shown that they read an account's mail goes on, and chooses its password.
pub(crate) fn first_place(tx: &mut Tx<'_>, account: &AccountRow) -> Result<String> {
    issue(tx, Kind::ResetPassword, "", account)
}

fn issue(tx: &mut Tx<'_>, kind: Kind, origin: &str, account: &AccountRow) -> Result<String> {
    let meant =
        Meant { user: Some(account.user.clone()), email: account.email.clone(), details: String::new() };
    let token = one_time_token::issue(tx, kind, &meant)?;
    Ok(format!("{origin}/reset-password/{token}"))
}

/// What a link is for, while it counts.
fn look(read: &mut Read<'_>, token: &str) -> Result<Option<(Kind, Meant)>> {
    for kind in [Kind::ResetPassword, Kind::FirstPassword] {
        if let Some(meant) = one_time_token::look(read, kind, token)? {
            return Ok(Some((kind, meant)));
        }
    }
    Ok(None)
}

/// Whose password a link is for: the username; `None` when it counts no more.
///
/// # Errors
/// `Internal` only.
pub async fn whose(hall: &Guildhall, token: &str) -> Result<Option<String>> {
    let token = token.to_owned();
    hall.store
        .read(move |read| match look(read, &token)? {
            Some((_, Meant { user: Some(user), .. })) => {
                Ok(store::account::find(read, &user)?.map(|account| account.username))
            }
            _ => Ok(None),
        })
        .await
}

/// Follows a link: the account has a new password, and is signed in nowhere. A second step stays.
///
/// # Errors
/// `NotFound` when the link was used or is too old, `Invalid` for a password that does not do.
pub async fn reset(hall: &Guildhall, token: &str, password: &str) -> Result<()> {
    let looked = token.to_owned();
    let (kind, account) = hall
        .store
        .read(move |read| match look(read, &looked)? {
            Some((kind, Meant { user: Some(user), .. })) => Ok((kind, store::account::require(read, &user)?)),
            _ => Err(over()),
        })
        .await?;
    check_password(password, &account.username, &account.email)?;
    let hash = password::hash(hall, password).await?;
    let token = token.to_owned();
    let user = account.user.clone();
    hall.store
        .write(move |tx| {
            if one_time_token::use_up(tx, kind, &token)?.is_none() {
                return Err(over());
            }
            change(tx, &account, &hash)?;
            throttle::clear(tx, Throttle::SignInName, &username_key(&account.username))?;
            throttle::clear(tx, Throttle::SignInName, &email_key(&account.email))
        })
        .await?;
    tracing::info!(user = %user, "password reset");
    Ok(())
}

/// Gives an account a new password, by which its e-mail counts as confirmed: it is signed in nowhere any more, no app holds a token of it, and no earlier link
/// counts.
pub(crate) fn change(tx: &mut Tx<'_>, account: &AccountRow, password_hash: &str) -> Result<()> {
    store::account::set_password(tx, &account.user, password_hash)?;
    store::session::delete_all(tx, &account.user, None)?;
    oauth::revoke_of_user(tx, &account.user)?;
    for kind in [Kind::ResetPassword, Kind::FirstPassword, Kind::SecondStep, Kind::ChangeEmail] {
        store::one_time_token::delete_of_user(tx, &account.user, kind)?;
    }
    Ok(())
}
