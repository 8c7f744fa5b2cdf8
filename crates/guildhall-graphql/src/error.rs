//! Errors of use cases as GraphQL errors.

use async_graphql::ErrorExtensions;
use guildhall_app::Error;
use guildhall_core::Invalid;
use std::sync::atomic::{AtomicU64, Ordering};

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
        Self { code: code(&error), sentence: sentence(&error) }
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
        Error::Internal(_) => "INTERNAL",
    }
}

/// What the caller reads. An internal error is logged under an id, and the id is all that is shown.
pub(crate) fn sentence(error: &Error) -> String {
    match error {
        Error::Unauthenticated(sentence)
        | Error::Forbidden(sentence)
        | Error::NotFound(sentence)
        | Error::Invalid(sentence)
        | Error::Conflict(sentence)
        | Error::InsufficientFunds(sentence) => sentence.clone(),
        Error::Internal(cause) => {
            static NEXT: AtomicU64 = AtomicU64::new(1);
            let id = format!("err_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            tracing::error!(error_id = id, cause = ?cause, "an internal error");
            format!("Something broke on our side. The log has it under {id}.")
        }
    }
}
