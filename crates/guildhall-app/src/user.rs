//! Users: who they are, to themselves and to everyone.

use crate::Guildhall;
use crate::attachment;
use crate::error::{Error, Result, no_such};
use crate::ledger;
use crate::oauth;
use crate::principal::{self, Credentials, Principal};
use crate::store::{self, Tx};
use guildhall_core::ids::{AttachmentId, Id, UserId};
use guildhall_core::ledger::AccountKind;
use guildhall_core::oauth::Scope;
use guildhall_core::user::check_username;

/// A person or an app's agent. Times are milliseconds since 1970.
#[derive(Debug, Clone)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The unique name, as its owner wrote it.
    pub username: String,
    /// The name shown.
    pub name: Option<String>,
    /// Seen by the user alone.
    pub email: Option<String>,
    /// A few words.
    pub bio: Option<String>,
    /// Where the user lives.
    pub city: Option<String>,
    /// Where the user lives.
    pub country: Option<String>,
    /// Whether a phone number was confirmed.
    pub phone_verified: bool,
    /// `YYYY-MM-DD`.
    pub date_of_birth: Option<String>,
    /// The profile picture.
    pub picture: Option<AttachmentId>,
    /// The profile banner.
    pub banner: Option<AttachmentId>,
    /// When the account was made.
    pub created_at: i64,
}

/// What a new user is made of.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    /// Unique without case.
    pub username: String,
    /// The name shown.
    pub name: Option<String>,
    /// Where mail goes.
    pub email: Option<String>,
    /// A few words.
    pub bio: Option<String>,
}

/// The acting user; of scopes, `read_user` opens it.
///
/// # Errors
/// `Unauthenticated` when nobody acts, `Forbidden` for somebody limited to other scopes.
pub async fn current(hall: &Guildhall, principal: &Principal) -> Result<User> {
    let id = principal.user_with(Scope::ReadUser)?.clone();
    let found = hall.store.read(move |read| store::user::find(read, &id)).await?;
    found.ok_or_else(|| Error::Unauthenticated("The acting user does not exist any more.".into()))
}

/// A person, as an app that they let see who they are sees them.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The account.
    pub user: User,
    /// Where the picture can be read for a while.
    pub picture_url: Option<String>,
}

/// The profile of a person who calls by a token of their own: an access token that opens `read_user`, or a user token.
///
/// # Errors
/// `Unauthenticated` for anything else and for a token that does not count, `Forbidden` without `read_user`.
pub async fn profile(hall: &Guildhall, credentials: &Credentials) -> Result<Profile> {
    let principal = match (&credentials.bearer, &credentials.user_token) {
        (Some(bearer), _) if oauth::is_access_token(bearer) => {
            oauth::resolve(hall, bearer, &Credentials::default()).await?
        }
        (None, Some(token)) => {
            let token = Credentials { user_token: Some(token.clone()), ..Credentials::default() };
            principal::resolve(hall, token).await?
        }
        _ => {
            let sentence = "This needs an access token of OAuth or a user token; no API key opens it.";
            return Err(Error::Unauthenticated(sentence.into()));
        }
    };
    let user = current(hall, &principal).await?;
    let picture = attachment::shown(hall, user.picture.clone()).await?;
    let picture_url = picture.map(|picture| attachment::address(hall, &picture));
    Ok(Profile { user, picture_url })
}

/// Anyone's public profile, by id (`user_…`) or username.
///
/// # Errors
/// `NotFound` for an unknown one, `Invalid` for text that is neither.
pub async fn find(hall: &Guildhall, id_or_username: &str) -> Result<User> {
    let given = id_or_username.trim().trim_start_matches('@').to_owned();
    hall.store
        .read(move |read| match resolve(read, &given)? {
            Some(user) => Ok(user),
            None => no_such("user", &given),
        })
        .await
}

/// Looks a user up by id or username.
pub(crate) fn resolve(read: &mut store::Read<'_>, given: &str) -> Result<Option<User>> {
    if given.starts_with(UserId::PREFIX) {
        return store::user::find(read, &UserId::parse(given)?);
    }
    if check_username(given).is_err() {
        let shown: String = given.chars().filter(|c| !c.is_control()).take(64).collect();
        return Err(Error::Invalid(format!("`{shown}` is neither a user id (`user_…`) nor a username.")));
    }
    store::user::find_by_username(read, given)
}

/// Makes a user with a ledger account.
pub(crate) fn create(tx: &mut Tx<'_>, user: &NewUser) -> Result<UserId> {
    check_new_username(&user.username)?;
    let id = store::user::insert(tx, user)?.ok_or_else(|| taken(&user.username))?;
    ledger::open_account(tx, AccountKind::User, id.as_str())?;
    Ok(id)
}

/// Gives a user another username.
pub(crate) fn set_username(tx: &mut Tx<'_>, user: &UserId, username: &str) -> Result<()> {
    check_new_username(username)?;
    match store::user::set_username(tx, user, username)? {
        true => Ok(()),
        false => Err(taken(username)),
    }
}

/// Checks what somebody wants to be called; none looks like an id.
pub(crate) fn check_new_username(username: &str) -> Result<&str> {
    check_username(username)?;
    match username.starts_with(UserId::PREFIX) {
        true => Err(Error::Invalid("A username must not start with `user_`.".into())),
        false => Ok(username),
    }
}

/// The refusal of a username that somebody else has.
pub(crate) fn taken(username: &str) -> Error {
    Error::Conflict(format!("The username `{username}` is taken."))
}
