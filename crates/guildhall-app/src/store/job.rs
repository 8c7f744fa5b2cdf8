//! Rows of the outbox. A job is held by a lease; whoever lost theirs changes nothing any more.
//!
//! Of the jobs of one ordering key at most one is `ready` or `resting`; the others are `behind` it. The key is
//! locked by whoever adds to its line or lets its next job come up.
//!
//! Taking goes from lane to lane, by one seek in an index each, and reads no more rows than it takes: neither
//! what rests nor what waits in a lane without room is looked at. What an operator sees and does is in `shown.rs`.

mod shown;

pub use shown::{MOST_COUNTED, Shown, Standing};
pub(crate) use shown::{all, count, dead, due_longest, find, hasten, remove, revive};

use super::{Read, Tx, params};
use crate::error::{Error, Result};
use guildhall_core::ids::{JobId, LeaseId};
use guildhall_core::job::{MAIL_LANE, PLACES, Places, is_used_up};

/// How many jobs whose rest is over one look lets wait to be taken.
const WOKEN_AT_ONCE: i64 = 100;
/// Runners look by themselves so often, in milliseconds: they need not be told of what is due later.
pub(crate) const LOOKED_EVERY_MS: i64 = 1000;
/// What is said of a job whose last try never ended.
const NEVER_ENDED: &str = "its runner stopped before it was done, and that was the last try";

/// A job under a lease.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) id: JobId,
    pub(crate) lease: LeaseId,
    pub(crate) kind: String,
    pub(crate) payload: String,
    pub(crate) lane: String,
    pub(crate) ordering_key: Option<String>,
    /// How many tries began, this one included.
    pub(crate) tries: i64,
}

/// Queues a job of no line that is due at a moment, in milliseconds.
pub(crate) fn insert_at(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &str,
    lane: &str,
    due_at: i64,
) -> Result<JobId> {
    let id: JobId = tx.mint();
    insert_as(tx, &id, kind, payload, lane, due_at)?;
    Ok(id)
}

/// The same under an id that the caller made.
pub(crate) fn insert_as(
    tx: &mut Tx<'_>,
    id: &JobId,
    kind: &str,
    payload: &str,
    lane: &str,
    due_at: i64,
) -> Result<()> {
    let now = tx.now;
    let state = if due_at > now { "resting" } else { "ready" };
    tx.execute(
        "insert into jobs (id, kind, payload, lane, ordering_key, place, state, due_at, attempts, created_at)
         values ($1, $2, $3, $4, null, 0, $5, $6, 0, $7)",
        params![id, kind, payload, lane, state, due_at, now],
    )?;
    if due_at <= now + LOOKED_EVERY_MS {
        tx.tell_runner();
    }
    Ok(())
}

/// Queues a job of no line that is given up before it is tried, and says why.
pub(crate) fn insert_dead(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &str,
    lane: &str,
    reason: &str,
) -> Result<()> {
    let id = insert_at(tx, kind, payload, lane, tx.now)?;
    give_up(tx, &id, None, reason)
}

/// Removes a job of no line, unless it is held or gone.
pub(crate) fn drop_waiting(tx: &mut Tx<'_>, id: &JobId) -> Result<()> {
    tx.execute("delete from jobs where id = $1 and ordering_key is null and lease_id is null", params![id])?;
    Ok(())
}

/// Queues a job that is due at once.
pub(crate) fn insert(
    tx: &mut Tx<'_>,
    kind: &str,
    payload: &str,
    lane: &str,
    ordering_key: Option<&str>,
) -> Result<JobId> {
    let (id, now): (JobId, i64) = (tx.mint(), tx.now);
    let (place, is_first) = match ordering_key {
        Some(key) => place_in_line(tx, key)?,
        None => (0, true),
    };
    let state = if is_first { "ready" } else { "behind" };
    tx.execute(
        "insert into jobs (id, kind, payload, lane, ordering_key, place, state, due_at, attempts, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $8)",
        params![&id, kind, payload, lane, ordering_key, place, state, now],
    )?;
    tx.tell_runner();
    Ok(id)
}

