//! Who is looking at an embedded app: the token its host adds to every request as `x-whop-user-token`.

use crate::clock::now_seconds;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

const ISSUER: &str = "urn:whopcom:exp-proxy";

/// What a token is held against.
#[derive(Debug, Clone, Copy)]
pub struct UserTokenOptions<'a> {
    /// The app the token must be for, `app_…`.
    pub app_id: &'a str,
    /// The server's public key as the JSON text of a JWK on the curve P-256.
    pub public_key: &'a str,
}

/// What a genuine token says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct UserToken {
    /// The member, `user_…`.
    #[serde(rename = "sub")]
    pub user_id: String,
    /// The app it is for, `app_…`.
    #[serde(rename = "aud")]
    pub app_id: String,
    /// When it ends, in seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
}

/// Why a token is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UserTokenError {
    /// The key that was passed in is no JWK for ES256.
    #[error("the public key is no JWK on the curve P-256")]
    PublicKey,
    /// It is no token, is signed in another way, or lacks a claim.
    #[error("the user token is malformed")]
    Malformed,
    /// It was not signed with the key's other half.
    #[error("the user token's signature is wrong")]
    Signature,
    /// It was not made for embedded apps.
    #[error("the user token was issued by somebody else")]
    Issuer,
    /// It is for another app.
    #[error("the user token is for another app")]
    Audience,
    /// It has ended.
    #[error("the user token has expired")]
    Expired,
}

/// Checks a user token now.
///
/// ```no_run
/// use guildhall_client::{UserTokenOptions, verify_user_token};
///
/// # fn run(token: &str, public_key: &str) -> Result<(), guildhall_client::UserTokenError> {
/// let options = UserTokenOptions { app_id: "app_…", public_key };
/// println!("hello {}", verify_user_token(token, options)?.user_id);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// See [`UserTokenError`].
pub fn verify_user_token(token: &str, options: UserTokenOptions<'_>) -> Result<UserToken, UserTokenError> {
    verify_user_token_at(token, options, now_seconds())
}

/// Checks a user token at a time in seconds since 1970.
///
/// # Errors
/// See [`UserTokenError`].
pub fn verify_user_token_at(
    token: &str,
    options: UserTokenOptions<'_>,
    now_seconds: i64,
) -> Result<UserToken, UserTokenError> {
    let key: Jwk = serde_json::from_str(options.public_key).map_err(|_| UserTokenError::PublicKey)?;
    let key = DecodingKey::from_jwk(&key).map_err(|_| UserTokenError::PublicKey)?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[options.app_id]);
    // The library would read the clock itself; the end is checked below against the time passed in.
    validation.validate_exp = false;
    let verified = jsonwebtoken::decode::<UserToken>(token, &key, &validation);
    let claims = verified.map_err(|error| refusal(error.kind()))?.claims;
    if claims.expires_at <= now_seconds {
        return Err(UserTokenError::Expired);
    }
    Ok(claims)
}

fn refusal(kind: &ErrorKind) -> UserTokenError {
    match kind {
        ErrorKind::InvalidSignature => UserTokenError::Signature,
        ErrorKind::InvalidIssuer => UserTokenError::Issuer,
        ErrorKind::InvalidAudience => UserTokenError::Audience,
        ErrorKind::InvalidEcdsaKey | ErrorKind::InvalidKeyFormat => UserTokenError::PublicKey,
        _ => UserTokenError::Malformed,
    }
}

#[cfg(test)]
mod tests;
