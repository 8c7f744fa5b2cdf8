//! The runner: takes due jobs under a lease, does them outside of any transaction, records how it went.
//!
//! Several runners on one store share the work. A lease is renewed while its job runs; when a runner dies,
//! its leases end and others take over. Each has places of its own for the lanes: that keeps a lane from
//! holding up the others on every copy, and needs no count that all copies write. Bounds: [`PLACES`] jobs at
//! once, [`LONGEST_RUN`] for one try.

use super::perform;
use crate::Guildhall;
use crate::error::Result;
use crate::store::job::{self as rows, Taken};
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use guildhall_core::ids::JobId;
use guildhall_core::job::{self as rules, Failure, Next, PLACES, Places};
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a job is held before its lease must have been renewed, in milliseconds.
pub(super) const LEASE_MS: i64 = 60_000;
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// How long one try may take.
const LONGEST_RUN: Duration = Duration::from_secs(15 * 60);
/// How long a runner may not have heard of what another process queued.
const LOOK_EVERY: Duration = Duration::from_millis(rows::LOOKED_EVERY_MS.unsigned_abs());
/// The least time between two looks, e.g. when another copy is about to take what is due.
const LOOK_AT_MOST_EVERY: Duration = Duration::from_millis(10);
/// How long jobs may take to end when the runner stops, before they are given back.
const LAST_JOBS: Duration = Duration::from_secs(5);
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// What the runners of one hall are doing.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    state: watch::Sender<Doing>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Doing {
    /// Jobs under way, and takings of jobs.
    busy: usize,
    /// Tries that ended.
    ended: u64,
}

/// Counts as busy until it is dropped.
struct Busy<'a>(&'a Activity);

impl Activity {
    fn begin(&self) -> Busy<'_> {
        self.state.send_modify(|doing| doing.busy += 1);
        Busy(self)
    }

    fn ended(&self) -> u64 {
        self.state.borrow().ended
    }

    /// Waits until nobody is busy; `false` when nobody was.
    async fn settle(&self) -> bool {
        let mut watched = self.state.subscribe();
        let was_busy = watched.borrow_and_update().busy > 0;
        // The sender lives as long as this does.
        let _ = watched.wait_for(|doing| doing.busy == 0).await;
        was_busy
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.state.send_modify(|doing| doing.busy -= 1);
    }
}

/// Does jobs as they come due until `stop` ends; then lets those under way end, and gives back what does not.
pub async fn run(hall: &Guildhall, stop: impl Future<Output = ()>) {
    Runner::new(hall, |job| perform(hall, job)).run(stop).await;
}

/// Does everything that is due now, and what that makes due at once; waits for what other runners of this hall do.
/// Answers how many tries ended meanwhile.
///
/// # Errors
/// `Internal` only; that a job fails is no error.
pub async fn run_due(hall: &Guildhall) -> Result<u64> {
    Runner::new(hall, |job| perform(hall, job)).run_due().await
}

/// One runner; `perform` does a job.
pub(super) struct Runner<'a, P> {
    hall: &'a Guildhall,
    perform: P,
    held: Mutex<Held>,
}

/// What a runner holds.
#[derive(Debug, Default)]
struct Held {
    jobs: HashMap<JobId, Taken>,
    /// The lane that jobs were taken from last: the turn goes round.
    last_lane: String,
}

impl Held {
    fn places(&self) -> Places {
        let mut places = Places::default();
        self.jobs.values().for_each(|job| places.hold(&job.lane));
        places
    }
}

