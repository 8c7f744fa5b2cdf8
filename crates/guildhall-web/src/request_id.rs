//! Request ids: one for every request, in its answer and in everything logged meanwhile.
//!
//! Kept beside the task that answers rather than in a span: a span's fields are written out for every
//! request, these only when something is logged.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Uri};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tower::Service;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id taken over from a proxy in front, in bytes.
const LONGEST: usize = 64;
/// What paths begin with that hold a secret.
const LINKS: [&str; 3] = ["/confirm-email/", "/invoices/", "/reset-password/"];

tokio::task_local! {
    static CURRENT: RequestName;
}

/// What a line of the log says of the request it belongs to.
#[derive(Debug, Clone)]
pub struct RequestName {
    id: HeaderValue,
    method: Method,
    uri: Uri,
}

impl RequestName {
    /// The name of the request that this task answers, if it answers one.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(Clone::clone).ok()
    }

    /// Its id: letters, digits, `-`, `_` and `.`, at most 64.
    #[must_use]
    pub fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// `GET`, `POST`, …
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path, without parameters, which may be secret, and without the secret of a link in a letter.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.uri.path();
        LINKS.iter().find(|link| path.starts_with(**link)).unwrap_or(&path)
    }
}

/// Answers a request under its id: the one a proxy in front gave it, or the next of this process.
pub(crate) async fn answer(request: Request<Body>, mut router: Router) -> Response {
    let given = request.headers().get(&HEADER).filter(|id| is_plain(id)).cloned();
    let id = given.unwrap_or_else(fresh);
    let name = RequestName { id: id.clone(), method: request.method().clone(), uri: request.uri().clone() };
    let answering = async {
        let Ok(response) = router.call(request).await;
        let status = response.status();
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), "answered");
        } else {
            tracing::debug!(status = status.as_u16(), "answered");
        }
        response
    };
    let mut response = CURRENT.scope(name, answering).await;
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
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("req"))
}
