//! `guildhall clock …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::{Guildhall, world_time};
use guildhall_core::moment::rfc3339;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Move the clock of a development world on, and do everything that falls due on the way, in order: renewals,
    /// retries, releases, due dates, webhooks. Works beside a running server.
    Advance {
        /// How far, such as 30d, 12h, "1month 2days".
        #[arg(value_parser = duration)]
        by: Duration,
        #[command(flatten)]
        place: Place,
    },
    /// Say what time it is.
    Show {
        #[command(flatten)]
        place: Place,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("\"{text}\" is no time: write it like 30d or 12h"))
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::Advance { by, place } => advance(&open(&place).await?, by).await,
            Self::Show { place } => show(&open(&place).await?).await,
        }
    }
}

async fn open(place: &Place) -> Result<Guildhall, String> {
    let mut config = place.load(&[])?;
    // As in the demo world itself, which is the only one whose clock is moved.
    config.allow_private_webhooks.get_or_insert(true);
    let origin = serve::expected_origin(&config);
    serve::open_hall(&config, &origin, Clock::system(), Random::System).await
}

async fn advance(hall: &Guildhall, by: Duration) -> Result<ExitCode, String> {
    let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
    let advanced = world_time::advance(hall, by_ms).await.map_err(|error| error.told())?;
    world_time::be_seen().await;
    println!("It was {}.", rfc3339(advanced.from));
    println!("It is  {}.", rfc3339(advanced.to));
    match (advanced.stops, advanced.jobs) {
        (0, 0) => println!("Nothing fell due."),
        (stops, jobs) => println!("Something fell due at {stops} moments; {jobs} jobs were tried."),
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(hall: &Guildhall) -> Result<ExitCode, String> {
    let is_development = world_time::is_development(hall).await.map_err(|error| error.told())?;
    println!("It is {}.", rfc3339(hall.now_ms()));
    if is_development {
        println!("This is a world for development: `guildhall clock advance 30d` moves its clock on.");
    }
    Ok(ExitCode::SUCCESS)
}
