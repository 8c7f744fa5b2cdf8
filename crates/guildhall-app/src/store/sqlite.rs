//! SQLite: many readers inline, one writer thread that commits in groups.
//!
//! The writer takes what is queued (at most [`BATCH`](super::BATCH)), runs the closures in one transaction, commits
//! once with `synchronous=full`, and answers them together: durable to power loss and fast. Look-ups run on the calling
//! thread's own connection, in a snapshot kept until the next commit; scans on the blocking pool.

mod reader;
mod writer;

use super::memo::{Memo, View};
use super::value::Cell;
use super::{Engine, Job, OpenError, QUEUE, Read, Row, Shared, Value, dialect, migrate};
use crate::error::{Error, Result};
use reader::{Reader, Readers};
use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use writer::Watched;

/// How many scans run at once; further ones wait.
const SCANS: usize = 4;
const STATEMENT_CACHE: usize = 256;
/// How long a write waits for that of another process. SQLite gives no turns: a command beside a server that commits
/// without a pause finds a gap only by trying again and again.
const PATIENCE: Duration = Duration::from_secs(60);

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
        let touched = writer::watch(&mut engine.connection).map_err(unreachable)?;
        let writer = std::thread::Builder::new()
            .name("guildhall-writer".into())
            .spawn(move || {
                writer::write_in_groups(
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
        let open = || self.open_reader().map(|engine| Mutex::new(Reader::new(engine)));
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

pub(super) struct SqliteEngine {
    connection: Connection,
}

impl SqliteEngine {
    #[cfg(test)]
    pub(super) fn in_memory() -> Self {
        Self::prepare(Connection::open_in_memory().expect("memory is there")).expect("prepares")
    }

    fn prepare(connection: Connection) -> rusqlite::Result<Self> {
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        // One plan a statement, whatever is bound: without it many statements are planned anew each time.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "pragma cache_size = -65536; pragma mmap_size = 1073741824; pragma temp_store = memory;",
        )?;
        // SQLite's own knows ASCII alone, of which the one index by it (`apps_by_host`) consists.
        let flags = FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS;
        connection.create_scalar_function("lower", 1, flags, |call| {
            Ok(call.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
        })?;
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
const NAMES: [&str; 52] = [
    "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14", "$15", "$16",
    "$17", "$18", "$19", "$20", "$21", "$22", "$23", "$24", "$25", "$26", "$27", "$28", "$29", "$30", "$31",
    "$32", "$33", "$34", "$35", "$36", "$37", "$38", "$39", "$40", "$41", "$42", "$43", "$44", "$45", "$46",
    "$47", "$48", "$49", "$50", "$51", "$52",
];

fn bind(statement: &mut Statement<'_>, parameters: &[Value<'_>]) -> Result<()> {
    if parameters.len() > NAMES.len() {
        return Err(Error::internal("a statement with more parameters than there are names"));
    }
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
