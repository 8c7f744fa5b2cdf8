//! Real time, asked for in one place: a benchmark is the one thing here that cannot use a passed-in clock.

use std::time::{Duration, Instant};

/// Now, on the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(super) fn clock() -> Instant {
    Instant::now()
}

/// Waits before a process is asked again whether it is ready.
#[expect(
    clippy::disallowed_methods,
    reason = "another process gives no signal when it begins to listen"
)]
pub(super) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}
