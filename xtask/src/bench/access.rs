//! `cargo xtask bench access`: may this user see this experience?

use super::bare_route::BareRoute;
use super::sizes::{self, Comparison};
use super::table::{Table, fraction, whole};
use super::verdict::{Bound, Figure, conclude};
use super::workload::Workload;
use super::{Bench, Fallible, JUDGED_SENDERS, Settings, pairs};

const SMALL_MEMBERSHIPS: u64 = 1_000;
const LEAST_RATIO: f64 = 0.45;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// How many memberships the large world holds.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000)]
    memberships_large: u64,
}

pub(super) async fn run(arguments: &Arguments) -> crate::Outcome {
    let bench = Bench::prepare(&arguments.settings)?;
    bench.print_title("access checks over HTTP");
    let mut figures = vec![measure_ratio(&bench).await?];
    let comparison = Comparison {
        noun: "memberships",
        fill_option: "--memberships",
        small: SMALL_MEMBERSHIPS,
        large: arguments.memberships_large,
        workload: Workload::check_access,
    };
    figures.extend(sizes::compare(&bench, &comparison).await?);
    conclude(&figures, bench.requires_figures())
}

/// Prints the server beside the bare route; answers their ratio.
async fn measure_ratio(bench: &Bench<'_>) -> Fallible<Figure> {
    let bare = BareRoute::start(bench.directory.path()).await?;
    let world = bench.place("checks").serve_filled("--memberships", SMALL_MEMBERSHIPS).await?;
    let workload = Workload::check_access(&world.demo)?;
    eprintln!("measuring {JUDGED_SENDERS} connections");
    let (period, rounds) = (bench.period(), bench.settings.rounds);
    let pair = pairs::measure(&workload, &world, &bare, JUDGED_SENDERS, period, rounds).await?;
    world.stop().await?;
    bare.stop().await?;

    let heading =
        ["connections", "ours/s", "bare/s", "ratio", "p50 ms", "p99 ms", "bare p50 ms", "bare p99 ms"];
    let mut table = Table::new(&heading);
    table.row(vec![
        JUDGED_SENDERS.to_string(),
        whole(pair.ours.per_second),
        whole(pair.bare.per_second),
        fraction(pair.ratio()),
        fraction(pair.ours.p50_ms),
        fraction(pair.ours.p99_ms),
        fraction(pair.bare.p50_ms),
        fraction(pair.bare.p99_ms),
    ]);
    table.print();
    Ok(Figure {
        name: format!("ratio at {JUDGED_SENDERS} connections"),
        measured: pair.ratio(),
        bound: Bound::AtLeast(LEAST_RATIO),
    })
}
