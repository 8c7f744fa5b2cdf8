//! PostgreSQL: worker threads, each with its own connection, a transaction per closure.
//!
//! A closure runs again when its transaction was in another's way; a lost connection is opened anew
//! before the next closure.

use super::value::Cell;
use super::{Engine, Job, OpenError, QUEUE, Read, Row, Shared, Tx, Value, dialect, migrate};
use crate::error::{Error, Result};
use postgres::error::SqlState;
use postgres::types::{IsNull, ToSql, Type};
use postgres::{Client, NoTls, Statement};
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// How many connections one server holds.
pub(super) const WORKERS: usize = 16;
/// How often a transaction that was in another's way is run before the caller hears of it.
const TRIES: usize = 12;

type Look = Box<dyn FnOnce(&mut Read<'_>) + Send>;

enum Work {
    Look(Look),
    Job(Box<dyn Job>),
}

pub(super) struct Postgres {
    queue: Option<mpsc::Sender<Work>>,
    workers: Vec<std::thread::JoinHandle<()>>,
}

impl Postgres {
    pub(super) fn open(
        url: &str,
        schema: &str,
        shared: &Arc<Shared>,
    ) -> std::result::Result<Self, OpenError> {
        let target = Arc::new(Target::parse(url, schema)?);
        // The synchronous client drives its own runtime, so it must never be used on an async thread.
        let migrated = {
            let (target, now) = (Arc::clone(&target), shared.clock.now_ms());
            std::thread::spawn(move || target.migrate(now)).join()
        };
        migrated.unwrap_or_else(|_| Err(target.unreachable("the client panicked")))?;
        let (queue, work) = mpsc::channel(QUEUE);
        let work = Arc::new(Mutex::new(work));
        let mut workers = Vec::with_capacity(WORKERS);
        for number in 0..WORKERS {
            let (target, shared, work) = (Arc::clone(&target), Arc::clone(shared), Arc::clone(&work));
            let worker = std::thread::Builder::new()
                .name(format!("guildhall-postgres-{number}"))
                .spawn(move || serve(&target, &work, &shared))
                .map_err(|cause| OpenError::Unreachable {
                    place: schema.to_owned(),
                    cause: cause.to_string(),
                })?;
            workers.push(worker);
        }
        Ok(Self { queue: Some(queue), workers })
    }

    pub(super) async fn read<T, F>(&self, closure: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Read<'_>) -> Result<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let look: Look = Box::new(move |read| {
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| closure(read)));
            // A caller that went away no longer wants the answer.
            let _ = reply.send(outcome.unwrap_or_else(|_| Err(Error::internal("a look-up panicked"))));
        });
        self.send(Work::Look(look)).await?;
        answer.await.map_err(|_| Error::internal("the database cannot be reached"))?
    }

    /// How much work waits, look-ups included.
    pub(super) fn queued(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.max_capacity() - queue.capacity())
    }

    pub(super) async fn enqueue(&self, job: Box<dyn Job>) -> Result<()> {
        self.send(Work::Job(job)).await
    }

    async fn send(&self, work: Work) -> Result<()> {
        let queue = self.queue.as_ref().expect("the queue is there until the store is dropped");
        queue.send(work).await.map_err(|_| Error::internal("the database workers stopped"))
    }
}

impl Drop for Postgres {
    /// Lets the workers finish what is queued.
    fn drop(&mut self) {
        self.queue.take();
        for worker in self.workers.drain(..) {
            // A worker panics only where a job's panic is caught already.
            let _ = worker.join();
        }
    }
}

/// Where to connect.
struct Target {
    config: postgres::Config,
    schema: String,
    place: String,
}

impl Target {
    fn parse(url: &str, schema: &str) -> std::result::Result<Self, OpenError> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let unusable = |cause: String| OpenError::Unreachable { place: "of `database-url`".into(), cause };
        if schema.is_empty() || !schema.chars().all(plain) {
            return Err(unusable(format!("the schema name `{schema}` must hold only a-z, 0-9 and _")));
        }
        let mut config: postgres::Config =
            url.parse().map_err(|error: postgres::Error| unusable(error.to_string()))?;
        config.application_name("guildhall");
        config.connect_timeout(std::time::Duration::from_secs(10));
        let place = format!("{} (schema {schema})", config.get_dbname().unwrap_or("postgres"));
        Ok(Self { config, schema: schema.to_owned(), place })
    }

    fn unreachable(&self, cause: impl std::fmt::Display) -> OpenError {
        OpenError::Unreachable { place: self.place.clone(), cause: cause.to_string() }
    }

    fn migrate(&self, now: i64) -> std::result::Result<(), OpenError> {
        let mut client = self.config.connect(NoTls).map_err(|error| self.unreachable(error))?;
        let schema = &self.schema;
        // Two copies that start at once would both find no schema: the lock lets one go first.
        let script = format!(
            "set client_min_messages = warning; begin; select pg_advisory_xact_lock(7265); create schema if not exists {schema}; commit; set search_path = {schema};"
        );
        client.batch_execute(&script).map_err(|error| self.unreachable(error))?;
        let mut engine = PostgresEngine { client, statements: HashMap::new() };
        migrate::run(&mut engine, &self.place, now)
    }

    fn connect(&self) -> Result<PostgresEngine> {
        let mut client = self.config.connect(NoTls)?;
        client.batch_execute(&format!(
            "set search_path = {}; set statement_timeout = '60s'; set idle_in_transaction_session_timeout = '60s';",
            self.schema
        ))?;
        Ok(PostgresEngine { client, statements: HashMap::new() })
    }
}

