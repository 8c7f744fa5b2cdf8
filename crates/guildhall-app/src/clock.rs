//! The clock and the source of randomness, handed to whoever needs them.

use rand::rngs::ChaCha20Rng;
use rand::{Rng, SeedableRng};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// Tells the time in milliseconds since 1970.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock, moved on by so many milliseconds: by none but in a development world.
    System(Arc<AtomicI64>),
    /// A clock that stands still until it is set.
    Frozen(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::System(Arc::new(AtomicI64::new(0)))
    }

    /// A clock that stands at `milliseconds`.
    #[must_use]
    pub fn frozen(milliseconds: i64) -> Self {
        Self::Frozen(Arc::new(AtomicI64::new(milliseconds)))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> i64 {
        match self {
            Self::System(moved) => machine_ms().saturating_add(moved.load(Ordering::SeqCst)),
            Self::Frozen(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since 1970 as other servers count them, whatever time it is in this world: what a signature that
    /// they check bears.
    #[must_use]
    pub fn outside_ms(&self) -> i64 {
        match self {
            Self::System(_) => machine_ms(),
            Self::Frozen(at) => at.load(Ordering::SeqCst),
        }
    }

    /// Moves the clock on; of the machine's clock, what this hall sees of it.
    pub fn advance_ms(&self, by: i64) {
        match self {
            Self::System(moved) => moved.fetch_add(by, Ordering::SeqCst),
            Self::Frozen(at) => at.fetch_add(by, Ordering::SeqCst),
        };
    }

    /// By how much the machine's clock was moved on.
    pub(crate) fn moved_ms(&self) -> i64 {
        match self {
            Self::System(moved) => moved.load(Ordering::SeqCst),
            Self::Frozen(_) => 0,
        }
    }

    /// Moves the machine's clock on by just so much; one that stands still stays.
    pub(crate) fn set_moved_ms(&self, by: i64) {
        if let Self::System(moved) = self {
            moved.store(by, Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
fn machine_ms() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
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
