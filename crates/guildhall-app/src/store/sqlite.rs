//! SQLite: many readers inline, one writer thread that commits in groups.
//!
//! The writer takes what is queued (at most [`BATCH`]), runs the closures in one transaction, commits once with
//! `synchronous=full`, and answers them together: durable to power loss and fast. Look-ups run on the calling thread's own connection, in
//! a snapshot kept until the next commit; scans on the blocking pool.

use super::memo::{self, Memo, View};
use super::value::Cell;
use super::{BATCH, Engine, Job, OpenError, QUEUE, Read, Row, Shared, Tx, Value, dialect, migrate};
use crate::error::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::hooks::Action;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thread_local::ThreadLocal;
use tokio::sync::mpsc;

/// How many scans run at once; further ones wait.
const SCANS: usize = 4;
const STATEMENT_CACHE: usize = 256;

pub(super) struct Sqlite {
    path: PathBuf,
    readers: Arc<Readers>,
    memo: Arc<Memo>,
    scans: tokio::sync::Semaphore,
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    writer: Option<std::thread::JoinHandle<()>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, shared: &Arc<Shared>) -> std::result::Result<Self, OpenError> {
        let place = path.display().to_string();
        let unreachable = |cause: rusqlite::Error| OpenError::Unreachable {
            place: place.clone(),
            cause: cause.to_string(),
        };
        let connection = Connection::open(path).map_err(unreachable)?;
        let mut engine = SqliteEngine::prepare(connection).map_err(unreachable)?;
        engine
            .connection
            .execute_batch("pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on; pragma wal_autocheckpoint = 4000;")
            .map_err(unreachable)?;
        migrate::run(&mut engine, &place, shared.clock.now_ms())?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let shared = Arc::clone(shared);
        let readers = Arc::new(Readers::new());
        let swept = Arc::clone(&readers);
        let memo = Arc::new(Memo::new());
        let kept = Arc::clone(&memo);
        let touched = watch(&mut engine.connection).map_err(unreachable)?;
        let writer = std::thread::Builder::new()
            .name("guildhall-writer".into())
            .spawn(move || {
                write_in_groups(
                    &mut engine,
                    jobs,
                    &shared,
                    &swept,
                    &Watched { memo: &kept, touched: &touched },
                );
            })
            .map_err(|cause| OpenError::Unreachable { place, cause: cause.to_string() })?;
        Ok(Self {
            path: path.to_owned(),
            readers,
            memo,
            scans: tokio::sync::Semaphore::new(SCANS),
            queue: Some(queue),
            writer: Some(writer),
        })
    }

    pub(super) fn read<T>(
        &self,
        closure: impl FnOnce(&mut Read<'_>) -> Result<T>,
        shared: &Shared,
    ) -> Result<T> {
        let open = || self.open_reader().map(|engine| Mutex::new(Reader { engine, snapshot: None }));
        // Only the writer's sweep ever holds it besides this thread, and only for a moment.
        let mut reader = self.readers.get_or_try(open)?.lock().unwrap_or_else(PoisonError::into_inner);
        let now = shared.clock.now_ms();
        // In this order: a generation counted after the commits is not older than what they wrote.
        let commits = shared.counters.commits.load(Ordering::SeqCst);
        let generation = reader.refresh(commits, || self.memo.generation(), now)?;
        let memo = Some(View::of_snapshot(&self.memo, generation));
        let outcome = closure(&mut Read { engine: &mut reader.engine, now, memo });
        if matches!(outcome, Err(Error::Internal(_))) {
            reader.let_go()?;
        }
        outcome
    }

    pub(super) async fn scan<T, F>(&self, closure: F, shared: &Arc<Shared>) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T> + Send + 'static,
    {
        let _place = self.scans.acquire().await.map_err(Error::internal)?;
        let mut engine = self.open_reader()?;
        let now = shared.clock.now_ms();
        let task = tokio::task::spawn_blocking(move || {
            engine.run_script("begin")?;
            closure(&mut Read { engine: &mut engine, now, memo: None })
        });
        task.await.map_err(Error::internal)?
    }

    fn open_reader(&self) -> Result<SqliteEngine> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        let engine = SqliteEngine::prepare(connection)?;
        engine.connection.execute_batch("pragma query_only = on;")?;
        Ok(engine)
    }

    /// How many writes wait.
    pub(super) fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    pub(super) async fn enqueue(&self, job: Box<dyn Job>) -> Result<()> {
        let queue = self.queue.as_ref().expect("the queue is there until the store is dropped");
        queue.send(job).await.map_err(|_| Error::internal("the writer stopped"))
    }
}

