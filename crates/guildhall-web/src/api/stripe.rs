//! What Stripe tells by itself: `POST /api/stripe/webhook`.

use crate::error::{Refusal, plain_refusal};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use guildhall_app::Guildhall;
use guildhall_app::processor::stripe::take_event;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use std::sync::Arc;

/// The largest event, in bytes (1 MiB).
const LARGEST_EVENT: usize = 1024 * 1024;

/// Hears an event, and answers when it is kept. What it means is worked out afterwards.
pub(crate) async fn hear(State(hall): State<Arc<Guildhall>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_EVENT).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            let sentence = "The body is larger than 1 MiB.";
            return plain_refusal(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_INPUT", sentence);
        }
        Err(_) => return plain_refusal(StatusCode::BAD_REQUEST, "INVALID_INPUT", "The body broke off."),
    };
    let signature = parts.headers.get("stripe-signature").and_then(|value| value.to_str().ok());
    match take_event(&hall, signature, &body).await {
        Ok(()) => ([(CONTENT_TYPE, "application/json")], "{\"received\": true}\n").into_response(),
        Err(error) => Refusal::from(error).into_response(),
    }
}
