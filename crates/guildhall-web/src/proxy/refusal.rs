//! What the proxy says in its own name on an app's origin: a page to browsers that go there, JSON to programs.

use crate::error::plain_refusal;
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use hyper::{HeaderMap, StatusCode};

#[derive(Template)]
#[template(path = "app_notice.html")]
struct AppNotice<'a> {
    title: &'static str,
    sentence: &'a str,
}

/// Says one sentence to whoever sent these headers.
pub(super) fn page(headers: &HeaderMap, status: StatusCode, sentence: &str) -> Response {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accept.contains("text/html")
        && let Ok(page) = (AppNotice { title: title(status), sentence }).render()
    {
        let policy = "default-src 'none'; style-src 'unsafe-inline'";
        let headers = [(CONTENT_SECURITY_POLICY, policy), (CACHE_CONTROL, "no-store")];
        return (status, headers, Html(page)).into_response();
    }
    let code = match status {
        StatusCode::NOT_FOUND => "NOT_FOUND",
        StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
        StatusCode::FORBIDDEN => "FORBIDDEN",
        StatusCode::BAD_GATEWAY => "UNAVAILABLE",
        _ => "INVALID_INPUT",
    };
    plain_refusal(status, code, sentence)
}

/// What stands above the sentence.
fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "Not let in",
        StatusCode::BAD_GATEWAY => "No answer",
        _ => "That does not fit",
    }
}
