//! A closed loop: so many clients, each of which waits for its answer before it asks again.

use super::Fallible;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many ask, and for how long: first without, then with counting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    pub(super) clients: usize,
    pub(super) warm_up: Duration,
    pub(super) measured: Duration,
}

#[expect(clippy::disallowed_methods, reason = "a benchmark tells how long it really took")]
fn clock() -> Instant {
    Instant::now()
}

/// Runs every client to the end of the period, and prints what they came to. The first failure ends it.
pub(super) async fn drive<C, F>(
    period: Period,
    ask: impl Fn(usize, u64) -> F + Send + Sync + 'static,
) -> Fallible<()>
where
    C: Send + 'static,
    F: Future<Output = Fallible<C>> + Send,
{
    let ask = Arc::new(ask);
    let opens = clock() + period.warm_up;
    let closes = opens + period.measured;
    let mut clients = JoinSet::new();
    for client in 0..period.clients {
        let ask = Arc::clone(&ask);
        clients.spawn(async move {
            let mut latencies_us: Vec<u64> = Vec::new();
            let mut asked_at = clock();
            for number in 0.. {
                ask(client, number).await?;
                let answered_at = clock();
                if answered_at >= closes {
                    break;
                }
                if answered_at >= opens {
                    latencies_us.push(u64::try_from((answered_at - asked_at).as_micros())?);
                }
                asked_at = answered_at;
            }
            Fallible::Ok(latencies_us)
        });
    }
    let mut latencies_us = Vec::new();
    while let Some(ended) = clients.join_next().await {
        latencies_us.extend(ended??);
    }
    latencies_us.sort_unstable();
    let quantile_ms = |share: usize| {
        let place = (latencies_us.len() * share / 100).min(latencies_us.len().saturating_sub(1));
        latencies_us.get(place).map_or(0.0, |latency| *latency as f64 / 1000.0)
    };
    let measured = serde_json::json!({
        "per_second": latencies_us.len() as f64 / period.measured.as_secs_f64(),
        "p50_ms": quantile_ms(50),
        "p99_ms": quantile_ms(99),
    });
    println!("{measured}");
    Ok(())
}