/// The next place in the line of a key, and whether nobody stands before it. Locks the key.
fn place_in_line(tx: &mut Tx<'_>, key: &str) -> Result<(i64, bool)> {
    lock_line(tx, key)?;
    let found = tx.first(
        "select
           (select max(place)
            from jobs
            where ordering_key = $1),
           (select min(place)
            from jobs
            where ordering_key = $1 and state in ('ready', 'resting'))",
        params![key],
    )?;
    let mut row = found.ok_or_else(|| Error::internal("a line has no answer"))?;
    Ok((row.int_or_null(0)?.unwrap_or(0) + 1, row.int_or_null(1)?.is_none()))
}

fn lock_line(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    tx.lock(&format!("jobs of {key}"))
}

// `min` and `max` rather than `exists`: both engines answer them from an end of an index, however many rows a key has.

/// Lets the next job of a key come up, after the one before it ended. The key is locked already.
fn let_next_come(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let changed = tx.execute(
        "update jobs
         set state = 'ready'
         where ordering_key = $1 and state = 'behind' and place = (
           select min(place)
           from jobs
           where ordering_key = $1 and state = 'behind'
         )
         and (
           select min(place)
           from jobs
           where ordering_key = $1 and state in ('ready', 'resting')
         ) is null",
        params![key],
    )?;
    if changed > 0 {
        tx.tell_runner();
    }
    Ok(())
}

/// Lets jobs whose rest or hold is over wait to be taken; says whether there may be more of them.
pub(crate) fn wake(tx: &mut Tx<'_>) -> Result<bool> {
    let (now, wake) = (tx.now, tx.engine.dialect().wake_jobs());
    let woken = tx.execute(wake, params![now, WOKEN_AT_ONCE])?;
    Ok(i64::try_from(woken).is_ok_and(|woken| woken == WOKEN_AT_ONCE))
}

/// The lanes with jobs to take and room for them: mail's first, then the others in order from after `after`
/// round to it.
pub(crate) fn lanes_in_turn(read: &mut Read<'_>, places: &Places, after: &str) -> Result<Vec<String>> {
    let mut lanes = Vec::new();
    if has_ready(read, MAIL_LANE)? {
        lanes.push(MAIL_LANE.to_owned());
    }
    let later = lanes_after(read, after)?;
    let is_round = later.len() < PLACES;
    lanes.extend(later.into_iter().filter(|lane| lane != MAIL_LANE));
    if is_round && !after.is_empty() {
        let earlier = lanes_after(read, "")?.into_iter().take_while(|lane| lane.as_str() <= after);
        lanes.extend(earlier.filter(|lane| lane != MAIL_LANE));
    }
    lanes.retain(|lane| places.room(lane) > 0);
    Ok(lanes)
}

fn has_ready(read: &mut Read<'_>, lane: &str) -> Result<bool> {
    Ok(read.first(READY_IN_LANE, params![lane])?.is_some())
}

const READY_IN_LANE: &str = "select due_at
 from jobs
 where state = 'ready' and lane = $1
 order by due_at, id
 limit 1";

/// The first lanes after `after` with jobs to take, by one seek each, at most as many as there are places: those
/// without room for more are fewer, so there is one with room among them when there are so many.
fn lanes_after(read: &mut Read<'_>, after: &str) -> Result<Vec<String>> {
    let most = i64::try_from(PLACES).expect("there are few places");
    let rows = read.query(LANES_AFTER, params![after, most])?;
    rows.into_iter().map(|mut row| row.text(0)).collect()
}

const LANES_AFTER: &str = "with recursive found (lane) as (
   select min(lane)
   from jobs
   where state = 'ready' and lane > $1
   union all
   select (
     select min(jobs.lane)
     from jobs
     where jobs.state = 'ready' and jobs.lane > found.lane
   )
   from found
   where found.lane is not null
 )
 select lane
 from found
 where lane is not null
 limit $2";

/// What one taking took.
#[derive(Debug, Default)]
pub(crate) struct Haul {
    pub(crate) jobs: Vec<Taken>,
    /// The lane whose turn it was last.
    pub(crate) last_lane: Option<String>,
    /// Whether something may be left that there is room for.
    pub(crate) is_partial: bool,
}

