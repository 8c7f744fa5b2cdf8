//! The public keys of user tokens, for whoever verifies one.

use crate::error::Refusal;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use guildhall_app::{Guildhall, signing_key};
use hyper::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use std::sync::Arc;

/// Much less than a new key is published before it signs.
const CACHE: &str = "public, max-age=300";

/// Answers the JWK set; it holds nothing secret, so any page may read it.
pub(crate) async fn published(State(hall): State<Arc<Guildhall>>) -> Result<Response, Refusal> {
    let keys = signing_key::published(&hall).await?;
    let headers = [
        (CONTENT_TYPE, "application/json; charset=utf-8"),
        (CACHE_CONTROL, CACHE),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, keys.to_string()).into_response())
}
