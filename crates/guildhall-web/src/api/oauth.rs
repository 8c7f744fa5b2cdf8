//! OAuth 2 as apps speak it: tokens, their end, and what a client may read about this server.
//!
//! Any page may ask here, for a browser's app keeps no secret and sends no cookie: answers are readable everywhere.
//! Bounds: bodies of 64 KiB.

mod request;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use guildhall_app::oauth::{self, TokenAnswer};
use guildhall_app::{Error, Guildhall};
use guildhall_core::oauth::{Refusal, RefusalKind, Scope};
use hyper::StatusCode;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA, WWW_AUTHENTICATE,
};
use serde_json::{Value, json};
use std::sync::Arc;

/// Why a client got nothing.
enum Failure {
    Refused(Refusal),
    Broken(Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Broken(error)
    }
}

/// `POST /api/oauth/token`.
pub(crate) async fn token(State(hall): State<Arc<Guildhall>>, request: Request) -> Response {
    let answered = async {
        let (presented, parameters) = request::read(request).await?;
        Ok(oauth::token(&hall, &presented, &parameters).await??)
    };
    match answered.await {
        Ok(answer) => open_to_all(StatusCode::OK, &told(&answer)),
        Err(failure) => refused(failure),
    }
}

fn told(answer: &TokenAnswer) -> Value {
    json!({
        "access_token": answer.access_token,
        "token_type": "Bearer",
        "expires_in": answer.expires_in_ms / 1000,
        "refresh_token": answer.refresh_token,
        "scope": answer.scopes.to_string(),
        "created_at": answer.created_at / 1000,
    })
}

/// `POST /api/oauth/revoke`.
pub(crate) async fn revoke(State(hall): State<Arc<Guildhall>>, request: Request) -> Response {
    let answered = async {
        let (presented, parameters) = request::read(request).await?;
        Ok(oauth::revoke(&hall, &presented, &parameters).await??)
    };
    match answered.await {
        Ok(()) => open_to_all(StatusCode::OK, &json!({})),
        Err(failure) => refused(failure),
    }
}

/// What a client reads of its failure, as RFC 6749 has it.
fn refused(failure: Failure) -> Response {
    let refusal = match failure {
        Failure::Refused(refusal) => refusal,
        Failure::Broken(error) => {
            let body = json!({"error": "server_error", "error_description": error.told()});
            return open_to_all(StatusCode::INTERNAL_SERVER_ERROR, &body);
        }
    };
    let body = json!({"error": refusal.kind.as_str(), "error_description": refusal.sentence});
    if refusal.kind != RefusalKind::InvalidClient {
        return open_to_all(StatusCode::BAD_REQUEST, &body);
    }
    let mut response = open_to_all(StatusCode::UNAUTHORIZED, &body);
    let how = HeaderValue::from_static("Basic realm=\"guildhall\", charset=\"UTF-8\"");
    response.headers_mut().insert(WWW_AUTHENTICATE, how);
    response
}

/// JSON that any page may read, and nobody keeps.
pub(super) fn open_to_all(status: StatusCode, body: &Value) -> Response {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// What a browser asks before it lets another site's page ask.
pub(crate) async fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, cache-control, content-type, pragma"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

/// What a client may read about this server (RFC 8414). It stands where OAuth clients look, and where those of OpenID
/// look first; it names nothing of OpenID's, since there are no id tokens.
pub(crate) async fn metadata(State(hall): State<Arc<Guildhall>>) -> Response {
    let origin = hall.origin();
    let at = |path: &str| format!("{origin}{path}");
    let methods = ["client_secret_basic", "client_secret_post", "none"];
    let scopes: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
    let body = json!({
        "issuer": origin,
        "authorization_endpoint": at("/oauth"),
        "token_endpoint": at("/api/oauth/token"),
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": at("/api/oauth/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "userinfo_endpoint": at("/api/v5/me"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "consent"],
        "scopes_supported": scopes,
    });
    let mut response = open_to_all(StatusCode::OK, &body);
    response.headers_mut().remove(PRAGMA);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
