//! Signing in to apps (OAuth 2): a person allows an app something, the app gets a code, and tokens for it.
//!
//! `authorization.rs` is the person's side: what an app asks, what was allowed before, the code. `client.rs`, `token.rs`
//! and `revocation.rs` are the app's side: who it is, tokens for a code or for a refresh token, and giving them back.
//! `bearer.rs` lets a token's holder in.
//!
//! Clients are apps. An app's secret is any of its live API keys. Where it can keep none (a browser, a device) the
//! redirect URI is registered as public, and whoever asks from there proves itself by PKCE.
//!
//! What must happen once is a conditional update: the use of a code, and the change from one refresh token to the
//! next. Whatever comes a second time ends the whole grant, at once and without grace: the copy and the original
//! cannot be told apart.
//!
//! No crate does this part. `oxide-auth` is the one that is kept up, and its traits put the invalidation of a code
//! (`Authorizer::extract`), the making of its tokens (`Issuer::issue`) and the change of a refresh token
//! (`Issuer::refresh`) into calls of their own that fail without a reason, so that they could neither share one of our
//! transactions nor know a token that comes back after it was used. The rules that need no store are in
//! `guildhall_core::oauth`.

mod authorization;
mod bearer;
mod client;
mod redirect_uri;
mod revocation;
mod token;

pub use authorization::{AllowedApp, Asked, allow, allowed_apps, ask, disallow, is_allowed};
pub use client::Presented;
pub use redirect_uri::{add_redirect_uri, redirect_uris, remove_redirect_uri, set_redirect_uris};
pub use revocation::revoke;
pub use token::{TokenAnswer, token};

pub(crate) use bearer::{is_access_token, resolve};
pub(crate) use redirect_uri::trust;

use crate::error::Result;
use crate::store::{self, Tx};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use guildhall_core::ids::UserId;
use sha2::{Digest, Sha256};

/// The S256 challenge of a verifier.
fn challenge_of(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// Ends every app's hold of a person's account, e.g. because the password was set anew. What was allowed stays
/// remembered.
pub(crate) fn revoke_of_user(tx: &mut Tx<'_>, user: &UserId) -> Result<()> {
    store::oauth::revoke_of_user(tx, user)
}
