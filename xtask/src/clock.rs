//! Real time, asked for in one place: nothing here can be handed a clock.

use std::time::{Duration, Instant};

/// Now, on the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "a task tells how long it really took")]
pub(crate) fn clock() -> Instant {
    Instant::now()
}

/// Waits before a process is asked again whether it is ready.
#[expect(clippy::disallowed_methods, reason = "another process gives no signal when it begins to listen")]
pub(crate) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}
