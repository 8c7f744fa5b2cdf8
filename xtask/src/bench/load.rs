//! The closed loop every measurement runs: a number of senders, each waiting for its answer before it sends again.
//! All senders share one thread, so that on a small machine the load costs as little as it can.

use super::Fallible;
use super::histogram::Histogram;
use crate::clock::clock;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How long the last answers may take after the measured period has ended.
const GRACE: Duration = Duration::from_secs(30);

/// Something that can be sent, answered and checked again and again.
pub(super) trait Sender {
    /// Sends one message and waits until it is answered; an answer that is not a success is an error.
    async fn send(&mut self) -> Fallible<()>;
}

/// For how long a load runs: first without, then with counting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) warm_up: Duration,
    pub(super) measured: Duration,
}

/// What one load, or the median of several, came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measurement {
    pub(super) per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Answers in all, those of the warm-up included.
    pub(super) answered: u64,
}

impl Measurement {
    /// The median of every column, each taken by itself; `answered` is the sum.
    pub(super) fn median(rounds: &[Self]) -> Self {
        let column = |pick: fn(&Self) -> f64| median(rounds.iter().map(pick).collect());
        Self {
            per_second: column(|round| round.per_second),
            p50_ms: column(|round| round.p50_ms),
            p99_ms: column(|round| round.p99_ms),
            answered: rounds.iter().map(|round| round.answered).sum(),
        }
    }
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

#[derive(Debug)]
struct Tally {
    opens: Instant,
    closes: Instant,
    /// Of all answers since the period opened, the late ones included: leaving those out would hide the slowest.
    latencies: Histogram,
    /// Answers that came after the period closed; they are no part of the throughput.
    late: u64,
    answered: u64,
}

/// Runs all senders through one period. Must be called within a `LocalSet`; the first failed send ends it.
pub(super) async fn drive<S: Sender + 'static>(senders: Vec<S>, period: Period) -> Fallible<Measurement> {
    let opens = clock() + period.warm_up;
    let closes = opens + period.measured;
    let tally = Tally { opens, closes, latencies: Histogram::new(), late: 0, answered: 0 };
    let tally = Rc::new(RefCell::new(tally));
    let mut loops = JoinSet::new();
    for sender in senders {
        loops.spawn_local(repeat(sender, Rc::clone(&tally)));
    }
    let all_ended = async {
        while let Some(ended) = loops.join_next().await {
            ended??;
        }
        Fallible::Ok(())
    };
    tokio::time::timeout(period.warm_up + period.measured + GRACE, all_ended)
        .await
        .map_err(|_| "a sender still waits for its answer 30 s after the measured period")??;
    let tally = tally.borrow();
    let in_time = tally.latencies.total() - tally.late;
    Ok(Measurement {
        per_second: in_time as f64 / period.measured.as_secs_f64(),
        p50_ms: tally.latencies.quantile_ms(0.5),
        p99_ms: tally.latencies.quantile_ms(0.99),
        answered: tally.answered,
    })
}

async fn repeat(mut sender: impl Sender, tally: Rc<RefCell<Tally>>) -> Fallible<()> {
    let mut sent_at = clock();
    loop {
        sender.send().await?;
        let answered_at = clock();
        let mut tally = tally.borrow_mut();
        tally.answered += 1;
        if answered_at >= tally.opens {
            tally.latencies.record(answered_at - sent_at);
        }
        if answered_at >= tally.closes {
            tally.late += 1;
            return Ok(());
        }
        sent_at = answered_at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Immediate;

    impl Sender for Immediate {
        async fn send(&mut self) -> Fallible<()> {
            tokio::task::yield_now().await;
            Ok(())
        }
    }

    struct Refused;

    impl Sender for Refused {
        async fn send(&mut self) -> Fallible<()> {
            Err("refused".into())
        }
    }

    fn drive_briefly<S: Sender + 'static>(senders: Vec<S>) -> Fallible<Measurement> {
        let period = Period { warm_up: Duration::from_millis(5), measured: Duration::from_millis(20) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        tokio::task::LocalSet::new().block_on(&runtime, drive(senders, period))
    }

    #[test]
    fn warm_up_and_late_answers_are_no_throughput() {
        let measured = drive_briefly(vec![Immediate, Immediate]).expect("nothing refuses");
        let counted = (measured.per_second * 0.02).round() as u64;
        assert!(counted > 0);
        assert!(measured.answered >= counted + 2, "each sender has one answer after the period");
    }

    #[test]
    fn a_refused_send_ends_the_load() {
        assert_eq!(drive_briefly(vec![Refused]).expect_err("it refuses").to_string(), "refused");
    }

    #[test]
    fn the_median_of_odd_even_and_no_rounds() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(Vec::new()), 0.0);
    }
}
