//! `cargo xtask bench ledger`: durable transfers a second, on both databases, beside plain PostgreSQL.

use super::load::{Measurement, Period};
use super::plain_postgres::{PlainPostgres, SETTINGS, Script};
use super::table::{Table, fraction, whole};
use super::verdict::{Bound, Figure, conclude};
use super::workload::Workload;
use super::world::{self, World};
use super::{Fallible, JUDGED_SENDERS, WARM_UP, release, workspace_file};
use crate::process::complete;
use crate::test::postgres::Cluster;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// How many times plain PostgreSQL the ledger is on SQLite.
const LEAST_ON_SQLITE: f64 = 3.0;
/// What share of plain PostgreSQL the ledger is on PostgreSQL.
const LEAST_ON_POSTGRES: f64 = 0.8;
/// The schema of Guildhall's tables, beside the plain ones.
const SCHEMA: &str = "guildhall";
/// How long a step may take besides what it measures; an audit goes through every entry.
const GRACE: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How long each round is measured, after a second of warm-up.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// How often everything is measured, in turns; the medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=99))]
    rounds: u64,
    /// A server binary to measure, instead of building one as it ships.
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// The program of the benchmark `transfers` of guildhall-app, instead of building it as it ships.
    #[arg(long, value_name = "PATH")]
    transfers: Option<PathBuf>,
    /// Where the data is kept while it is measured; must be a disk, as transfers are made durable on it, and PostgreSQL's
    /// user must reach it.
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    /// Print the verdict, but end with 0 even when a figure is missed.
    #[arg(long)]
    no_verdict: bool,
}

/// What is measured, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contestant {
    OnSqlite,
    OnPostgres,
    Plain,
    PlainAtOnce,
    OverHttp,
    InsertsOnSqlite,
    InsertsOnPostgres,
}

impl Contestant {
    const ALL: [Self; 7] = [
        Self::OnSqlite,
        Self::Plain,
        Self::OnPostgres,
        Self::PlainAtOnce,
        Self::OverHttp,
        Self::InsertsOnSqlite,
        Self::InsertsOnPostgres,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::OnSqlite => "Guildhall's transfers on SQLite",
            Self::OnPostgres => "Guildhall's transfers on PostgreSQL",
            Self::Plain => "plain PostgreSQL, a statement after another",
            Self::PlainAtOnce => "plain PostgreSQL, all in one statement",
            Self::OverHttp => "Guildhall's transfers on SQLite, over HTTP",
            Self::InsertsOnSqlite => "bare inserts, SQLite",
            Self::InsertsOnPostgres => "bare inserts, PostgreSQL",
        }
    }
}

pub(super) async fn run(arguments: &Arguments) -> crate::Outcome {
    let server = match &arguments.server {
        Some(path) => std::path::absolute(path)?,
        None => release::build("guildhall")?,
    };
    let transfers = match &arguments.transfers {
        Some(path) => std::path::absolute(path)?,
        None => release::build_bench("guildhall-app", "transfers")?,
    };
    let parent = arguments.work_dir.clone().unwrap_or_else(|| workspace_file("target/bench"));
    std::fs::create_dir_all(&parent)?;
    let cluster = Cluster::start_in(&parent, SETTINGS)?;
    let directory = TempDir::new_in(&parent)?;
    let scene = Scene::prepare(&server, &transfers, &cluster, directory.path()).await?;
    let Arguments { seconds, rounds, .. } = *arguments;
    println!(
        "durable transfers, {JUDGED_SENDERS} at once; built as it ships, medians of {rounds} rounds of {seconds} s\n"
    );
    let period = Period { warm_up: WARM_UP, measured: Duration::from_secs(seconds) };
    let mut measured: Vec<Vec<Measurement>> = vec![Vec::new(); Contestant::ALL.len()];
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        for (contestant, rounds) in Contestant::ALL.into_iter().zip(&mut measured) {
            rounds.push(scene.measure(contestant, period).await?);
        }
    }
    let medians: Vec<Measurement> = measured.iter().map(|rounds| Measurement::median(rounds)).collect();
    let rate = |wanted: Contestant| {
        let place = Contestant::ALL.iter().position(|one| *one == wanted).expect("each is measured");
        medians[place].per_second
    };
    print_table(&medians, rate(Contestant::Plain));
    scene.audit().await?;
    let figures = [
        figure("on SQLite, times plain PostgreSQL", rate(Contestant::OnSqlite), LEAST_ON_SQLITE, &rate),
        figure(
            "on PostgreSQL, times plain PostgreSQL",
            rate(Contestant::OnPostgres),
            LEAST_ON_POSTGRES,
            &rate,
        ),
    ];
    conclude(&figures, !arguments.no_verdict)
}

fn figure(name: &str, measured: f64, least: f64, rate: &impl Fn(Contestant) -> f64) -> Figure {
    let ratio = measured / rate(Contestant::Plain);
    Figure { name: name.to_owned(), measured: ratio, bound: Bound::AtLeast(least) }
}

