//! Signing up: an account is asked for, and opened by whoever receives its e-mail.
//!
//! Nothing of the account exists before, so that nobody can take an address, or a name, that they do not confirm.
//! Whether an address has an account already is told to its owner alone, by letter.
//!
//! What a purchase made for an address that somebody typed is no account yet to whoever signs up: it becomes theirs, with
//! all that was bought, when they confirm the address in the browser that asked. In another browser the letter was read
//! by its owner and the password perhaps written by somebody else, so that its reader chooses a password anew.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::mail::{self, AccountExists, ConfirmEmail, Letter};
use crate::one_time_token::{self, Kind, Meant};
use crate::password;
use crate::password_reset;
use crate::session::{Begun, Device};
use crate::sign_in::{self, Browser, Entered};
use crate::store::account::AccountRow;
use crate::store::{self, Tx};
use crate::throttle::{self, place_of};
use crate::user::{self, NewUser, check_new_username, taken};
use guildhall_core::account::{check_email, check_name, check_password, email_key};
use guildhall_core::ids::UserId;
use guildhall_core::throttle::Throttle;
use serde::{Deserialize, Serialize};

/// What someone who wants an account writes.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Unique without case.
    pub username: String,
    /// The name shown; may be empty.
    pub name: String,
    /// Where mail goes.
    pub email: String,
    /// 8 to 128 characters.
    pub password: String,
    /// A path of this server to go on to, once the account is open.
    pub return_to: Option<String>,
}

/// What waits for its e-mail to be confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Asked {
    username: String,
    name: Option<String>,
    password_hash: String,
    /// What the asking browser's forms are bound to.
    browser: String,
    return_to: Option<String>,
}

/// What a link in a letter would do.
#[derive(Debug, Clone)]
pub enum Pending {
    /// Open an account.
    Account {
        /// Its e-mail.
        email: String,
        /// Its username.
        username: String,
    },
    /// Give an account this e-mail.
    Email(String),
}

/// What following a link did.
#[derive(Debug)]
pub enum Confirmed {
    /// An account is open.
    Account {
        /// Signed in, where the link was followed in the browser that asked for it.
        entered: Option<Entered>,
        /// Where its owner was going.
        return_to: Option<String>,
    },
    /// An account has this e-mail now.
    Email(String),
    /// There is an account with this e-mail already.
    AccountExists,
    /// Something was bought with this e-mail: its account opens with a password that is chosen at this path.
    ChoosePassword(String),
}

/// Asks for an account. `browser` is anything that the asking browser alone will show again.
///
/// # Errors
/// `Invalid` for what an account cannot have, `Conflict` for a taken username, `RateLimited`.
pub async fn sign_up(hall: &Guildhall, new: NewAccount, device: &Device, browser: &str) -> Result<()> {
    let username = check_new_username(new.username.trim())?.to_owned();
    let name = check_name(&new.name)?.map(ToOwned::to_owned);
    let email = mail::check_address(check_email(&new.email)?)?.to_owned();
    check_password(&new.password, &username, &email)?;
    let (place, key, wanted) = (place_of(&device.address), email_key(&email), username.clone());
    hall.store
        .write(move |tx| {
            if store::user::find_by_username(tx, &wanted)?.is_some() {
                return Err(taken(&wanted));
            }
            throttle::take(tx, Throttle::SignUpAddress, &place)?;
            throttle::take(tx, Throttle::Letter, &key)
        })
        .await?;
    let password_hash = password::hash(hall, &new.password).await?;
    let (browser, return_to) = (browser.to_owned(), new.return_to);
    let asked = Asked { username, name, password_hash, browser, return_to };
    let origin = hall.origin().to_owned();
    hall.store.write(move |tx| write_letter(tx, &origin, &email, &asked)).await
}

/// Writes to whoever has the address: what they asked for, or that they need not ask.
fn write_letter(tx: &mut Tx<'_>, origin: &str, email: &str, asked: &Asked) -> Result<()> {
    let found = store::account::find_by_email(tx, email)?;
    let letter = match found.filter(|account| account.email_confirmed_at.is_some()) {
        Some(account) => {
            let (kind, details) = (Kind::ResetPassword, String::new());
            let meant = Meant { user: Some(account.user), email: account.email, details };
            let token = one_time_token::issue(tx, kind, &meant)?;
            let link = format!("{origin}/reset-password/{token}");
            let name = account.name.unwrap_or(account.username);
            Letter::AccountExists(AccountExists { name, link, valid_hours: kind.hours() })
        }
        None => {
            let details = serde_json::to_string(asked).map_err(Error::internal)?;
            let meant = Meant { user: None, email: email.to_owned(), details };
            let token = one_time_token::issue(tx, Kind::SignUp, &meant)?;
            let link = format!("{origin}/confirm-email/{token}");
            let name = asked.name.clone().unwrap_or_else(|| asked.username.clone());
            Letter::ConfirmEmail(ConfirmEmail { name, link, valid_hours: Kind::SignUp.hours() })
        }
    };
    mail::queue(tx, email, letter).map(|_| ())
}

