//! Rate limits: so many requests a minute for each credential, or for each address without one.

use crate::error::plain_refusal;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use guildhall_app::principal::USER_TOKEN_HEADER;
use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// After so many requests the credentials that have been quiet are forgotten.
const SWEEP_EVERY: u64 = 10_000;

/// The limiter of one server.
pub(crate) struct RateLimit {
    limiter: DefaultKeyedRateLimiter<u64>,
    hasher: RandomState,
    seen: AtomicU64,
}

impl RateLimit {
    pub(crate) fn new(requests_per_minute: NonZeroU32) -> Self {
        let limiter = RateLimiter::keyed(Quota::per_minute(requests_per_minute));
        Self { limiter, hasher: RandomState::new(), seen: AtomicU64::new(0) }
    }

    /// Counts a request; answers how many seconds to wait when it is one too many.
    fn count(&self, request: &Request) -> Result<(), u64> {
        if self.seen.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        let headers = request.headers();
        let key = match headers.get(AUTHORIZATION).or_else(|| headers.get(USER_TOKEN_HEADER)) {
            Some(credential) => self.hasher.hash_one(credential.as_bytes()),
            None => self.hasher.hash_one(address_of(request)),
        };
        self.limiter.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            wait.as_secs() + 1
        })
    }
}

/// Where a request came from.
fn address_of(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// Lets a request through, or answers 429 with `Retry-After`.
pub(crate) async fn check(State(limit): State<Arc<RateLimit>>, request: Request, next: Next) -> Response {
    match limit.count(&request) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let sentence = format!("Too many requests with this credential: wait {seconds} seconds.");
            let mut response = plain_refusal(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", &sentence);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}