fn print_table(medians: &[Measurement], plain_per_second: f64) {
    let mut table = Table::new(&["", "a second", "times plain", "p50 ms", "p99 ms"]);
    for (contestant, median) in Contestant::ALL.iter().zip(medians) {
        // pgbench tells the mean alone.
        let knows_quantiles = median.p50_ms < median.p99_ms;
        let quantile = |ms: f64| if knows_quantiles { fraction(ms) } else { "-".to_owned() };
        table.row(vec![
            contestant.name().to_owned(),
            whole(median.per_second),
            fraction(median.per_second / plain_per_second),
            quantile(median.p50_ms),
            quantile(median.p99_ms),
        ]);
    }
    table.print();
}

/// Everything that is measured, made and filled.
struct Scene<'a> {
    server: &'a Path,
    transfers: &'a Path,
    directory: &'a Path,
    url: String,
    plain: PlainPostgres<'a>,
    world: World,
    workload: Workload,
}

impl<'a> Scene<'a> {
    async fn prepare(
        server: &'a Path,
        transfers: &'a Path,
        cluster: &'a Cluster,
        directory: &'a Path,
    ) -> Fallible<Self> {
        let plain = PlainPostgres::prepare(cluster, directory).await?;
        let url = cluster.url();
        let place = world::Place { program: server, directory: directory.join("http"), database_url: None };
        let world = place.serve().await?;
        let company = world.demo.get("NEXT_PUBLIC_WHOP_COMPANY_ID")?.to_owned();
        world.stop().await?;
        let mut fund = Command::new(transfers);
        fund.args(["fund", "--company", &company, "--data-dir"]).arg(&place.directory);
        let account = complete("transfers fund", &mut fund, GRACE).await?;
        let world = place.serve().await?;
        let workload = Workload::transfer_funds(&world.demo, account.trim())?;
        let scene = Self { server, transfers, directory, url, plain, world, workload };
        for on_postgres in [false, true] {
            complete("transfers prepare", &mut scene.command("prepare", on_postgres), GRACE).await?;
        }
        Ok(scene)
    }

    fn data_dir(&self, on_postgres: bool) -> PathBuf {
        self.directory.join(if on_postgres { "on-postgres" } else { "on-sqlite" })
    }

    /// The benchmark's program over one of the halls.
    fn command(&self, name: &str, on_postgres: bool) -> Command {
        let mut command = Command::new(self.transfers);
        command.arg(name).arg("--data-dir").arg(self.data_dir(on_postgres));
        if on_postgres {
            command.args(["--database-url", &self.url, "--database-schema", SCHEMA]);
        }
        command
    }

    async fn measure(&self, contestant: Contestant, period: Period) -> Fallible<Measurement> {
        match contestant {
            Contestant::OnSqlite => self.run("run", false, period).await,
            Contestant::OnPostgres => self.run("run", true, period).await,
            Contestant::InsertsOnSqlite => self.run("bare-sqlite", false, period).await,
            Contestant::Plain => self.plain.measure(Script::Transfer, JUDGED_SENDERS, period).await,
            Contestant::PlainAtOnce => {
                self.plain.measure(Script::TransferAtOnce, JUDGED_SENDERS, period).await
            }
            Contestant::InsertsOnPostgres => self.plain.measure(Script::Insert, JUDGED_SENDERS, period).await,
            Contestant::OverHttp => self.workload.measure(self.world.address, JUDGED_SENDERS, period).await,
        }
    }

    async fn run(&self, name: &str, on_postgres: bool, period: Period) -> Fallible<Measurement> {
        let mut command = self.command(name, on_postgres);
        command.args(["--clients", &JUDGED_SENDERS.to_string()]);
        command.args(["--warm-up-ms", &period.warm_up.as_millis().to_string()]);
        command.args(["--measured-ms", &period.measured.as_millis().to_string()]);
        let told: Value = serde_json::from_str(&complete("transfers", &mut command, GRACE).await?)?;
        let figure =
            |name: &str| told[name].as_f64().ok_or_else(|| format!("transfers tells no {name}: {told}"));
        Ok(Measurement {
            per_second: figure("per_second")?,
            p50_ms: figure("p50_ms")?,
            p99_ms: figure("p99_ms")?,
            answered: 0,
        })
    }

    /// Ends what serves, and proves that every ledger still sums to zero.
    async fn audit(self) -> crate::Outcome {
        let http = self.directory.join("http");
        let (on_sqlite, on_postgres) = (self.data_dir(false), self.data_dir(true));
        self.world.stop().await?;
        let places = [
            ("on SQLite", on_sqlite, None),
            ("over HTTP", http, None),
            ("on PostgreSQL", on_postgres, Some(&self.url)),
        ];
        for (name, data_dir, url) in places {
            let mut command = Command::new(self.server);
            command.args(["ledger", "audit", "--data-dir"]).arg(data_dir);
            if let Some(url) = url {
                command.args(["--database-url", url, "--database-schema", SCHEMA]);
            }
            let told = complete("guildhall ledger audit", &mut command, GRACE).await?;
            let transfers =
                told.lines().find_map(|line| line.strip_prefix("transfers ")).unwrap_or("?").trim();
            println!("audited {transfers} transfers {name}: the ledger is sound");
        }
        println!("audited {} transfers in the plain tables: they sum to zero\n", self.plain.audit().await?);
        Ok(())
    }
}
