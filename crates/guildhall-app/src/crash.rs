//! Points at which a test has the server die, as by a power cut: between the steps of a payment.
//!
//! A build with debug assertions ends at the point that the environment names as `CRASH_AT`, without a word and without
//! unwinding. Other builds have no such points.

/// Ends the process here, when a test wants that.
pub(crate) fn point(name: &str) {
    if cfg!(debug_assertions) && std::env::var_os("CRASH_AT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}
