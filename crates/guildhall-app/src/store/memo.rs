//! What bears on access and the rules of feeds, kept in memory as long as no commit touches the tables it was read from.
//!
//! SQLite only, where one process does all the writing: its engine tells the writer which tables a
//! transaction changed ([`is_watched`]), and a commit that changed any of [`WATCHED`] begins a new generation,
//! in which nothing kept before counts. An entry also ends after [`LIFETIME_MS`], which bounds how long a change
//! made by hand beside the server goes unseen.
//!
//! Bounds: [`MOST_RECORDS`] pairs of company and user, [`MOST_EXPERIENCES`] experiences; the least used give way.

use super::access::{DoorRow, ExperienceRow, RecordRows};
use super::feed::FeedRow;
use crate::error::Result;
use guildhall_core::ids::{CompanyId, ExperienceId, UserId};
use quick_cache::sync::Cache;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

const MOST_RECORDS: usize = 50_000;
const MOST_EXPERIENCES: usize = 10_000;
const LIFETIME_MS: i64 = 5_000;

/// Every table that a kept answer was read from.
pub(super) const WATCHED: [&str; 9] = [
    "app_agents",
    "app_installs",
    "bans",
    "experience_passes",
    "experiences",
    "feeds",
    "memberships",
    "mutes",
    "team_members",
];

/// Whether a change of this table ends the generation.
pub(super) fn is_watched(table: &str) -> bool {
    WATCHED.contains(&table)
}

/// The memory of one store.
pub(super) struct Memo {
    generation: AtomicU64,
    pub(super) records: Shelf<(CompanyId, UserId), RecordRows>,
    pub(super) doors: Shelf<ExperienceId, Vec<DoorRow>>,
    pub(super) experiences: Shelf<ExperienceId, Option<ExperienceRow>>,
    pub(super) feeds: Shelf<ExperienceId, Option<FeedRow>>,
}

type Shelf<K, V> = Cache<K, Kept<V>>;

/// Says which shelf of a memory.
pub(super) type ShelfOf<K, V> = fn(&Memo) -> &Shelf<K, V>;

pub(super) struct Kept<V> {
    value: Arc<V>,
    generation: u64,
    until_ms: i64,
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), ..*self }
    }
}

impl Memo {
    pub(super) fn new() -> Self {
        Self {
            generation: AtomicU64::new(0),
            records: Cache::new(MOST_RECORDS),
            doors: Cache::new(MOST_EXPERIENCES),
            experiences: Cache::new(MOST_EXPERIENCES),
            feeds: Cache::new(MOST_EXPERIENCES),
        }
    }

    /// The present generation. A reader asks after it has counted commits and before it takes its snapshot.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }

    /// Begins a new generation; to be called after the commit and before anyone hears of it.
    pub(super) fn begin_generation(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

/// The memory as one look-up or transaction may use it.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    memo: &'a Memo,
    generation: u64,
    /// Set by a transaction, or an earlier one of its group, that changed a watched table: what it wrote is not
    /// committed yet, so it neither asks the memory nor adds to it.
    touched: Option<&'a AtomicBool>,
}

impl<'a> View<'a> {
    pub(super) fn of_snapshot(memo: &'a Memo, generation: u64) -> Self {
        Self { memo, generation, touched: None }
    }

    pub(super) fn of_transaction(memo: &'a Memo, touched: &'a AtomicBool) -> Self {
        Self { memo, generation: memo.generation(), touched: Some(touched) }
    }

    /// What is kept under a key of a shelf, or else what `load` answers, which is kept then.
    pub(super) fn recall<K: Hash + Eq, V>(
        self,
        shelf: ShelfOf<K, V>,
        key: K,
        now: i64,
        load: impl FnOnce() -> Result<V>,
    ) -> Result<Arc<V>> {
        if self.touched.is_some_and(|touched| touched.load(Ordering::Relaxed)) {
            return load().map(Arc::new);
        }
        let shelf = shelf(self.memo);
        let kept = shelf.get(&key);
        if let Some(kept) = kept
            && kept.generation == self.generation
            && (0..=LIFETIME_MS).contains(&(kept.until_ms - now))
        {
            return Ok(kept.value);
        }
        let value = Arc::new(load()?);
        let until_ms = now + LIFETIME_MS;
        shelf.insert(key, Kept { value: Arc::clone(&value), generation: self.generation, until_ms });
        Ok(value)
    }
}
