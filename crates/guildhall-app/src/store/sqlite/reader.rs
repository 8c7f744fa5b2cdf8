//! Reading: a connection a thread, and the snapshot it keeps between look-ups.

use super::super::Engine;
use super::SqliteEngine;
use crate::error::Result;
use std::sync::Mutex;
use thread_local::ThreadLocal;

/// The connections of the threads that read.
pub(super) type Readers = ThreadLocal<Mutex<Reader>>;

/// How long a reader may look at one snapshot, in milliseconds, so that what another process wrote (a
/// command beside the server) is seen soon: the other waits as long before it ends.
pub(super) const SNAPSHOT_MS: i64 = 50;
/// After so many commits the writer lets go of old snapshots of idle threads, which would otherwise
/// keep the log from starting over.
pub(super) const SWEEP_EVERY: u64 = 64;

/// One thread's connection. It keeps its snapshot between look-ups while nothing is committed, since
/// taking one costs more than most look-ups.
pub(super) struct Reader {
    pub(super) engine: SqliteEngine,
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
    pub(super) fn new(engine: SqliteEngine) -> Self {
        Self { engine, snapshot: None }
    }

    /// Sees to a snapshot that holds everything committed so far; answers its generation.
    pub(super) fn refresh(
        &mut self,
        commits: u64,
        generation: impl FnOnce() -> u64,
        now: i64,
    ) -> Result<u64> {
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

    pub(super) fn let_go(&mut self) -> Result<()> {
        self.snapshot = None;
        if !self.engine.connection.is_autocommit() {
            self.engine.execute("rollback", &[])?;
        }
        Ok(())
    }
}

/// Lets go of the snapshots of threads that have not looked since the last commit.
pub(super) fn sweep(readers: &Readers, commits: u64) {
    for reader in readers {
        if let Ok(mut reader) = reader.try_lock()
            && reader.snapshot.is_some_and(|snapshot| snapshot.commits != commits)
            && let Err(error) = reader.let_go()
        {
            tracing::warn!(error = ?error, "an old snapshot could not be let go");
        }
    }
}
