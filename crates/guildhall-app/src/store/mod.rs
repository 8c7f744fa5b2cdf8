//! The store: two engines behind one SQL text.
//!
//! Owns every connection and every SQL statement; nothing outside `store/` sees either. There are two
//! ways in: [`Store::read`] for look-ups and [`Store::write`] for transactions, both given a plain
//! synchronous closure. An answer to a write is given only after its commit.
//!
//! Bounds: a write queue of [`QUEUE`] closures (further callers wait), at most [`BATCH`] closures a
//! commit on SQLite, [`postgres::WORKERS`] connections on PostgreSQL.

pub(crate) mod access;
pub(crate) mod access_pass;
pub(crate) mod account;
pub(crate) mod affiliate;
pub(crate) mod affiliate_agreement;
pub(crate) mod api_key;
pub(crate) mod app;
pub(crate) mod app_build;
pub(crate) mod app_session;
pub(crate) mod attachment;
pub(crate) mod audit;
pub(crate) mod authorized_user;
pub(crate) mod checkout;
pub(crate) mod company;
pub(crate) mod company_member;
mod dialect;
pub(crate) mod direct_message;
pub(crate) mod dispute;
pub(crate) mod earlier;
pub(crate) mod entry;
pub(crate) mod experience;
pub(crate) mod feed;
pub(crate) mod install;
pub(crate) mod invoice;
pub(crate) mod job;
pub(crate) mod ledger;
pub(crate) mod listed;
pub(crate) mod membership;
pub(crate) mod membership_list;
mod memo;
mod migrate;
pub(crate) mod moderation;
pub(crate) mod notification;
pub(crate) mod oauth;
pub(crate) mod one_time_token;
pub(crate) mod payment;
pub(crate) mod payment_method;
pub(crate) mod payout;
pub(crate) mod permission_requirement;
pub(crate) mod plan;
pub(crate) mod post;
pub(crate) mod post_query;
mod postgres;
pub(crate) mod promo_code;
pub(crate) mod promo_code_use;
pub(crate) mod raffle;
pub(crate) mod receipt;
pub(crate) mod referral;
pub(crate) mod refund;
pub(crate) mod sandbox;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod signing_key;
mod sqlite;
pub(crate) mod stray_charge;
pub(crate) mod stripe;
pub(crate) mod throttle;
pub(crate) mod user;
mod value;
pub(crate) mod webhook;

pub(crate) use value::{Row, Value, params};

use crate::clock::{Clock, Random};
use crate::error::{Error, Result};
use guildhall_core::ids::{FeedId, FeedKind, Id};
use std::hash::Hash;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, oneshot};

/// How many writes may wait; further callers wait for a place.
const QUEUE: usize = 4096;
/// How many writes share one commit on SQLite.
const BATCH: usize = 256;

/// Where the data lies.
#[derive(Debug, Clone)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database, and the schema in it that holds the tables.
    Postgres {
        /// A `postgres://` address.
        url: String,
        /// The schema's name.
        schema: String,
    },
}

/// One connection's worth of SQL, as both engines offer it.
trait Engine {
    fn query(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>>;
    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64>;
    fn run_script(&mut self, script: &str) -> Result<()>;
    fn dialect(&self) -> dialect::Dialect;
}

/// A view of the store that can only look.
pub(crate) struct Read<'a> {
    engine: &'a mut dyn Engine,
    /// The moment this look-up began, in milliseconds.
    pub(crate) now: i64,
    memo: Option<memo::View<'a>>,
}