/// The connections of the threads that read.
type Readers = ThreadLocal<Mutex<Reader>>;

/// How long a reader may look at one snapshot, in milliseconds, so that what another process wrote (a
/// command beside the server) is seen soon.
const SNAPSHOT_MS: i64 = 50;
/// After so many commits the writer lets go of old snapshots of idle threads, which would otherwise
/// keep the log from starting over.
const SWEEP_EVERY: u64 = 64;

/// One thread's connection. It keeps its snapshot between look-ups while nothing is committed, since
/// taking one costs more than most look-ups.
struct Reader {
    engine: SqliteEngine,
    snapshot: Option<Snapshot>,
}

#[derive(Clone, Copy)]
struct Snapshot {
    /// The count of commits before it was taken.
    commits: u64,
    /// The memory's generation then.
    generation: u64,
    taken_ms: i64,
}

impl Reader {
    /// Sees to a snapshot that holds everything committed so far; answers its generation.
    fn refresh(&mut self, commits: u64, generation: impl FnOnce() -> u64, now: i64) -> Result<u64> {
        match self.snapshot {
            Some(snapshot)
                if snapshot.commits == commits && (0..SNAPSHOT_MS).contains(&(now - snapshot.taken_ms)) =>
            {
                Ok(snapshot.generation)
            }
            _ => {
                self.let_go()?;
                let generation = generation();
                self.engine.execute("begin", &[])?;
                self.snapshot = Some(Snapshot { commits, generation, taken_ms: now });
                Ok(generation)
            }
        }
    }

    fn let_go(&mut self) -> Result<()> {
        self.snapshot = None;
        if !self.engine.connection.is_autocommit() {
            self.engine.execute("rollback", &[])?;
        }
        Ok(())
    }
}

fn sweep(readers: &Readers, commits: u64) {
    for reader in readers {
        if let Ok(mut reader) = reader.try_lock()
            && reader.snapshot.is_some_and(|snapshot| snapshot.commits != commits)
            && let Err(error) = reader.let_go()
        {
            tracing::warn!(error = ?error, "an old snapshot could not be let go");
        }
    }
}

impl Drop for Sqlite {
    /// Lets the writer finish what is queued.
    fn drop(&mut self) {
        self.queue.take();
        if let Some(writer) = self.writer.take() {
            // It panics only where a job's panic is caught already; nothing is lost either way.
            let _ = writer.join();
        }
    }
}

/// The writer's part in the memory.
struct Watched<'a> {
    memo: &'a Memo,
    /// Whether the group under way changed a watched table.
    touched: &'a AtomicBool,
}

/// Lets the engine tell of changes to the tables that the memory was read from.
fn watch(connection: &mut Connection) -> rusqlite::Result<Arc<AtomicBool>> {
    let touched = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&touched);
    connection.update_hook(Some(move |_: Action, _: &str, table: &str, _: i64| {
        if memo::is_watched(table) {
            told.store(true, Ordering::Relaxed);
        }
    }))?;
    Ok(touched)
}

