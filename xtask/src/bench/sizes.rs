//! The same load on a small and on a large world, in turns: does the figure hold when the store has grown?

use super::load::Measurement;
use super::table::{Table, fraction, whole};
use super::verdict::{Bound, Figure};
use super::workload::Workload;
use super::{Bench, Fallible, JUDGED_SENDERS};
use crate::demo_env::DemoEnv;

/// The promised bound on the relative difference, either way.
const MOST_DIFFERENCE: f64 = 0.2;

/// What is compared: how a world is filled, how far, and with what load it is measured.
#[derive(Debug)]
pub(super) struct Comparison {
    /// What is counted, in the plural.
    pub(super) noun: &'static str,
    /// The option of `guildhall fill` that takes the count.
    pub(super) fill_option: &'static str,
    pub(super) small: u64,
    pub(super) large: u64,
    pub(super) workload: fn(&DemoEnv) -> Fallible<Workload>,
}

/// Prints both sizes' medians; answers the relative difference, or `None` when there is no place for a large world.
pub(super) async fn compare(bench: &Bench<'_>, comparison: &Comparison) -> Fallible<Option<Figure>> {
    let Comparison { noun, fill_option, small, large, workload } = *comparison;
    let Some(large_place) = bench.large_place() else {
        println!("{noun} stored: not compared, --database-url-large is not given\n");
        return Ok(None);
    };
    eprintln!("filling a world up to {} {noun}", whole(large as f64));
    let large_world = large_place.serve_filled(fill_option, large).await?;
    let (mut small_rounds, mut large_rounds) = (Vec::new(), Vec::new());
    for round in 1..=bench.settings.rounds {
        // A fresh small world for each round: sends make it grow, and it is to be small when a round begins.
        let small_world = bench.place(&format!("small-{round}")).serve_filled(fill_option, small).await?;
        let load = workload(&small_world.demo)?;
        small_rounds.push(load.measure(small_world.address, JUDGED_SENDERS, bench.period()).await?);
        small_world.stop().await?;
        let load = workload(&large_world.demo)?;
        large_rounds.push(load.measure(large_world.address, JUDGED_SENDERS, bench.period()).await?);
    }
    large_world.stop().await?;

    let mut table = Table::new(&[&format!("{noun} stored"), "ours/s", "p50 ms", "p99 ms"]);
    let (of_small, of_large) = (Measurement::median(&small_rounds), Measurement::median(&large_rounds));
    for (count, measured) in [(small, of_small), (large, of_large)] {
        let Measurement { per_second, p50_ms, p99_ms, .. } = measured;
        table.row(vec![whole(count as f64), whole(per_second), fraction(p50_ms), fraction(p99_ms)]);
    }
    println!("at {JUDGED_SENDERS} connections, by what was stored when a round began");
    table.print();
    Ok(Some(Figure {
        name: format!("difference from {} to {} {noun}", whole(small as f64), whole(large as f64)),
        measured: of_large.per_second / of_small.per_second - 1.0,
        bound: Bound::Within(MOST_DIFFERENCE),
    }))
}
