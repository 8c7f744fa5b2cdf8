//! The clock and the source of randomness, handed to whoever needs them.

use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// Tells the time in milliseconds since 1970.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that stands still until it is set.
    Frozen(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `milliseconds`.
    #[must_use]
    pub fn frozen(milliseconds: i64) -> Self {
        Self::Frozen(Arc::new(AtomicI64::new(milliseconds)))
    }

    /// Milliseconds since 1970.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Self::Frozen(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Moves a frozen clock on; the machine's clock cannot be moved.
    pub fn advance_ms(&self, by: i64) {
        if let Self::Frozen(at) = self {
            at.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// Random bytes, from the operating system or from a seed.
#[derive(Debug, Clone)]
pub enum Random {
    /// Unpredictable.
    System,
    /// The same bytes for the same seed.
    Seeded(Arc<Mutex<ChaCha20Rng>>),
}

impl Random {
    /// Bytes that follow from the seed alone.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// Fresh bytes.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is where randomness comes from")]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match self {
            Self::System => rand::rng().fill_bytes(&mut bytes),
            Self::Seeded(generator) => {
                let mut generator = generator.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                generator.fill_bytes(&mut bytes);
            }
        }
        bytes
    }
}
