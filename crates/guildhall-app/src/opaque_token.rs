//! Opaque tokens: text that nobody can guess, of which the store holds the hash alone.
//!
//! API keys, sessions, tickets, the codes and tokens of OAuth and the links in letters are such tokens, some behind a
//! prefix that says what they are.

use crate::Guildhall;
use crate::store::Tx;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// How many characters a token has: 32 bytes in base64url.
pub const LENGTH: usize = 43;

/// Makes a token outside of any transaction.
#[must_use]
pub fn fresh(hall: &Guildhall) -> String {
    text_of(hall.random.bytes())
}

/// Makes a token in a transaction.
pub(crate) fn draw(tx: &Tx<'_>) -> String {
    text_of(tx.random_bytes())
}

fn text_of(bytes: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the store holds of a token: the SHA-256 of its text, prefix and all.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
