//! Measures the server over HTTP beside a bare route under the same load, its ledger beside plain PostgreSQL, and judges
//! the promised figures.
//!
//! The generator, the server and the bare route are three processes, all built as they ship. Machines are noisy, so
//! what is compared alternates within one run, round after round, and medians are reported.

mod access;
mod bare_route;
mod histogram;
mod http;
mod ledger;
mod load;
mod metrics;
mod operation;
mod pairs;
mod plain_postgres;
mod prosody;
mod release;
mod room;
mod send;
mod sizes;
mod table;
mod verdict;
mod workload;
mod world;

use clap::Subcommand;
use load::Period;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::Fallible;

/// What every message says after its number, here and in the room of the other server.
const MESSAGE_TEXT: &str = "see you all at the workshop on Thursday, bring your questions and a friend.";

/// The number of senders or connections at which the promised figures are judged.
const JUDGED_SENDERS: usize = 64;

const WARM_UP: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Durable messages a second into one chat, alone and by up to 256 senders, in a small and a large store.
    Send(send::Arguments),
    /// Access checks a second, with few and with a million memberships.
    Access(access::Arguments),
    /// Durable transfers a second on both databases, beside plain PostgreSQL doing the same and beside bare inserts.
    Ledger(ledger::Arguments),
    /// Serve the bare route that the server is compared with; the benchmarks start it themselves.
    #[command(hide = true)]
    BareRoute {
        #[arg(long)]
        listen: SocketAddr,
    },
}

/// What all benchmarks can be told.
#[derive(Debug, clap::Args)]
struct Settings {
    /// How long each round is measured, after a second of warm-up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How often each pair is measured; the medians are reported.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// A server binary to measure, instead of building one as it ships.
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Measure on this PostgreSQL database; the figures are then printed, not required.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// A second, empty PostgreSQL database for the large world; without it the sizes are not compared there.
    #[arg(long, value_name = "URL", requires = "database_url")]
    database_url_large: Option<String>,
    /// Where the worlds are kept while they are measured; must be a disk, as sends are made durable on it.
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Print the verdict, but end with 0 even when a figure is missed.
    #[arg(long)]
    no_verdict: bool,
}

/// Runs one benchmark, or serves the bare route.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    if let Benchmark::BareRoute { listen } = arguments.benchmark {
        return bare_route::serve(listen);
    }
    if cfg!(debug_assertions) {
        return release::replace_this_process();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        tokio::select! {
            outcome = run_benchmark(&arguments.benchmark) => outcome,
            _ = terminated.recv() => Err("terminated".into()),
            _ = interrupted.recv() => Err("interrupted".into()),
        }
    })
}

async fn run_benchmark(benchmark: &Benchmark) -> crate::Outcome {
    match benchmark {
        Benchmark::Send(arguments) => send::run(arguments).await,
        Benchmark::Access(arguments) => access::run(arguments).await,
        Benchmark::Ledger(arguments) => ledger::run(arguments).await,
        Benchmark::BareRoute { listen } => bare_route::serve(*listen),
    }
}

/// A run's binary under test and its directory, which is removed when the run ends.
#[derive(Debug)]
struct Bench<'a> {
    settings: &'a Settings,
    program: PathBuf,
    directory: TempDir,
}

impl<'a> Bench<'a> {
    fn prepare(settings: &'a Settings) -> Fallible<Self> {
        let program = match &settings.server {
            Some(path) => std::path::absolute(path)?,
            None => release::build("guildhall")?,
        };
        let parent = settings.work_dir.clone().unwrap_or_else(|| workspace_file("target/bench"));
        std::fs::create_dir_all(&parent)?;
        Ok(Self { settings, program, directory: TempDir::new_in(parent)? })
    }

    fn period(&self) -> Period {
        Period { warm_up: WARM_UP, measured: Duration::from_secs(self.settings.seconds) }
    }

    /// A world of its own beneath the run's directory. A PostgreSQL database is one world, whatever its name here.
    fn place(&self, name: &str) -> world::Place<'_> {
        let database_url = self.settings.database_url.as_deref();
        let name = if database_url.is_some() { "database" } else { name };
        world::Place { program: &self.program, directory: self.directory.path().join(name), database_url }
    }

    /// The place of the large world; `None` when it would need a second database that was not given.
    fn large_place(&self) -> Option<world::Place<'_>> {
        let database_url = self.settings.database_url_large.as_deref();
        if self.settings.database_url.is_some() && database_url.is_none() {
            return None;
        }
        Some(world::Place {
            program: &self.program,
            directory: self.directory.path().join("large"),
            database_url,
        })
    }

    fn print_title(&self, what: &str) {
        let store = if self.settings.database_url.is_some() { "PostgreSQL" } else { "SQLite" };
        let Settings { seconds, rounds, .. } = self.settings;
        println!("{what} on {store}; built as it ships, medians of {rounds} rounds of {seconds} s\n");
    }

    /// Whether a missed figure fails the run: the promises are made for the embedded store.
    fn requires_figures(&self) -> bool {
        !self.settings.no_verdict && self.settings.database_url.is_none()
    }
}

/// A file of the workspace, wherever the command was called from.
fn workspace_file(path: &str) -> PathBuf {
    crate::workspace_root().join(path)
}
