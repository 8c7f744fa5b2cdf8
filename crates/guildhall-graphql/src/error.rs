//! Errors of use cases as GraphQL errors.

use async_graphql::ErrorExtensions;
use guildhall_app::Error;
use guildhall_core::Invalid;

/// What a resolver answers.
pub(crate) type Result<T> = std::result::Result<T, Refusal>;

/// An error on its way out.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: &'static str,
    sentence: String,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { code: code(&error), sentence: error.told() }
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Error::from(invalid).into()
    }
}

impl From<Refusal> for async_graphql::Error {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.sentence).extend_with(|_, extensions| extensions.set("code", refusal.code))
    }
}

/// `extensions.code`.
pub(crate) fn code(error: &Error) -> &'static str {
    match error {
        Error::Unauthenticated(_) => "UNAUTHENTICATED",
        Error::Forbidden(_) => "FORBIDDEN",
        Error::NotFound(_) => "NOT_FOUND",
        Error::Invalid(_) => "INVALID_INPUT",
        Error::Conflict(_) => "CONFLICT",
        Error::InsufficientFunds(_) => "INSUFFICIENT_FUNDS",
        Error::RateLimited { .. } => "RATE_LIMITED",
        Error::Internal(_) => "INTERNAL",
    }
}