/// Takes due jobs for the places that are free, lane after lane from the one after `after` on, each job under a
/// lease of its own until `lease_until`.
pub(crate) fn take(tx: &mut Tx<'_>, mut places: Places, after: &str, lease_until: i64) -> Result<Haul> {
    let mut haul = Haul { is_partial: wake(tx)?, ..Haul::default() };
    for lane in lanes_in_turn(tx, &places, after)? {
        let room = places.room(&lane);
        if room == 0 {
            continue;
        }
        let taken = take_from(tx, &lane, room, lease_until)?;
        // Another copy is about to take what is there, or it was given up.
        haul.is_partial |= taken.is_empty();
        taken.iter().for_each(|job| places.hold(&job.lane));
        haul.jobs.extend(taken);
        if lane != MAIL_LANE {
            haul.last_lane = Some(lane);
        }
    }
    Ok(haul)
}

/// Takes at most `most` due jobs of a lane. A job whose runner died in its last try is given up instead.
fn take_from(tx: &mut Tx<'_>, lane: &str, most: usize, lease_until: i64) -> Result<Vec<Taken>> {
    let (now, due_jobs) = (tx.now, tx.engine.dialect().due_jobs());
    let most = i64::try_from(most).expect("there are few places");
    let mut taken = Vec::new();
    for mut row in tx.query(due_jobs, params![now, lane, most])? {
        let (id, ordering_key): (JobId, Option<String>) = (row.id(0)?, row.text_or_null(3)?);
        let begun = row.int(4)?;
        if is_used_up(begun) {
            tracing::error!(job = %id, reason = NEVER_ENDED, "a job is dead");
            give_up(tx, &id, ordering_key.as_deref(), NEVER_ENDED)?;
            continue;
        }
        let lease: LeaseId = tx.mint();
        tx.execute(
            "update jobs
             set state = 'resting', lease_id = $1, due_at = $2, attempts = attempts + 1
             where id = $3",
            params![&lease, lease_until, &id],
        )?;
        let (kind, payload) = (row.text(1)?, row.text(2)?);
        taken.push(Taken { id, lease, kind, payload, lane: lane.to_owned(), ordering_key, tries: begun + 1 });
    }
    Ok(taken)
}

/// When the first job that nobody holds is due, in milliseconds; of those that wait for an earlier one nothing is known.
pub(crate) fn next_due(read: &mut Read<'_>) -> Result<Option<i64>> {
    let mut first: Option<i64> = None;
    for state in ["ready", "resting"] {
        let row = read.first(
            "select due_at
             from jobs
             where state = $1 and lease_id is null
             order by due_at, id
             limit 1",
            params![state],
        )?;
        if let Some(mut row) = row {
            let due = row.int(0)?;
            first = Some(first.map_or(due, |first| first.min(due)));
        }
    }
    Ok(first)
}

/// Whether some runner holds a job.
pub(crate) fn is_any_held(read: &mut Read<'_>) -> Result<bool> {
    let held = read.first(
        "select 1
         from jobs
         where state = 'resting' and lease_id is not null
         limit 1",
        &[],
    )?;
    Ok(held.is_some())
}

/// When the next rest or hold ends, in milliseconds.
pub(crate) fn next_to_wake(read: &mut Read<'_>) -> Result<Option<i64>> {
    read.first(NEXT_TO_WAKE, &[])?.map(|mut row| row.int(0)).transpose()
}

const NEXT_TO_WAKE: &str = "select due_at
 from jobs
 where state = 'resting'
 order by due_at, id
 limit 1";

/// Holds a job for longer; `false` when another holds it by now.
pub(crate) fn renew(tx: &mut Tx<'_>, taken: &Taken, lease_until: i64) -> Result<bool> {
    let changed = tx.execute(
        "update jobs
         set state = 'resting', due_at = $1
         where id = $2 and lease_id = $3",
        params![lease_until, &taken.id, &taken.lease],
    )?;
    Ok(changed == 1)
}

/// Forgets a job that is done, unless another holds it by now.
pub(crate) fn finish(tx: &mut Tx<'_>, taken: &Taken) -> Result<()> {
    if let Some(key) = &taken.ordering_key {
        lock_line(tx, key)?;
    }
    let removed =
        tx.execute("delete from jobs where id = $1 and lease_id = $2", params![&taken.id, &taken.lease])?;
    match &taken.ordering_key {
        Some(key) if removed == 1 => let_next_come(tx, key),
        _ => Ok(()),
    }
}

