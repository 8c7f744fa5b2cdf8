//! Credentials that were seen lately, API keys and user tokens: whose each one is, without asking the store, or
//! doing the arithmetic of a signature, on every request.
//!
//! An entry counts until something about keys or agents changes in this process, and at most
//! [`LIFETIME_MS`], which bounds how long another copy of the server may not have heard of a revoked key.
//! Bounds: [`MOST_KEPT`] of each kind; when they are full, all are forgotten.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

const LIFETIME_MS: i64 = 1000;
const MOST_KEPT: usize = 1000;

/// The credentials of one kind seen lately, by their hash.
#[derive(Debug)]
pub(crate) struct Credentials<T> {
    changes: AtomicU64,
    kept: RwLock<HashMap<[u8; 32], Kept<T>>>,
}

#[derive(Debug)]
struct Kept<T> {
    holder: Arc<T>,
    /// How many changes there had been before the store was asked.
    changes: u64,
    until_ms: i64,
}

impl<T> Default for Credentials<T> {
    fn default() -> Self {
        Self { changes: AtomicU64::default(), kept: RwLock::default() }
    }
}

impl<T> Credentials<T> {
    /// How many changes there have been; to be read before the store is asked.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    /// Forgets everything; to be called after the change is committed.
    pub(crate) fn forget(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// Whose it is, when that is known.
    pub(crate) fn find(&self, hash: &[u8; 32], now_ms: i64) -> Option<Arc<T>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(hash).filter(|kept| kept.changes == self.changes() && kept.until_ms > now_ms)?;
        Some(Arc::clone(&found.holder))
    }

    /// Keeps what the store answered after `changes` were counted.
    pub(crate) fn keep(&self, hash: [u8; 32], holder: Arc<T>, changes: u64, now_ms: i64) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(hash, Kept { holder, changes, until_ms: now_ms + LIFETIME_MS });
    }
}
