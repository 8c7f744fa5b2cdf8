//! `cargo xtask bench send`: durable messages into one chat.

use super::bare_route::BareRoute;
use super::pairs::{self, Pair};
use super::sizes::{self, Comparison};
use super::table::{Table, fraction, whole};
use super::verdict::{Bound, Figure, conclude};
use super::workload::Workload;
use super::{Bench, Fallible, JUDGED_SENDERS, Settings, prosody};

/// The numbers of senders that are measured; `JUDGED_SENDERS` is one of them.
pub(super) const SENDERS: [usize; 4] = [1, 16, 64, 256];
const SMALL_MESSAGES: u64 = 1_000;
const LEAST_RATIO: f64 = 0.25;
const LEAST_MESSAGES_PER_COMMIT: f64 = 4.0;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    settings: Settings,
    /// How many messages the large world holds.
    #[arg(long, value_name = "COUNT", default_value_t = 5_000_000)]
    messages_large: u64,
}

pub(super) async fn run(arguments: &Arguments) -> crate::Outcome {
    let bench = Bench::prepare(&arguments.settings)?;
    bench.print_title("durable sends into one chat, over HTTP,");
    let mut figures = measure_senders(&bench).await?;
    let comparison = Comparison {
        noun: "messages",
        fill_option: "--messages",
        small: SMALL_MESSAGES,
        large: arguments.messages_large,
        workload: Workload::send_message,
    };
    figures.extend(sizes::compare(&bench, &comparison).await?);
    prosody::measure(bench.directory.path(), bench.period(), bench.settings.rounds).await?;
    conclude(&figures, bench.requires_figures())
}

/// Prints a line for each number of senders; answers the figures judged at `JUDGED_SENDERS`.
async fn measure_senders(bench: &Bench<'_>) -> Fallible<Vec<Figure>> {
    let bare = BareRoute::start(bench.directory.path()).await?;
    let world = bench.place("senders").serve_filled("--messages", SMALL_MESSAGES).await?;
    let workload = Workload::send_message(&world.demo)?;
    let mut table = Table::new(&[
        "senders",
        "ours/s",
        "bare/s",
        "ratio",
        "p50 ms",
        "p99 ms",
        "bare p50 ms",
        "bare p99 ms",
        "messages/commit",
        "writes/commit",
    ]);
    let mut figures = Vec::new();
    for senders in SENDERS {
        eprintln!("measuring {senders} senders");
        let pair =
            pairs::measure(&workload, &world, &bare, senders, bench.period(), bench.settings.rounds).await?;
        table.row(cells(senders, &pair));
        if senders == JUDGED_SENDERS {
            figures = judge(&pair);
        }
    }
    world.stop().await?;
    bare.stop().await?;
    table.print();
    Ok(figures)
}

fn cells(senders: usize, pair: &Pair) -> Vec<String> {
    let Pair { ours, bare, .. } = pair;
    vec![
        senders.to_string(),
        whole(ours.per_second),
        whole(bare.per_second),
        fraction(pair.ratio()),
        fraction(ours.p50_ms),
        fraction(ours.p99_ms),
        fraction(bare.p50_ms),
        fraction(bare.p99_ms),
        fraction(pair.messages_per_commit()),
        fraction(pair.writes_per_commit()),
    ]
}

fn judge(pair: &Pair) -> Vec<Figure> {
    vec![
        Figure {
            name: format!("ratio at {JUDGED_SENDERS} senders"),
            measured: pair.ratio(),
            bound: Bound::AtLeast(LEAST_RATIO),
        },
        Figure {
            name: format!("messages per commit at {JUDGED_SENDERS} senders"),
            measured: pair.messages_per_commit(),
            bound: Bound::AtLeast(LEAST_MESSAGES_PER_COMMIT),
        },
    ]
}