/// Lets a job rest until `due_at`, unless another holds it by now.
pub(crate) fn rest(tx: &mut Tx<'_>, taken: &Taken, due_at: i64, reason: &str) -> Result<()> {
    tx.execute(
        "update jobs
         set state = 'resting', lease_id = null, due_at = $1, last_error = $2
         where id = $3 and lease_id = $4",
        params![due_at, reason, &taken.id, &taken.lease],
    )?;
    Ok(())
}

/// Gives a job back as if it had not been taken, unless another holds it by now.
pub(crate) fn give_back(tx: &mut Tx<'_>, taken: &Taken) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "update jobs
         set state = 'ready', lease_id = null, due_at = $1, attempts = attempts - 1
         where id = $2 and lease_id = $3",
        params![now, &taken.id, &taken.lease],
    )?;
    tx.tell_runner();
    Ok(())
}

/// Gives a job up, unless another holds it by now; the next of its ordering key comes up.
pub(crate) fn bury(tx: &mut Tx<'_>, taken: &Taken, reason: &str) -> Result<()> {
    let key = taken.ordering_key.as_deref();
    if let Some(key) = key {
        lock_line(tx, key)?;
    }
    // Held by nobody for longer than this transaction, so the lease is asked about once.
    match renew(tx, taken, 0)? {
        true => give_up(tx, &taken.id, key, reason),
        false => Ok(()),
    }
}

fn give_up(tx: &mut Tx<'_>, id: &JobId, ordering_key: Option<&str>, reason: &str) -> Result<()> {
    let now = tx.now;
    if let Some(key) = ordering_key {
        lock_line(tx, key)?;
    }
    tx.execute(
        "update jobs
         set state = 'dead', lease_id = null, due_at = $1, last_error = $2
         where id = $3",
        params![now, reason, id],
    )?;
    ordering_key.map_or(Ok(()), |key| let_next_come(tx, key))
}

#[cfg(test)]
mod tests {
    use super::super::dialect::Dialect;
    use super::super::sqlite::SqliteEngine;
    use super::super::{Engine, Value, migrate};
    use super::*;

    /// What SQLite says of a way to an answer: which index it seeks in, by which columns.
    fn plan(engine: &mut SqliteEngine, sql: &str, parameters: usize) -> Vec<String> {
        let explain: &'static str = Box::leak(format!("explain query plan {sql}").into_boxed_str());
        let parameters = vec![Value::Int(1); parameters];
        let rows = engine.query(explain, &parameters).expect("a plan");
        let details = rows.into_iter().map(|mut row| row.text(3).expect("text"));
        details.filter(|detail| !detail.contains("found") && !detail.contains("CONSTANT ROW")).collect()
    }

    #[test]
    fn taking_seeks_and_neither_walks_nor_sorts() {
        let mut engine = SqliteEngine::in_memory();
        migrate::run(&mut engine, "here", 0).expect("up to date");
        let dialect = Dialect::Sqlite;
        let mut of = |sql, parameters| plan(&mut engine, sql, parameters);
        let by_lane =
            |kind: &str, columns: &str| format!("SEARCH jobs USING {kind}INDEX jobs_by_lane ({columns})");
        assert_eq!(of(READY_IN_LANE, 1), [by_lane("COVERING ", "state=? AND lane=?")]);
        assert_eq!(of(dialect.due_jobs(), 3), [by_lane("", "state=? AND lane=? AND due_at<?")]);
        let seek = by_lane("COVERING ", "state=? AND lane>?");
        let seeks = of(LANES_AFTER, 2).into_iter().filter(|step| step.contains("jobs"));
        assert_eq!(seeks.collect::<Vec<_>>(), [seek.clone(), seek]);
        assert_eq!(of(NEXT_TO_WAKE, 0), ["SEARCH jobs USING COVERING INDEX jobs_by_state_due_at (state=?)"]);
        let due = "SEARCH jobs USING COVERING INDEX jobs_by_state_due_at (state=? AND due_at<?)";
        assert!(of(dialect.wake_jobs(), 2).iter().any(|step| step == due));
    }
}
