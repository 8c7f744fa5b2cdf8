//! Who comes with an access token: a person, limited to the scopes that were allowed.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::opaque_token;
use crate::principal::{CallingApp, Credentials, Principal};
use crate::store;
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
    let token_hash = opaque_token::hash(token);
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
