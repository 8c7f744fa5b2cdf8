//! Request ids: one for every request, in its answer and in everything logged meanwhile.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use hyper::header::{HeaderName, HeaderValue};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tracing::Instrument;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id taken over from a proxy in front, in bytes.
const LONGEST: usize = 64;

/// Gives a request its id: the one a proxy in front gave it, or the next of this process.
pub(crate) async fn name(request: Request, next: Next) -> Response {
    let given = request.headers().get(&HEADER).filter(|id| is_plain(id)).cloned();
    let id = given.unwrap_or_else(fresh);
    let span =
        tracing::info_span!("request", id = ?id, method = %request.method(), path = request.uri().path());
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    if status.is_server_error() {
        span.in_scope(|| tracing::error!(status = status.as_u16(), "answered"));
    } else {
        span.in_scope(|| tracing::debug!(status = status.as_u16(), "answered"));
    }
    response.headers_mut().insert(HEADER, id);
    response
}

fn is_plain(id: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

fn fresh() -> HeaderValue {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    static PROCESS: LazyLock<u32> = LazyLock::new(std::process::id);
    let id = format!("req-{}-{}", *PROCESS, NEXT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("req"))
}
