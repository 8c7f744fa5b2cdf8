//! What an operator sees of jobs, and does to them.

use super::{let_next_come, lock_line, place_in_line};
use crate::error::Result;
use crate::store::{Read, Row, Tx, params};
use guildhall_core::ids::JobId;

/// How many jobs of a state are counted at most: a count that reaches it says "at least".
pub const MOST_COUNTED: i64 = 10_000;

/// What an operator sees of a job; not its payload, which may hold secrets.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Which.
    pub id: JobId,
    /// What is to be done.
    pub kind: String,
    /// Jobs of one key run in order.
    pub ordering_key: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// When it may be taken, or when the present hold ends; in milliseconds.
    pub due_at: i64,
    /// How many tries began.
    pub tries: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it was queued, in milliseconds.
    pub created_at: i64,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It waits until it is due.
    Waiting,
    /// It waits for an earlier job of its ordering key.
    Behind,
    /// A runner holds it.
    Running,
    /// It was given up.
    Dead,
}

/// How many jobs wait (held ones too), and how many are dead; of a state no more than
/// [`MOST_COUNTED`] are counted.
pub(crate) fn count(read: &mut Read<'_>) -> Result<(i64, i64)> {
    let waiting = count_of(read, "ready")? + count_of(read, "resting")? + count_of(read, "behind")?;
    Ok((waiting.min(MOST_COUNTED), count_of(read, "dead")?))
}

fn count_of(read: &mut Read<'_>, state: &str) -> Result<i64> {
    let counted = read.first(
        "select count(*)
         from (
           select 1
           from jobs
           where state = $1
           limit $2
         ) as counted",
        params![state, MOST_COUNTED],
    )?;
    counted.map_or(Ok(0), |mut row| row.int(0))
}

/// Since when the job that may be taken and has not been for longest is due, in milliseconds.
pub(crate) fn due_longest(read: &mut Read<'_>) -> Result<Option<i64>> {
    let first = read.first(
        "select due_at
         from jobs
         where state = 'ready'
         order by due_at, id
         limit 1",
        &[],
    )?;
    first.map(|mut row| row.int(0)).transpose()
}
/// One job.
pub(crate) fn find(read: &mut Read<'_>, id: &JobId) -> Result<Option<Shown>> {
    let now = read.now;
    let found = read.first(
        "select id, kind, ordering_key, state, due_at, attempts, last_error, created_at, lease_id
         from jobs
         where id = $1",
        params![id],
    )?;
    found.map(|mut row| shown(&mut row, now)).transpose()
}

/// The first `most` jobs that are dead, by when they died.
pub(crate) fn dead(read: &mut Read<'_>, most: i64) -> Result<Vec<Shown>> {
    of_state(read, "dead", most)
}

/// The first `most` jobs, by when they are due: those that may be taken, those behind them, the dead.
pub(crate) fn all(read: &mut Read<'_>, most: i64) -> Result<Vec<Shown>> {
    let mut jobs = Vec::new();
    for state in ["ready", "resting", "behind", "dead"] {
        let left = most - i64::try_from(jobs.len()).expect("a list is short");
        jobs.extend(of_state(read, state, left)?);
    }
    Ok(jobs)
}

fn of_state(read: &mut Read<'_>, state: &str, most: i64) -> Result<Vec<Shown>> {
    let now = read.now;
    let rows = read.query(
        "select id, kind, ordering_key, state, due_at, attempts, last_error, created_at, lease_id
         from jobs
         where state = $1
         order by due_at, id
         limit $2",
        params![state, most],
    )?;
    rows.into_iter().map(|mut row| shown(&mut row, now)).collect()
}

fn shown(row: &mut Row, now: i64) -> Result<Shown> {
    let (state, due_at) = (row.text(3)?, row.int(4)?);
    let is_held = row.text_or_null(8)?.is_some() && due_at > now;
    let standing = match state.as_str() {
        "dead" => Standing::Dead,
        "behind" => Standing::Behind,
        _ if is_held => Standing::Running,
        _ => Standing::Waiting,
    };
    Ok(Shown {
        id: row.id(0)?,
        kind: row.text(1)?,
        ordering_key: row.text_or_null(2)?,
        standing,
        due_at,
        tries: row.int(5)?,
        last_error: row.text_or_null(6)?,
        created_at: row.int(7)?,
    })
}

/// Lets a dead job be tried again, from its first try and at the end of the line of its key.
pub(crate) fn revive(tx: &mut Tx<'_>, job: &Shown) -> Result<bool> {
    let now = tx.now;
    let (place, is_first) = match &job.ordering_key {
        Some(key) => place_in_line(tx, key)?,
        None => (0, true),
    };
    let state = if is_first { "ready" } else { "behind" };
    let changed = tx.execute(
        "update jobs
         set state = $1, place = $2, due_at = $3, attempts = 0
         where id = $4 and state = 'dead'",
        params![state, place, now, &job.id],
    )?;
    tx.tell_runner();
    Ok(changed == 1)
}

/// Makes a resting job due now.
pub(crate) fn hasten(tx: &mut Tx<'_>, job: &Shown) -> Result<bool> {
    let now = tx.now;
    let changed = tx.execute(
        "update jobs
         set state = 'ready', due_at = $1
         where id = $2 and state in ('ready', 'resting') and (lease_id is null or due_at <= $1)",
        params![now, &job.id],
    )?;
    tx.tell_runner();
    Ok(changed == 1)
}

/// Removes a job that nobody holds.
pub(crate) fn remove(tx: &mut Tx<'_>, job: &Shown) -> Result<bool> {
    let now = tx.now;
    if let Some(key) = &job.ordering_key {
        lock_line(tx, key)?;
    }
    let removed = tx.execute(
        "delete from jobs
         where id = $1 and (lease_id is null or due_at <= $2)",
        params![&job.id, now],
    )?;
    match &job.ordering_key {
        Some(key) if removed == 1 => let_next_come(tx, key)?,
        _ => {}
    }
    Ok(removed == 1)
}