/// What following a link would do; `None` when it did so already, or its time is over.
///
/// # Errors
/// `Internal` only.
pub async fn pending(hall: &Guildhall, token: &str) -> Result<Option<Pending>> {
    let token = token.to_owned();
    hall.store
        .read(move |read| {
            if let Some(meant) = one_time_token::look(read, Kind::SignUp, &token)? {
                let asked: Asked = serde_json::from_str(&meant.details).map_err(Error::internal)?;
                return Ok(Some(Pending::Account { email: meant.email, username: asked.username }));
            }
            let meant = one_time_token::look(read, Kind::ChangeEmail, &token)?;
            Ok(meant.map(|meant| Pending::Email(meant.email)))
        })
        .await
}

/// Follows a link: opens the account, under another `username` where one is given, or changes the e-mail.
///
/// # Errors
/// `NotFound` when the link was used or is too old, `Conflict` when the username or the e-mail has been taken since;
/// the link then counts on.
pub async fn confirm(
    hall: &Guildhall,
    token: &str,
    username: Option<String>,
    browser: Browser,
    shown: &str,
) -> Result<Confirmed> {
    let (token, shown) = (token.to_owned(), shown.to_owned());
    let followed = hall.store.write(move |tx| follow(tx, &token, username.as_deref(), &browser, &shown));
    match followed.await? {
        Followed::ChoosePassword(place) => Ok(Confirmed::ChoosePassword(place)),
        Followed::Account { user, begun, return_to } => {
            let entered = begun.map(|begun| sign_in::enter(hall, &user, begun));
            Ok(Confirmed::Account { entered, return_to })
        }
        Followed::Email(email) => Ok(Confirmed::Email(email)),
        Followed::AccountExists => Ok(Confirmed::AccountExists),
    }
}

enum Followed {
    Account { user: UserId, begun: Option<Begun>, return_to: Option<String> },
    Email(String),
    AccountExists,
    ChoosePassword(String),
}

fn follow(
    tx: &mut Tx<'_>,
    token: &str,
    username: Option<&str>,
    browser: &Browser,
    shown: &str,
) -> Result<Followed> {
    if let Some(meant) = one_time_token::use_up(tx, Kind::SignUp, token)? {
        let mut asked: Asked = serde_json::from_str(&meant.details).map_err(Error::internal)?;
        asked.username = username.map_or(asked.username, |username| username.trim().to_owned());
        return open(tx, asked, &meant.email, browser, shown);
    }
    match one_time_token::use_up(tx, Kind::ChangeEmail, token)? {
        Some(Meant { user: Some(user), email, .. }) => give_email(tx, &user, email),
        _ => Err(over()),
    }
}

/// The refusal of a link that counts no more.
pub(crate) fn over() -> Error {
    Error::NotFound("This link was used already, or its time is over. Ask for a new one.".into())
}

/// Opens the account that was asked for with an e-mail, which its owner has just confirmed.
fn open(tx: &mut Tx<'_>, asked: Asked, email: &str, browser: &Browser, shown: &str) -> Result<Followed> {
    // A purchase by the same address waits for this, or was first and is found.
    store::account::lock_email(tx, email)?;
    let is_same_browser = asked.browser == shown;
    let user = match store::account::find_by_email(tx, email)? {
        None => make(tx, &asked, email)?,
        Some(account) if account.email_confirmed_at.is_some() => return Ok(Followed::AccountExists),
        Some(account) if is_same_browser => claim(tx, &account, &asked)?,
        Some(account) => return password_reset::first_place(tx, &account).map(Followed::ChoosePassword),
    };
    let begun = match is_same_browser {
        true => Some(sign_in::begin(tx, &user, browser)?),
        false => None,
    };
    Ok(Followed::Account { user, begun, return_to: asked.return_to })
}

fn make(tx: &mut Tx<'_>, asked: &Asked, email: &str) -> Result<UserId> {
    let (username, name) = (asked.username.clone(), asked.name.clone());
    let user = user::create(tx, &NewUser { username, name, email: Some(email.to_owned()), bio: None })?;
    match store::account::insert(tx, &user, email, &asked.password_hash)? {
        true => Ok(user),
        false => Err(Error::internal("an e-mail that had no account has one")),
    }
}

/// Makes the account of a purchase what its owner asked for.
fn claim(tx: &mut Tx<'_>, account: &AccountRow, asked: &Asked) -> Result<UserId> {
    user::set_username(tx, &account.user, &asked.username)?;
    store::account::set_name(tx, &account.user, asked.name.as_deref())?;
    password_reset::change(tx, account, &asked.password_hash)?;
    Ok(account.user.clone())
}

/// Gives an account an e-mail that its owner has just confirmed. Letters to the one before open nothing any more.
fn give_email(tx: &mut Tx<'_>, user: &UserId, email: String) -> Result<Followed> {
    if store::account::set_email(tx, user, &email)? {
        store::one_time_token::delete_of_user(tx, user, Kind::ResetPassword)?;
        return Ok(Followed::Email(email));
    }
    let other = store::account::find_by_email(tx, &email)?;
    let sentence = match other.is_some_and(|other| other.email_confirmed_at.is_none()) {
        true => {
            "Something was bought with this e-mail, which made an account of its own: reset its password to open that one."
        }
        false => "Another account has this e-mail.",
    };
    Err(Error::Conflict(sentence.into()))
}
