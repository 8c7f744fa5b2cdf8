//! What the ledger is held against: PostgreSQL itself doing the same transfer, asked by its own load generator, pgbench,
//! over prepared statements and with the settings it comes with, save the number of connections.

use super::Fallible;
use super::load::{Measurement, Period};
use crate::process::complete;
use crate::test::postgres::Cluster;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// Everything that bears on durability is left as it comes: fsync, synchronous_commit and full_page_writes are on.
pub(super) const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
log_min_messages = warning
";

/// How long a command may take besides what it measures.
const GRACE: Duration = Duration::from_secs(120);

const SCHEMA: &str = "
create schema plain;
create table plain.balances (
  account_id bigint primary key,
  balance_minor bigint not null check (balance_minor >= 0)
);
create table plain.transfers (
  id bigint generated always as identity primary key,
  created_at timestamptz not null default now()
);
create table plain.entries (
  transfer_id bigint not null references plain.transfers (id),
  account_id bigint not null references plain.balances (account_id),
  amount_minor bigint not null,
  primary key (transfer_id, account_id)
);
create table plain.rows (
  id bigint generated always as identity primary key,
  client bigint not null,
  number bigint not null
);
insert into plain.balances (account_id, balance_minor)
select number, 1000000000 from generate_series(1, 1000) as number;
";

/// `t` when every balance is what its entries say and nothing was lost or made; then how many transfers there are.
const AUDIT: &str = "
select
  (select sum(amount_minor) from plain.entries) = 0
  and not exists (
    select
    from plain.balances b
    left join (select account_id, sum(amount_minor) as moved from plain.entries group by account_id) e
      on e.account_id = b.account_id
    where b.balance_minor <> 1000000000 + coalesce(e.moved, 0)),
  (select count(*) from plain.transfers)
";

/// Two accounts drawn by lot, the one with the lower number first, so that no two transfers wait for each other.
const PAIR: &str = "
\\set payer random(1, 1000)
\\set payee 1 + (:payer + random(0, 998)) % 1000
\\set low least(:payer, :payee)
\\set high greatest(:payer, :payee)
\\set low_change case when :low = :payer then -1 else 1 end
\\set high_change -:low_change
";

/// What PostgreSQL is asked to do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Script {
    /// A transfer, a statement after another in one transaction.
    Transfer,
    /// The same as one statement.
    TransferAtOnce,
    /// One narrow row.
    Insert,
}

impl Script {
    fn text(self) -> String {
        let body = match self {
            Self::Transfer => {
                "begin;
update plain.balances set balance_minor = balance_minor + :low_change where account_id = :low and balance_minor + :low_change >= 0;
update plain.balances set balance_minor = balance_minor + :high_change where account_id = :high and balance_minor + :high_change >= 0;
insert into plain.transfers default values returning id as transfer \\gset
insert into plain.entries (transfer_id, account_id, amount_minor) values (:transfer, :low, :low_change), (:transfer, :high, :high_change);
commit;
"
            }
            Self::TransferAtOnce => {
                "with first as (
  update plain.balances set balance_minor = balance_minor + :low_change
  where account_id = :low and balance_minor + :low_change >= 0 returning account_id),
second as (
  update plain.balances set balance_minor = balance_minor + :high_change
  where account_id = :high and balance_minor + :high_change >= 0 and exists (select from first) returning account_id),
transfer as (insert into plain.transfers (created_at) select now() from second returning id)
insert into plain.entries (transfer_id, account_id, amount_minor)
select id, account_id, change
from transfer, (values (:low::bigint, :low_change::bigint), (:high, :high_change)) as sides (account_id, change);
"
            }
            Self::Insert => return "insert into plain.rows (client, number) values (:client_id, 1);\n".into(),
        };
        format!("{}{body}", PAIR.trim_start())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Transfer => "transfer.sql",
            Self::TransferAtOnce => "transfer-at-once.sql",
            Self::Insert => "insert.sql",
        }
    }
}

/// The plain tables in a cluster's database.
#[derive(Debug)]
pub(super) struct PlainPostgres<'a> {
    cluster: &'a Cluster,
    scripts: PathBuf,
}

impl<'a> PlainPostgres<'a> {
    /// Makes the tables, and writes the scripts into a directory.
    pub(super) async fn prepare(cluster: &'a Cluster, directory: &Path) -> Fallible<Self> {
        for script in [Script::Transfer, Script::TransferAtOnce, Script::Insert] {
            std::fs::write(directory.join(script.name()), script.text())?;
        }
        let plain = Self { cluster, scripts: directory.to_owned() };
        plain.ask(SCHEMA).await?;
        Ok(plain)
    }

    async fn ask(&self, sql: &str) -> Fallible<String> {
        let mut command = Command::new(self.cluster.program("psql")?);
        command.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1"]);
        command.args(["--dbname", &self.cluster.url(), "--command", sql]);
        complete("psql", &mut command, GRACE).await
    }

    /// Runs a script for a period; pgbench tells no quantiles, so the latencies are the mean.
    pub(super) async fn measure(
        &self,
        script: Script,
        clients: usize,
        period: Period,
    ) -> Fallible<Measurement> {
        self.run(script, clients, period.warm_up).await?;
        let told = self.run(script, clients, period.measured).await?;
        let figure = |before: &str, after: &str| {
            let told = told.split_once(before)?.1;
            told.split_once(after)?.0.trim().parse::<f64>().ok()
        };
        if figure("number of failed transactions:", "(") != Some(0.0) {
            return Err(format!("pgbench tells of failed transactions: {told}").into());
        }
        let per_second = figure("tps =", "(").ok_or_else(|| format!("pgbench tells no rate: {told}"))?;
        let mean_ms = figure("latency average =", "ms").unwrap_or(0.0);
        let answered = figure("actually processed:", "\n").unwrap_or(0.0) as u64;
        Ok(Measurement { per_second, p50_ms: mean_ms, p99_ms: mean_ms, answered })
    }

    async fn run(&self, script: Script, clients: usize, length: Duration) -> Fallible<String> {
        let seconds = length.as_secs().max(1).to_string();
        let mut command = Command::new(self.cluster.program("pgbench")?);
        command
            .args(["--no-vacuum", "--protocol", "prepared", "--jobs", "2", "--client", &clients.to_string()])
            .args(["--time", &seconds, "--file"])
            .arg(self.scripts.join(script.name()))
            .arg(self.cluster.url());
        complete("pgbench", &mut command, length + GRACE).await
    }

    /// Proves that nothing was lost or made; answers the number of transfers.
    pub(super) async fn audit(&self) -> Fallible<u64> {
        let told = self.ask(AUDIT).await?;
        match told.trim().split_once('|') {
            Some(("t", transfers)) => Ok(transfers.parse()?),
            _ => Err(format!("the plain tables do not sum to zero: {told}").into()),
        }
    }
}