impl Read<'_> {
    pub(crate) fn query(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>> {
        self.engine.query(sql, parameters)
    }

    pub(crate) fn first(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Option<Row>> {
        Ok(self.query(sql, parameters)?.into_iter().next())
    }

    /// What the memory keeps under a key, or else what `load` reads; without a memory that is asked every time.
    fn remembered<K: Hash + Eq, V>(
        &mut self,
        shelf: memo::ShelfOf<K, V>,
        key: K,
        load: impl FnOnce(&mut Self) -> Result<V>,
    ) -> Result<Arc<V>> {
        match self.memo {
            Some(memo) => memo.recall(shelf, key, self.now, || load(self)),
            None => load(self).map(Arc::new),
        }
    }
}

/// A transaction: everything in it happens, or nothing.
pub(crate) struct Tx<'a> {
    read: Read<'a>,
    random: &'a Random,
    /// Whether this transaction queued a job, so that the runner hears of it after the commit.
    queued_work: bool,
}

impl<'a> std::ops::Deref for Tx<'a> {
    type Target = Read<'a>;
    fn deref(&self) -> &Read<'a> {
        &self.read
    }
}

impl std::ops::DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.read
    }
}

impl<'a> Tx<'a> {
    fn new(engine: &'a mut dyn Engine, shared: &'a Shared, memo: Option<memo::View<'a>>) -> Self {
        Self {
            read: Read { engine, now: shared.clock.now_ms(), memo },
            random: &shared.random,
            queued_work: false,
        }
    }

    pub(crate) fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        self.read.engine.execute(sql, parameters)
    }

    /// A new id of the moment of this transaction.
    pub(crate) fn mint<T: Id>(&self) -> T {
        T::mint(self.now, self.random.bytes())
    }

    /// A new feed id.
    pub(crate) fn mint_feed(&self, kind: FeedKind) -> FeedId {
        FeedId::mint_of(kind, self.now, self.random.bytes())
    }

    /// Random bytes, e.g. for a key.
    pub(crate) fn random_bytes<const N: usize>(&self) -> [u8; N] {
        self.random.bytes()
    }

    /// Has the runner told, after the commit, that there is work.
    pub(crate) fn tell_runner(&mut self) {
        self.queued_work = true;
    }

    /// Holds every other transaction that names the same thing until this one ends.
    pub(crate) fn lock(&mut self, thing: &str) -> Result<()> {
        self.read.engine.dialect().lock(self.read.engine, thing)
    }

    /// Holds every other transaction that locks the same thing until this one ends, and none that shares it.
    pub(crate) fn share(&mut self, thing: &str) -> Result<()> {
        self.read.engine.dialect().share(self.read.engine, thing)
    }
}

/// What every connection of a store shares.
struct Shared {
    clock: Clock,
    random: Random,
    counters: Counters,
}

/// How much the store has done since it was opened.
#[derive(Debug, Default)]
struct Counters {
    writes: AtomicU64,
    commits: AtomicU64,
}

/// A snapshot of the store's counters.
#[derive(Debug, Clone, Copy)]
pub struct StoreFigures {
    /// Writes answered.
    pub writes: u64,
    /// Commits that made them durable.
    pub commits: u64,
    /// Writes that wait for their turn.
    pub queued: usize,
}

/// One queued write: run in a transaction, answered after its commit.
trait Job: Send {
    /// Runs the closure; `true` asks to keep what it did.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Whether the last run failed only because another transaction was in its way.
    fn should_retry(&self) -> bool;
    /// Gives the answer; `Err` when the commit failed.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Pending<T, F> {
    closure: F,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    /// Whether the last run queued a job.
    queued_work: bool,
    work: Arc<Notify>,
}

impl<T: Send, F: FnMut(&mut Tx<'_>) -> Result<T> + Send> Job for Pending<T, F> {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let closure = &mut self.closure;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| closure(tx)))
            .unwrap_or_else(|_| Err(Error::internal("a transaction panicked")));
        let keep = outcome.is_ok();
        self.queued_work = tx.queued_work;
        self.outcome = Some(outcome);
        keep
    }

    fn should_retry(&self) -> bool {
        match &self.outcome {
            Some(Err(Error::Internal(cause))) => postgres::is_conflict(cause.as_ref()),
            _ => false,
        }
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let ran = self.outcome.unwrap_or_else(|| Err(Error::internal("a transaction was never run")));
        let answer = match (ran, committed) {
            (Err(error), _) | (Ok(_), Err(error)) => Err(error),
            (Ok(value), Ok(())) => Ok(value),
        };
        if self.queued_work && answer.is_ok() {
            self.work.notify_one();
        }
        // A caller that went away no longer wants the answer.
        let _ = self.reply.send(answer);
    }
}

