//! Whose an access token or a user token is: `GET /api/v5/me`.

use super::oauth::open_to_all;
use axum::extract::State;
use axum::response::Response;
use guildhall_app::principal::Credentials;
use guildhall_app::user::{self, Profile};
use guildhall_app::{Error, Guildhall};
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use hyper::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// Answers with the profile, or as RFC 6750 has it.
pub(crate) async fn read(State(hall): State<Arc<Guildhall>>, headers: HeaderMap) -> Response {
    let credentials = Credentials::of(&headers);
    if credentials.bearer.is_none() && credentials.user_token.is_none() {
        let sentence = "This needs an access token: send `Authorization: Bearer <access token>`, or a user token as `x-whop-user-token`.";
        return refused(StatusCode::UNAUTHORIZED, None, sentence);
    }
    match user::profile(&hall, &credentials).await {
        Ok(profile) => open_to_all(StatusCode::OK, &told(&profile)),
        Err(error @ Error::Internal(_)) => {
            let body = json!({"error": "server_error", "error_description": error.told()});
            open_to_all(StatusCode::INTERNAL_SERVER_ERROR, &body)
        }
        Err(error @ Error::Forbidden(_)) => {
            refused(StatusCode::FORBIDDEN, Some("insufficient_scope"), &error.told())
        }
        Err(error) => refused(StatusCode::UNAUTHORIZED, Some("invalid_token"), &error.told()),
    }
}

fn told(profile: &Profile) -> Value {
    let user = &profile.user;
    json!({
        "id": user.id.to_string(),
        // What clients of OpenID call the id.
        "sub": user.id.to_string(),
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "bio": user.bio,
        "profile_pic_url": profile.picture_url,
        "created_at": user.created_at / 1000,
    })
}

fn refused(status: StatusCode, error: Option<&'static str>, sentence: &str) -> Response {
    let word = error.unwrap_or("invalid_request");
    let mut response = open_to_all(status, &json!({"error": word, "error_description": sentence}));
    let how = match error {
        None => HeaderValue::from_static("Bearer realm=\"guildhall\""),
        Some("insufficient_scope") => HeaderValue::from_static(
            "Bearer realm=\"guildhall\", error=\"insufficient_scope\", scope=\"read_user\"",
        ),
        Some(_) => HeaderValue::from_static("Bearer realm=\"guildhall\", error=\"invalid_token\""),
    };
    response.headers_mut().insert(WWW_AUTHENTICATE, how);
    response
}
