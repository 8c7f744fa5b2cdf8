//! Users: who they are, to themselves and to everyone.

use crate::Guildhall;
use crate::error::{Error, Result, no_such};
use crate::ledger;
use crate::principal::Principal;
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
    check_username(&user.username)?;
    if user.username.starts_with(UserId::PREFIX) {
        return Err(Error::Invalid("A username must not start with `user_`.".into()));
    }
    let id = store::user::insert(tx, user)?
        .ok_or_else(|| Error::Conflict(format!("The username `{}` is taken.", user.username)))?;
    ledger::open_account(tx, AccountKind::User, id.as_str())?;
    Ok(id)
}
