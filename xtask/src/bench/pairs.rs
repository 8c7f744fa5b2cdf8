//! The server and the bare route measured in turns with the same bytes.

use super::Fallible;
use super::bare_route::BareRoute;
use super::load::{Measurement, Period};
use super::metrics::StoreCounters;
use super::workload::Workload;
use super::world::World;

/// The medians of both sides, and what the server's store counted meanwhile.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) ours: Measurement,
    pub(super) bare: Measurement,
    pub(super) store: StoreCounters,
}

impl Pair {
    /// The server's throughput as a share of the bare route's.
    pub(super) fn ratio(&self) -> f64 {
        self.ours.per_second / self.bare.per_second
    }

    /// Answered messages for each transaction; transactions of background work count against it.
    pub(super) fn messages_per_commit(&self) -> f64 {
        self.ours.answered as f64 / self.store.commits
    }

    /// All writes for each transaction, those of background work included.
    pub(super) fn writes_per_commit(&self) -> f64 {
        self.store.writes / self.store.commits
    }
}

/// Measures both sides `rounds` times, alternating.
pub(super) async fn measure(
    workload: &Workload,
    world: &World,
    bare: &BareRoute,
    connections: usize,
    period: Period,
    rounds: u64,
) -> Fallible<Pair> {
    let (mut ours_rounds, mut bare_rounds) = (Vec::new(), Vec::new());
    let mut store = StoreCounters::default();
    for _ in 0..rounds {
        let before = StoreCounters::read(world.address).await?;
        ours_rounds.push(workload.measure(world.address, connections, period).await?);
        store = store.plus(StoreCounters::read(world.address).await?.since(before));
        bare_rounds.push(workload.measure(bare.address, connections, period).await?);
    }
    let (ours, bare) = (Measurement::median(&ours_rounds), Measurement::median(&bare_rounds));
    Ok(Pair { ours, bare, store })
}
