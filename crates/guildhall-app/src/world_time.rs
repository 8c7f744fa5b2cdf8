//! The time of a world: in one for development it can be moved on, and everything that falls due on the way is done in
//! order.
//!
//! How far the clock was moved stands in the store, so that every process of the world sees the same time; a server
//! looks now and then ([`follow`]). A real hall's clock cannot be moved: its people would lose what they paid for.

use crate::Guildhall;
use crate::error::{Error, Result};
use crate::jobs;
use crate::store::{self, Read, Tx};
use std::time::Duration;

/// The names under which the store keeps it.
const DEVELOPMENT: &str = "development";
const MOVED: &str = "clock moved by";
/// How often a server looks whether the clock was moved.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How far a clock is moved on at once, in milliseconds (ten years).
pub const FURTHEST_MS: i64 = 10 * 365 * 24 * 60 * 60 * 1000;
/// How long is waited for what other processes do of what is due.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How a world's time was moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advanced {
    /// The moment before, in milliseconds.
    pub from: i64,
    /// The moment now.
    pub to: i64,
    /// How many moments there were at which something fell due.
    pub stops: u64,
    /// How many jobs were tried at them, by this process.
    pub jobs: u64,
}

/// Makes a world one for development.
pub(crate) fn mark_development(tx: &mut Tx<'_>) -> Result<()> {
    store::secret::set(tx, DEVELOPMENT, b"1")
}

/// Whether a world is one for development.
///
/// # Errors
/// `Internal` only.
pub async fn is_development(hall: &Guildhall) -> Result<bool> {
    hall.store.read(|read| Ok(store::secret::find(read, DEVELOPMENT)?.is_some())).await
}

fn moved(read: &mut Read<'_>) -> Result<i64> {
    let bytes = store::secret::find(read, MOVED)?;
    Ok(bytes.and_then(|bytes| <[u8; 8]>::try_from(bytes.as_slice()).ok()).map_or(0, i64::from_be_bytes))
}

/// Sees the clock as the store has it.
pub(crate) async fn look(hall: &Guildhall) -> Result<()> {
    let by = hall.store.read(moved).await?;
    if by != hall.clock.moved_ms() {
        hall.clock.set_moved_ms(by);
    }
    Ok(())
}

/// Follows the clock of a world for development, as long as it is awaited.
pub async fn follow(hall: &Guildhall) {
    loop {
        if let Err(error) = look(hall).await {
            tracing::warn!(error = ?error, "whether the clock was moved cannot be seen");
        }
        pass(LOOK_EVERY).await;
    }
}

/// Moves the time of a development world on by so many milliseconds, and does everything that falls due on the way,
/// in order, each at its moment.
///
/// # Errors
/// `Forbidden` in a real hall, `Invalid` for no time or more than [`FURTHEST_MS`], `Conflict` when another process
/// does not end with what is due.
pub async fn advance(hall: &Guildhall, by_ms: i64) -> Result<Advanced> {
    if !is_development(hall).await? {
        return Err(Error::Forbidden(
            "The clock of a real hall cannot be moved: this is for worlds that `serve --demo` made.".into(),
        ));
    }
    if !(1..=FURTHEST_MS).contains(&by_ms) {
        return Err(Error::Invalid(
            "The clock is moved on by more than nothing, and by ten years at most.".into(),
        ));
    }
    look(hall).await?;
    let from = hall.now_ms();
    let to = from + by_ms;
    let (mut stops, mut tried) = (0, jobs::run_due(hall).await?);
    while let Some(due) = hall.store.read(store::job::next_due).await? {
        if due > to {
            break;
        }
        if due > hall.now_ms() {
            move_to(hall, due).await?;
        }
        stops += 1;
        tried += jobs::run_due(hall).await?;
        settle(hall).await?;
    }
    if to > hall.now_ms() {
        move_to(hall, to).await?;
    }
    Ok(Advanced { from, to, stops, jobs: tried })
}

/// Waits as long as servers beside this process take to see that the clock was moved: whoever waited for a command finds
/// its time there.
pub async fn be_seen() {
    pass(LOOK_EVERY * 2).await;
}

async fn move_to(hall: &Guildhall, moment: i64) -> Result<()> {
    hall.clock.advance_ms(moment - hall.now_ms());
    let by = hall.clock.moved_ms();
    hall.store.write(move |tx| store::secret::set(tx, MOVED, &by.to_be_bytes())).await
}

/// Waits until no process holds a job.
async fn settle(hall: &Guildhall) -> Result<()> {
    let step = Duration::from_millis(20);
    for _ in 0..LONGEST_WAIT.as_millis() / step.as_millis() {
        if !hall.store.read(store::job::is_any_held).await? {
            return Ok(());
        }
        pass(step).await;
    }
    Err(Error::Conflict(
        "Another process does not end with a job that is due; the clock stands where it is.".into(),
    ))
}

/// Lets time pass.
#[expect(clippy::disallowed_methods, reason = "what other processes do is seen by looking")]
async fn pass(wait: Duration) {
    tokio::time::sleep(wait).await;
}