fn write_in_groups(
    engine: &mut SqliteEngine,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    shared: &Shared,
    readers: &Readers,
    watched: &Watched<'_>,
) {
    while let Some(first) = jobs.blocking_recv() {
        let (group, committed) = write_group(engine, first, &mut jobs, shared, watched);
        if watched.touched.swap(false, Ordering::Relaxed) {
            watched.memo.begin_generation();
        }
        // Counted before anyone is answered: whoever hears of a commit finds it in their next look-up.
        let commits = shared.counters.commits.fetch_add(1, Ordering::SeqCst) + 1;
        if commits.is_multiple_of(SWEEP_EVERY) {
            sweep(readers, commits);
        }
        shared.counters.writes.fetch_add(group.len() as u64, Ordering::Relaxed);
        let failure = committed.err().map(|error| {
            tracing::error!(error = ?error, writes = group.len(), "a commit failed");
            format!("{error:?}")
        });
        for job in group {
            job.answer(failure.clone().map_or(Ok(()), |cause| Err(Error::internal(cause))));
        }
    }
}

type Group = Vec<Box<dyn Job>>;

/// Runs what is queued in one transaction. Closures run one after another without savepoints, which cost as much
/// as the closures do; only when one fails after it wrote something are all undone and run again, each in a
/// savepoint of its own.
fn write_group(
    engine: &mut SqliteEngine,
    first: Box<dyn Job>,
    jobs: &mut mpsc::Receiver<Box<dyn Job>>,
    shared: &Shared,
    watched: &Watched<'_>,
) -> (Group, Result<()>) {
    let mut group = vec![first];
    if let Err(error) = engine.execute("begin immediate", &[]) {
        return (group, Err(error));
    }
    let mut next = 0;
    while let Some(job) = group.get_mut(next) {
        if run_plainly(engine, job.as_mut(), shared, watched) == Outcome::Spoiled {
            let committed = run_in_savepoints(engine, &mut group, shared, watched);
            return (group, committed.and_then(|()| commit(engine)).or_else(|error| give_up(engine, error)));
        }
        next += 1;
        if next == group.len()
            && next < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            group.push(job);
        }
    }
    let committed = commit(engine).or_else(|error| give_up(engine, error));
    (group, committed)
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// The transaction holds what is to be kept and nothing else.
    Sound,
    /// A closure failed and left something behind, or the engine gave up the transaction.
    Spoiled,
}

fn run_plainly(
    engine: &mut SqliteEngine,
    job: &mut dyn Job,
    shared: &Shared,
    watched: &Watched<'_>,
) -> Outcome {
    let before = engine.connection.total_changes();
    let memo = View::of_transaction(watched.memo, watched.touched);
    let keep = job.run(&mut Tx::new(engine, shared, Some(memo)));
    let is_unchanged = engine.connection.total_changes() == before;
    match (keep || is_unchanged) && !engine.connection.is_autocommit() {
        true => Outcome::Sound,
        false => Outcome::Spoiled,
    }
}

/// Undoes the transaction and runs the group again, each closure in a savepoint.
fn run_in_savepoints(
    engine: &mut SqliteEngine,
    group: &mut Group,
    shared: &Shared,
    watched: &Watched<'_>,
) -> Result<()> {
    roll_back(engine)?;
    engine.execute("begin immediate", &[])?;
    for job in group {
        engine.execute("savepoint job", &[])?;
        let memo = View::of_transaction(watched.memo, watched.touched);
        if !job.run(&mut Tx::new(engine, shared, Some(memo))) {
            engine.execute("rollback to job", &[])?;
        }
        engine.execute("release job", &[])?;
    }
    Ok(())
}

fn commit(engine: &mut SqliteEngine) -> Result<()> {
    engine.execute("commit", &[]).map(|_| ())
}

/// Ends a transaction that failed, so that the next can begin; answers with the failure.
fn give_up(engine: &mut SqliteEngine, failure: Error) -> Result<()> {
    if let Err(error) = roll_back(engine) {
        tracing::error!(error = ?error, "a failed transaction could not be rolled back");
    }
    Err(failure)
}

fn roll_back(engine: &mut SqliteEngine) -> Result<()> {
    if !engine.connection.is_autocommit() {
        engine.execute("rollback", &[])?;
    }
    Ok(())
}