impl<'a, P, F> Runner<'a, P>
where
    P: Fn(Taken) -> F,
    F: Future<Output = std::result::Result<(), Failure>>,
{
    pub(super) fn new(hall: &'a Guildhall, perform: P) -> Self {
        Self { hall, perform, held: Mutex::default() }
    }

    pub(super) async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut running = FuturesUnordered::new();
        loop {
            let (taken, wait) = self.take().await.unwrap_or_else(|error| {
                tracing::error!(error = ?error, "jobs cannot be taken");
                (Vec::new(), LOOK_EVERY)
            });
            running.extend(taken.into_iter().map(|job| self.carry_out(job)));
            let is_full = running.len() == PLACES;
            tokio::select! {
                () = &mut stop => break,
                Some(()) = running.next(), if !running.is_empty() => {
                    // Those that ended with it make room too: one look for all of them.
                    while let Some(Some(())) = running.next().now_or_never() {}
                }
                () = self.hall.store.work_queued(), if !is_full => {}
                () = pass(wait), if !is_full => {}
            }
        }
        let last = async { while running.next().await.is_some() {} };
        if tokio::time::timeout(LAST_JOBS, last).await.is_err() {
            running.clear();
            self.give_back().await;
        }
    }

    pub(super) async fn run_due(&self) -> Result<u64> {
        let activity = &self.hall.activity;
        let before = activity.ended();
        loop {
            let (taken, _) = self.take().await?;
            if taken.is_empty() {
                if activity.settle().await {
                    continue;
                }
                return Ok(activity.ended() - before);
            }
            let mut running: FuturesUnordered<_> = taken.into_iter().map(|job| self.carry_out(job)).collect();
            while running.next().await.is_some() {}
        }
    }

    /// Takes due jobs for the places that are free; says how long to wait before looking again.
    async fn take(&self) -> Result<(Vec<(Taken, Busy<'a>)>, Duration)> {
        let _busy = self.hall.activity.begin();
        let now = self.hall.now_ms();
        let (places, after) = {
            let held = self.held();
            (held.places(), held.last_lane.clone())
        };
        let (look_places, look_after) = (places.clone(), after.clone());
        let look = self.hall.store.read(move |read| {
            let has_work = !rows::lanes_in_turn(read, &look_places, &look_after)?.is_empty();
            Ok((has_work, rows::next_to_wake(read)?))
        });
        let (has_work, first) = look.await?;
        if !has_work && first.is_none_or(|due| due > now) {
            return Ok((Vec::new(), wait_until(first, now)));
        }
        let take = self.hall.store.write(move |tx| {
            let lease_until = tx.now + LEASE_MS;
            let haul = rows::take(tx, places.clone(), &after, lease_until)?;
            Ok((haul, rows::next_to_wake(tx)?))
        });
        let (haul, next) = take.await?;
        let wait = if haul.is_partial { LOOK_AT_MOST_EVERY } else { wait_until(next, now) };
        let mut held = self.held();
        held.jobs.extend(haul.jobs.iter().map(|job| (job.id.clone(), job.clone())));
        if let Some(lane) = haul.last_lane {
            held.last_lane = lane;
        }
        let taken = haul.jobs.into_iter().map(|job| (job, self.hall.activity.begin())).collect();
        Ok((taken, wait))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one job and records how it went.
    async fn carry_out(&self, (job, _busy): (Taken, Busy<'a>)) {
        if let Some(outcome) = self.try_once(&job).await
            && let Err(error) = self.record(&job, outcome).await
        {
            tracing::error!(job = %job.id, error = ?error, "how a job went cannot be recorded; it is done again");
        }
        self.held().jobs.remove(&job.id);
        self.hall.activity.state.send_modify(|doing| doing.ended += 1);
    }

    /// Does one job, renewing its lease; `None` when another runner holds it by now.
    async fn try_once(&self, job: &Taken) -> Option<std::result::Result<(), Failure>> {
        let doing = AssertUnwindSafe((self.perform)(job.clone())).catch_unwind();
        let mut doing = std::pin::pin!(tokio::time::timeout(LONGEST_RUN, doing));
        let mut renewals = tokio::time::interval(RENEW_EVERY);
        // The first comes at once.
        renewals.tick().await;
        loop {
            tokio::select! {
                ended = &mut doing => return Some(match ended {
                    Ok(Ok(outcome)) => outcome,
                    Ok(Err(_)) => Err(Failure::Temporary("it panicked; the log says where".into())),
                    Err(_) => Err(Failure::Temporary(format!("it took longer than {LONGEST_RUN:?}"))),
                }),
                _ = renewals.tick() => {
                    let renewed = job.clone();
                    let renew = self.hall.store.write(move |tx| {
                        let lease_until = tx.now + LEASE_MS;
                        rows::renew(tx, &renewed, lease_until)
                    });
                    match renew.await {
                        Ok(true) => {}
                        Ok(false) => return None,
                        Err(error) => tracing::warn!(job = %job.id, error = ?error, "a lease cannot be renewed"),
                    }
                }
            }
        }
    }

    async fn record(&self, job: &Taken, outcome: std::result::Result<(), Failure>) -> Result<()> {
        let job = job.clone();
        let Err(failure) = outcome else {
            return self.hall.store.write(move |tx| rows::finish(tx, &job)).await;
        };
        let reason: String = failure.reason().chars().take(LONGEST_REASON).collect();
        let random = u64::from_be_bytes(self.hall.random.bytes());
        match rules::after_failure(&failure, job.tries, random) {
            Next::Rest(rest_ms) => {
                tracing::warn!(job = %job.id, kind = job.kind, tries = job.tries, rest_ms, reason, "a job failed");
                let rest = self.hall.store.write(move |tx| {
                    let due_at = tx.now + rest_ms;
                    rows::rest(tx, &job, due_at, &reason)
                });
                rest.await
            }
            Next::Dead => {
                tracing::error!(job = %job.id, kind = job.kind, tries = job.tries, reason, "a job is dead");
                self.hall.store.write(move |tx| rows::bury(tx, &job, &reason)).await
            }
        }
    }

    /// Gives back everything that is still held, for others to do.
    async fn give_back(&self) {
        let held: Vec<Taken> = self.held().jobs.drain().map(|(_, job)| job).collect();
        tracing::info!(jobs = held.len(), "jobs under way are given back");
        for job in held {
            if let Err(error) = self.hall.store.write(move |tx| rows::give_back(tx, &job)).await {
                tracing::error!(error = ?error, "a job cannot be given back; it is taken over when its lease ends");
            }
        }
    }
}

fn wait_until(due: Option<i64>, now: i64) -> Duration {
    let due = due.map(|due| Duration::from_millis(u64::try_from(due - now).unwrap_or(0)));
    due.map_or(LOOK_EVERY, |wait| wait.clamp(LOOK_AT_MOST_EVERY, LOOK_EVERY))
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "jobs come due, and other processes queue, by time itself")]
async fn pass(wait: Duration) {
    tokio::time::sleep(wait).await;
}
