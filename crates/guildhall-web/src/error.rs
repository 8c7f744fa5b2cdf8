//! Errors of use cases as HTTP answers.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use guildhall_app::Error;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{StatusCode, Uri};

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = status_and_code(&self.0);
        let mut response = plain_refusal(status, code, &self.0.told());
        if let Error::RateLimited { retry_after_seconds, .. } = self.0 {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds));
        }
        response
    }
}

/// The status of an answer to an error, and the word for its kind.
pub(crate) fn status_and_code(error: &Error) -> (StatusCode, &'static str) {
    match error {
        Error::Unauthenticated(_) => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
        Error::Forbidden(_) => (StatusCode::FORBIDDEN, "FORBIDDEN"),
        Error::NotFound(_) => (StatusCode::NOT_FOUND, "NOT_FOUND"),
        Error::Invalid(_) => (StatusCode::BAD_REQUEST, "INVALID_INPUT"),
        Error::Conflict(_) => (StatusCode::CONFLICT, "CONFLICT"),
        Error::InsufficientFunds(_) => (StatusCode::PAYMENT_REQUIRED, "INSUFFICIENT_FUNDS"),
        Error::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
        Error::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
    }
}

/// A refusal in the shape that GraphQL's errors have, which every client here reads.
pub(crate) fn plain_refusal(status: StatusCode, code: &str, sentence: &str) -> Response {
    let body = serde_json::json!({"errors": [{"message": sentence, "extensions": {"code": code}}]});
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response
}

/// The answer to a program where no route is; pages have their own (`hub/page.rs`).
pub(crate) fn nothing_at(uri: &Uri) -> Response {
    let path: String = uri.path().chars().take(200).collect();
    plain_refusal(StatusCode::NOT_FOUND, "NOT_FOUND", &format!("There is nothing at {path}."))
}