enum Running {
    Sqlite(Box<sqlite::Sqlite>),
    Postgres(postgres::Postgres),
}

/// An open store.
pub(crate) struct Store {
    running: Running,
    shared: Arc<Shared>,
    /// Told after each commit that queued a job.
    work: Arc<Notify>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Store")
    }
}

impl Store {
    /// Opens the store and brings its tables up to date.
    pub(crate) fn open(
        location: &Location,
        clock: Clock,
        random: Random,
    ) -> std::result::Result<Self, OpenError> {
        let shared = Arc::new(Shared { clock, random, counters: Counters::default() });
        let running = match location {
            Location::Sqlite(path) => Running::Sqlite(Box::new(sqlite::Sqlite::open(path, &shared)?)),
            Location::Postgres { url, schema } => {
                Running::Postgres(postgres::Postgres::open(url, schema, &shared)?)
            }
        };
        Ok(Self { running, shared, work: Arc::default() })
    }

    /// Looks something up: on SQLite in one snapshot, on PostgreSQL each statement in its own.
    pub(crate) async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T> + Send + 'static,
    {
        match &self.running {
            Running::Sqlite(sqlite) => sqlite.read(closure, &self.shared),
            Running::Postgres(postgres) => postgres.read(closure).await,
        }
    }

    /// Looks through many rows of one snapshot, away from the threads that answer callers.
    pub(crate) async fn scan<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T> + Send + 'static,
    {
        match &self.running {
            Running::Sqlite(sqlite) => sqlite.scan(closure, &self.shared).await,
            Running::Postgres(postgres) => postgres.read(closure).await,
        }
    }

    /// Runs a transaction; the answer comes after its commit. The closure may run again: on PostgreSQL when another
    /// transaction was in its way, on SQLite when one that shared its commit failed.
    pub(crate) async fn write<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let work = Arc::clone(&self.work);
        let job = Box::new(Pending { closure, outcome: None, reply, queued_work: false, work });
        match &self.running {
            Running::Sqlite(sqlite) => sqlite.enqueue(job).await?,
            Running::Postgres(postgres) => postgres.enqueue(job).await?,
        }
        answer.await.map_err(|_| Error::internal("the store stopped before it answered"))?
    }

    /// Waits until a commit queued a job; at once when one did since this was last asked. One waits at a time.
    pub(crate) async fn work_queued(&self) {
        self.work.notified().await;
    }

    /// What the store has done since it was opened.
    pub(crate) fn figures(&self) -> StoreFigures {
        StoreFigures {
            writes: self.shared.counters.writes.load(Ordering::Relaxed),
            commits: self.shared.counters.commits.load(Ordering::Relaxed),
            queued: match &self.running {
                Running::Sqlite(sqlite) => sqlite.queued(),
                Running::Postgres(postgres) => postgres.queued(),
            },
        }
    }
}

/// Why a store could not be opened; each is one clear sentence.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or server cannot be reached.
    #[error("cannot open the database {place}: {cause}")]
    Unreachable {
        /// The file or address (without password).
        place: String,
        /// What the engine said.
        cause: String,
    },
    /// A newer guildhall wrote it.
    #[error(
        "the database {place} was written by a newer guildhall (its tables are at version {found}, this one knows {known}); nothing was changed"
    )]
    Newer {
        /// The file or address.
        place: String,
        /// The version found.
        found: i64,
        /// The newest version this binary knows.
        known: i64,
    },
    /// Its tables could not be brought up to date.
    #[error("cannot bring the tables of {place} up to date: {cause}")]
    Migration {
        /// The file or address.
        place: String,
        /// What the engine said.
        cause: String,
    },
}
