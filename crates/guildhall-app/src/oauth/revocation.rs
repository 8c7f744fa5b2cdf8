//! Tokens that an app gives back.

use super::client::{Answered, Client, Presented, authenticate};
use super::token::{family_hash, family_of};
use crate::Guildhall;
use crate::error::Result;
use crate::opaque_token;
use crate::store::{self, Tx};
use guildhall_core::oauth::Parameters;

/// Answers `POST /api/oauth/revoke` (RFC 7009): a refresh token ends with everything of its signing-in, an access
/// token by itself. A token that nobody knows is revoked already.
///
/// # Errors
/// `Internal` only: what the client did wrong is in the answer.
pub async fn revoke(
    hall: &Guildhall,
    presented: &Presented,
    parameters: &Parameters,
) -> Result<Answered<()>> {
    let token = match parameters.check_single().and_then(|()| parameters.require("token")) {
        Ok(token) => token.to_owned(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let client = match authenticate(hall, presented).await? {
        Ok(client) => client,
        Err(refusal) => return Ok(Err(refusal)),
    };
    hall.store
        .write(move |tx| match family_of(&token) {
            Some(family) => revoke_family(tx, &client, &family_hash(family)),
            None => revoke_access(tx, &client, &opaque_token::hash(&token)),
        })
        .await
}

fn revoke_family(tx: &mut Tx<'_>, client: &Client, family_hash: &[u8]) -> Result<Answered<()>> {
    let found = store::oauth::find_by_family(tx, family_hash)?;
    let Some(grant) = found.filter(|grant| !grant.is_revoked) else {
        return Ok(Ok(()));
    };
    match client.check_reach(&grant.app, grant.is_public, "token") {
        Ok(()) => store::oauth::revoke(tx, &grant.id).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}

fn revoke_access(tx: &mut Tx<'_>, client: &Client, token_hash: &[u8]) -> Result<Answered<()>> {
    let Some(bearer) = store::oauth::find_by_access_token(tx, token_hash)? else {
        return Ok(Ok(()));
    };
    match client.check_reach(&bearer.app, bearer.is_public, "token") {
        Ok(()) => store::oauth::revoke_access_token(tx, token_hash).map(Ok),
        Err(refusal) => Ok(Err(refusal)),
    }
}
