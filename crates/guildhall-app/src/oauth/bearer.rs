//! Who comes with an access token: a person, limited to the scopes that were allowed.

use super::hash;
use crate::Guildhall;
use crate::attachment;
use crate::error::{Error, Result};
use crate::principal::{CallingApp, Credentials, Principal};
use crate::store;
use crate::user::{self, User};
use guildhall_core::oauth::ACCESS_TOKEN_PREFIX;

/// Whether a bearer token is an access token and no API key.
pub(crate) fn is_access_token(bearer: &str) -> bool {
    bearer.starts_with(ACCESS_TOKEN_PREFIX)
}

/// The person whose access token it is. Nothing of this is remembered: a revoked token ends with the next request.
///
/// # Errors
/// `Unauthenticated` for a token that does not count, `Invalid` when something stands beside it that would change who
/// calls.
pub(crate) async fn resolve(hall: &Guildhall, token: &str, credentials: &Credentials) -> Result<Principal> {
    let beside = [&credentials.user_token, &credentials.on_behalf_of, &credentials.company];
    if beside.iter().any(|header| header.is_some()) {
        return Err(Error::Invalid(
            "An access token says itself who acts: leave out `x-on-behalf-of`, `x-company-id` and `x-whop-user-token`.".into(),
        ));
    }
    let token_hash = hash(token);
    let found = hall.store.read(move |read| store::oauth::find_by_access_token(read, &token_hash)).await?;
    let bearer = found.ok_or_else(|| {
        Error::Unauthenticated("The access token is unknown, has expired or was revoked.".into())
    })?;
    Ok(Principal {
        app: Some(CallingApp { id: bearer.app, company: bearer.company }),
        user: Some(bearer.user),
        is_person: true,
        scopes: Some(bearer.scopes),
        ..Principal::default()
    })
}

/// A person, as an app that was allowed `read_user` sees them.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The account.
    pub user: User,
    /// Where the picture can be read for a while.
    pub picture_url: Option<String>,
}

/// The profile of the person whose access token it is; for access tokens alone.
///
/// # Errors
/// `Unauthenticated` for anything but a live access token, `Forbidden` without `read_user`.
pub async fn profile(hall: &Guildhall, token: &str) -> Result<Profile> {
    if !is_access_token(token) {
        return Err(Error::Unauthenticated("This needs an access token of OAuth.".into()));
    }
    let principal = resolve(hall, token, &Credentials::default()).await?;
    let user = user::current(hall, &principal).await?;
    let picture = attachment::shown(hall, user.picture.clone()).await?;
    let picture_url = picture.map(|picture| attachment::address(hall, &picture));
    Ok(Profile { user, picture_url })
}