fn serve(target: &Target, work: &Mutex<mpsc::Receiver<Work>>, shared: &Shared) {
    let mut connection = None;
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(next) = next else { return };
        if connection.as_ref().is_none_or(|engine: &PostgresEngine| engine.client.is_closed()) {
            connection = match target.connect() {
                Ok(engine) => Some(engine),
                Err(error) => {
                    tracing::error!(error = ?error, "the database cannot be reached");
                    None
                }
            };
        }
        match (&mut connection, next) {
            (Some(engine), Work::Look(look)) => {
                look(&mut Read { engine, now: shared.clock.now_ms(), memo: None });
            }
            (Some(engine), Work::Job(job)) => run_with_retries(engine, job, shared),
            // Dropping a look tells its caller.
            (None, Work::Look(_)) => {}
            (None, Work::Job(job)) => job.answer(Err(Error::internal("the database cannot be reached"))),
        }
    }
}

fn run_with_retries(engine: &mut PostgresEngine, mut job: Box<dyn Job>, shared: &Shared) {
    let mut committed = Ok(());
    for _ in 0..TRIES {
        committed = run_once(engine, job.as_mut(), shared);
        let in_the_way = match &committed {
            Err(Error::Internal(cause)) => is_conflict(cause.as_ref()),
            Err(_) => false,
            Ok(()) => job.should_retry(),
        };
        if !in_the_way {
            break;
        }
    }
    shared.counters.writes.fetch_add(1, Ordering::Relaxed);
    job.answer(committed);
}

fn run_once(engine: &mut PostgresEngine, job: &mut dyn Job, shared: &Shared) -> Result<()> {
    engine.run_script("begin")?;
    if job.run(&mut Tx::new(engine, shared, None)) {
        shared.counters.commits.fetch_add(1, Ordering::Relaxed);
        engine.run_script("commit")
    } else {
        engine.run_script("rollback")
    }
}

/// Whether a transaction failed only because another was in its way.
pub(super) fn is_conflict(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    let code = cause.downcast_ref::<postgres::Error>().and_then(postgres::Error::code);
    code.is_some_and(|code| {
        *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED
    })
}

struct PostgresEngine {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl PostgresEngine {
    fn statement(&mut self, sql: &'static str) -> Result<Statement> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }
}

impl Engine for PostgresEngine {
    fn query(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<Vec<Row>> {
        let statement = self.statement(sql)?;
        let rows = self.client.query(&statement, &borrowed(parameters))?;
        rows.iter().map(row).collect()
    }

    fn execute(&mut self, sql: &'static str, parameters: &[Value<'_>]) -> Result<u64> {
        let statement = self.statement(sql)?;
        Ok(self.client.execute(&statement, &borrowed(parameters))?)
    }

    fn run_script(&mut self, script: &str) -> Result<()> {
        Ok(self.client.batch_execute(script)?)
    }

    fn dialect(&self) -> dialect::Dialect {
        dialect::Dialect::Postgres
    }
}

fn borrowed<'a>(parameters: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(value) if *ty == Type::INT8 => value.to_sql(ty, out),
            Self::Text(text) if *ty == Type::TEXT => text.to_sql(ty, out),
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            other => Err(format!("a parameter {other:?} does not fit a {ty}").into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(ty)
    }

    postgres::types::to_sql_checked!();
}

fn row(row: &postgres::Row) -> Result<Row> {
    let mut cells = Vec::with_capacity(row.len());
    for (index, column) in row.columns().iter().enumerate() {
        let cell = match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.map_or(Cell::Null, Cell::Int),
            // What a literal such as 0 or 1 answers with.
            Type::INT4 => {
                row.try_get::<_, Option<i32>>(index)?.map_or(Cell::Null, |value| Cell::Int(value.into()))
            }
            Type::TEXT => row.try_get::<_, Option<String>>(index)?.map_or(Cell::Null, Cell::Text),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.map_or(Cell::Null, Cell::Bytes),
            ref other => return Err(Error::internal(format!("a statement answered with a {other}"))),
        };
        cells.push(cell);
    }
    Ok(Row(cells))
}

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Self {
        Self::internal(error)
    }
}