pub(super) struct SqliteEngine {
    connection: Connection,
}

impl SqliteEngine {
    fn prepare(connection: Connection) -> rusqlite::Result<Self> {
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        // One plan a statement, whatever is bound: without it many statements are planned anew each time.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "pragma cache_size = -65536; pragma mmap_size = 1073741824; pragma temp_store = memory;",
        )?;
        Ok(Self { connection })
    }
}

impl Engine for SqliteEngine {
    fn query(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, parameters)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut answer = Vec::new();
        while let Some(row) = rows.next()? {
            let mut cells = Vec::with_capacity(columns);
            for column in 0..columns {
                cells.push(cell(row.get_ref(column)?)?);
            }
            answer.push(Row(cells));
        }
        Ok(answer)
    }

    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, parameters)?;
        Ok(statement.raw_execute()? as u64)
    }

    fn run_script(&mut self, script: &str) -> Result<()> {
        Ok(self.connection.execute_batch(script)?)
    }

    fn dialect(&self) -> dialect::Dialect {
        dialect::Dialect::Sqlite
    }
}

/// `$1`, `$2`, … are named parameters to SQLite; numbers are given them in order of appearance.
const NAMES: [&str; 24] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16",
    "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24",
];

fn bind(statement: &mut Statement<'_>, parameters: &[Value<'_>]) -> Result<()> {
    for (name, value) in NAMES.iter().zip(parameters) {
        let index = statement
            .parameter_index(name)?
            .ok_or_else(|| Error::internal(format!("a statement does not use {name}")))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(value) => Cell::Int(value),
        ValueRef::Text(text) => Cell::Text(String::from_utf8(text.to_vec()).map_err(Error::internal)?),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(Error::internal("a statement answered with a float")),
    })
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Location, Store, Tx, params};
    use crate::clock::{Clock, Random};
    use crate::error::{Error, Result};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn insert(tx: &mut Tx<'_>, name: &'static str) -> Result<()> {
        let value: &[u8] = b"x";
        tx.execute("insert into secrets (name, value) values ($1, $2)", params![name, value])?;
        Ok(())
    }

    async fn names(store: &Store) -> Vec<String> {
        let rows = store.read(|read| read.query("select name from secrets order by name", &[])).await;
        rows.expect("readable").into_iter().map(|mut row| row.text(0).expect("text")).collect()
    }

    /// Holds the writer until several writes are queued, so that they share a group.
    #[tokio::test]
    async fn a_failure_that_wrote_is_undone_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let location = Location::Sqlite(directory.path().join("store.sqlite3"));
        let store = Arc::new(Store::open(&location, Clock::frozen(0), Random::seeded(1)).expect("opens"));
        let (let_go, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let runs = Arc::new(AtomicUsize::new(0));
        let mut writes = tokio::task::JoinSet::new();
        let (holding, counted) = (Arc::clone(&store), Arc::clone(&runs));
        writes.spawn(async move {
            let write = holding.write(move |tx| {
                if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                    held.lock().expect("whole").recv().expect("let go");
                }
                insert(tx, "first")
            });
            write.await
        });
        while runs.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        for (name, fails) in [("kept", false), ("undone", true), ("late", false)] {
            let store = Arc::clone(&store);
            writes.spawn(async move {
                let write = store.write(move |tx| {
                    insert(tx, name)?;
                    if fails { Err(Error::Invalid("on purpose".into())) } else { Ok(()) }
                });
                write.await
            });
        }
        while store.figures().queued < 3 {
            tokio::task::yield_now().await;
        }
        let commits_before = store.figures().commits;
        let_go.send(()).expect("the writer waits");
        let outcomes = writes.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
        assert_eq!(names(&store).await, ["first", "kept", "late"]);
        assert_eq!(store.figures().commits, commits_before + 2, "three shared a group, the last came after");
        assert_eq!(runs.load(Ordering::SeqCst), 2, "the group ran again in savepoints");
    }
}
