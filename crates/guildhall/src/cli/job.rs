//! `guildhall jobs …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::jobs::{self, Shown, Standing};
use guildhall_core::ids::{Id, JobId};
use std::process::ExitCode;

/// The longest reason that a line shows, in characters.
const LONGEST_REASON: usize = 100;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the jobs: those that are due first, the dead last.
    List {
        #[command(flatten)]
        place: Place,
        /// Only those that were given up.
        #[arg(long)]
        dead: bool,
        /// The most jobs to show, up to 1000.
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Try a job now: a dead one from its first try on, a resting one without further rest.
    Retry {
        #[command(flatten)]
        place: Place,
        /// Which, job_….
        #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
        job: Option<String>,
        /// Every job that was given up.
        #[arg(long)]
        all_dead: bool,
    },
    /// Remove a job for good: it is not done.
    Discard {
        #[command(flatten)]
        place: Place,
        /// Which, job_….
        job: String,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { place, dead, limit } => list(&place, dead, limit).await?,
            Self::Retry { place, job: Some(job), .. } => {
                let id = parse(&job)?;
                jobs::retry(&open(&place).await?, id.clone()).await.map_err(told)?;
                println!("The job {id} is due now.");
            }
            Self::Retry { place, job: None, .. } => {
                let revived = jobs::retry_all_dead(&open(&place).await?).await.map_err(told)?;
                println!("{} due now.", counted(revived, "dead job is", "dead jobs are"));
            }
            Self::Discard { place, job } => {
                let id = parse(&job)?;
                jobs::discard(&open(&place).await?, id.clone()).await.map_err(told)?;
                println!("The job {id} is discarded.");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn open(place: &Place) -> Result<guildhall_app::Guildhall, String> {
    let config = place.load(&[])?;
    serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await
}

fn parse(text: &str) -> Result<JobId, String> {
    JobId::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: guildhall_app::Error) -> String {
    error.to_string()
}

async fn list(place: &Place, only_dead: bool, most: u16) -> Result<(), String> {
    let hall = open(place).await?;
    let count = jobs::count(&hall).await.map_err(told)?;
    let listed = jobs::list(&hall, only_dead, most).await.map_err(told)?;
    if !listed.is_empty() {
        println!(
            "{:<26}  {:<12}  {:<8}  {:<10}  {:>5}  WHY THE LAST TRY FAILED",
            "JOB", "KIND", "STATE", "DUE", "TRIES"
        );
    }
    let now = hall.now_ms();
    for job in &listed {
        println!("{}", line(job, now));
    }
    if !listed.is_empty() {
        println!();
    }
    let total = if only_dead { count.dead } else { count.waiting + count.dead };
    let [waiting, dead, total] = [count.waiting, count.dead, total].map(at_least);
    println!("{waiting} waiting, {dead} dead; {} of {total} shown.", listed.len());
    Ok(())
}

/// A count, which stops at the most that is counted.
fn at_least(count: i64) -> String {
    if count < jobs::MOST_COUNTED { count.to_string() } else { format!("{count} or more") }
}

fn line(job: &Shown, now: i64) -> String {
    let (state, due) = match job.standing {
        Standing::Waiting if job.due_at <= now => ("waiting", "now".to_owned()),
        Standing::Waiting => ("waiting", format!("in {}", span(job.due_at - now))),
        Standing::Behind => ("behind", "-".to_owned()),
        Standing::Running => ("running", "-".to_owned()),
        Standing::Dead => ("dead", "-".to_owned()),
    };
    let reason = job.last_error.as_deref().unwrap_or_default();
    let reason: String =
        reason.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST_REASON).collect();
    let line = format!(
        "{:<26}  {:<12}  {state:<8}  {due:<10}  {:>5}  {reason}",
        job.id.as_str(),
        job.kind,
        job.tries
    );
    line.trim_end().to_owned()
}

/// A span of time in the largest unit that fits.
pub(super) fn span(milliseconds: i64) -> String {
    let seconds = (milliseconds + 999) / 1000;
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

fn counted(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans() {
        let table = [(1, "1 s"), (5_000, "5 s"), (119_001, "2 min"), (120_000, "2 min"), (7_200_000, "2 h")];
        for (milliseconds, words) in table {
            assert_eq!(span(milliseconds), words);
        }
    }
}
