//! Signing in to apps (OAuth 2): what may be asked, where answers may go, and how long things live.
//!
//! The rules of RFC 6749, 7636 (S256 alone), 9207 and 9700 as far as they can be decided from values. What must not
//! happen twice is decided by the store.

mod authorization;
mod parameters;
mod redirect_uri;
mod scope;

pub use authorization::{Authorization, Prompt, Return, addressee, read};
pub use parameters::Parameters;
pub use redirect_uri::{MOST_REDIRECT_URIS, RedirectUri, with_parameters};
pub use scope::{Scope, Scopes};

/// How long a code can be exchanged, in milliseconds.
pub const CODE_LIFETIME_MS: i64 = 5 * 60 * 1000;
/// How long an access token counts, in milliseconds.
pub const ACCESS_TOKEN_LIFETIME_MS: i64 = 60 * 60 * 1000;
/// How long a refresh token waits to be used, in milliseconds; its successor waits as long again.
pub const REFRESH_TOKEN_LIFETIME_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// What access tokens begin with, so that they are told from API keys.
pub const ACCESS_TOKEN_PREFIX: &str = "gho_";
/// What refresh tokens begin with.
pub const REFRESH_TOKEN_PREFIX: &str = "ghr_";

/// The words for what went wrong, as the standards give them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named by its word below")]
pub enum RefusalKind {
    AccessDenied,
    ConsentRequired,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidScope,
    LoginRequired,
    RequestNotSupported,
    RequestUriNotSupported,
    UnsupportedGrantType,
    UnsupportedResponseType,
}

impl RefusalKind {
    /// The value of `error`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::ConsentRequired => "consent_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }
}

/// A refusal as apps read it: `error` and `error_description`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What went wrong.
    pub kind: RefusalKind,
    /// One sentence, of the characters that RFC 6749 allows there.
    pub sentence: String,
}

impl Refusal {
    /// A refusal with its sentence; what the standard allows in no description is left out of it.
    #[must_use]
    pub fn new(kind: RefusalKind, sentence: &str) -> Self {
        let allowed = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        Self { kind, sentence: sentence.chars().filter(allowed).take(300).collect() }
    }

    /// A refusal of a malformed request.
    #[must_use]
    pub fn malformed(sentence: &str) -> Self {
        Self::new(RefusalKind::InvalidRequest, sentence)
    }
}

/// Whether text can be a code verifier (RFC 7636): 43 to 128 letters, digits, `-`, `.`, `_` and `~`.
#[must_use]
pub fn is_verifier(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// Whether text can be the S256 challenge of a verifier: the base64url of 32 bytes, without padding.
#[must_use]
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_hold_what_the_standard_allows() {
        let refusal = Refusal::malformed("a \"b\" \\ `c` é\n~");
        assert_eq!(refusal.sentence, "a b  `c` ~");
        assert_eq!(Refusal::malformed(&"a".repeat(1000)).sentence.len(), 300);
    }

    #[test]
    fn verifiers_and_challenges_have_their_lengths_and_letters() {
        let table = [
            ("a".repeat(42), false, false),
            ("a".repeat(43), true, true),
            ("a".repeat(44), true, false),
            ("a".repeat(128), true, false),
            ("a".repeat(129), false, false),
            (format!("{}.~", "a".repeat(41)), true, false),
            (format!("{}-_", "a".repeat(41)), true, true),
            (format!("{}=", "a".repeat(42)), false, false),
            (format!("{}é", "a".repeat(41)), false, false),
            (String::new(), false, false),
        ];
        for (text, verifier, challenge) in table {
            assert_eq!((is_verifier(&text), is_challenge(&text)), (verifier, challenge), "{text}");
        }
    }
}
