//! What can go wrong in a use case: a few kinds that a caller does something about, and the rest.

use guildhall_core::Invalid;
use std::sync::atomic::{AtomicU64, Ordering};

/// The outcome of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did nothing. Every sentence is for the developer who called.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is calling, or the credential is unknown.
    #[error("{0}")]
    Unauthenticated(String),
    /// The caller may not do this to a thing it knows of.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or it is none of the caller's business.
    #[error("{0}")]
    NotFound(String),
    /// The input is not sound.
    #[error("{0}")]
    Invalid(String),
    /// The input contradicts what stands already.
    #[error("{0}")]
    Conflict(String),
    /// The account does not hold enough.
    #[error("{0}")]
    InsufficientFunds(String),
    /// It was tried too often; it can be tried again later.
    #[error("{sentence}")]
    RateLimited {
        /// What was tried too often.
        sentence: String,
        /// How long to wait, at least one second.
        retry_after_seconds: i64,
    },
    /// Something broke; the cause is for the log alone.
    #[error("an internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Wraps the cause of an internal error.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// What the caller reads. An internal error is logged under an id, and the id is all that is shown.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Internal(cause) => {
                static NEXT: AtomicU64 = AtomicU64::new(1);
                let id = format!("err_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
                tracing::error!(error_id = id, cause = ?cause, "an internal error");
                format!("Something broke on our side. The log has it under {id}.")
            }
            told => told.to_string(),
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid.0)
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        Self::internal(error)
    }
}

/// The one answer for a thing that does not exist and for a thing that is none of the caller's business.
pub(crate) fn no_such<T>(noun: &str, id: &impl std::fmt::Display) -> Result<T> {
    Err(Error::NotFound(format!("There is no {noun} `{id}`, or you have no access to it.")))
}
