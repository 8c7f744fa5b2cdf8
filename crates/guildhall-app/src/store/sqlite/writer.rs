//! Writing: one thread, groups of closures, one commit a group.

use super::super::memo::{self, Memo, View};
use super::super::{BATCH, Engine, Job, Shared, Tx};
use super::SqliteEngine;
use super::reader::{Readers, SNAPSHOT_MS, SWEEP_EVERY, sweep};
use crate::error::{Error, Result};
use rusqlite::Connection;
use rusqlite::hooks::Action;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// The writer's part in the memory.
pub(super) struct Watched<'a> {
    pub(super) memo: &'a Memo,
    /// Whether the group under way changed a watched table.
    pub(super) touched: &'a AtomicBool,
}

/// Lets the engine tell of changes to the tables that the memory was read from.
pub(super) fn watch(connection: &mut Connection) -> rusqlite::Result<Arc<AtomicBool>> {
    let touched = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&touched);
    connection.update_hook(Some(move |_: Action, _: &str, table: &str, _: i64| {
        if memo::is_watched(table) {
            told.store(true, Ordering::Relaxed);
        }
    }))?;
    Ok(touched)
}

/// Writes until nobody can ask any more. Ends when readers in other processes see the last commit too: whoever waited
/// for a command beside a server finds what it did.
pub(super) fn write_in_groups(
    engine: &mut SqliteEngine,
    mut jobs: mpsc::Receiver<Box<dyn Job>>,
    shared: &Shared,
    readers: &Readers,
    watched: &Watched<'_>,
) {
    let mut last_commit = None;
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
        last_commit = Some(now());
    }
    if let Some(last_commit) = last_commit {
        let_others_see(last_commit);
    }
}

#[expect(clippy::disallowed_methods, reason = "how old the snapshots of other processes are by now")]
fn now() -> Instant {
    Instant::now()
}

/// Waits until no reader anywhere looks at a snapshot from before a commit.
#[expect(
    clippy::disallowed_methods,
    reason = "other processes give no signal when they let go of a snapshot"
)]
fn let_others_see(commit: Instant) {
    let longest = Duration::from_millis(SNAPSHOT_MS.unsigned_abs());
    std::thread::sleep(longest.saturating_sub(now().duration_since(commit)));
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

#[cfg(test)]
mod tests {
    use super::super::super::{Location, Store, Tx, params};
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
