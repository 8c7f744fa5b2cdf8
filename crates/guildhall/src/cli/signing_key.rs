//! `guildhall keys …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::signing_key::{self, KeyListing};
use guildhall_core::signing_key::Rotation;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the keys that sign user tokens, and what each does now.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Make the next key. It is published at once and signs an hour later; the present one stays published
    /// until the last of its tokens has ended.
    Rotate {
        #[command(flatten)]
        place: Place,
        /// For a key that leaked: the new key signs at once, and every token of the others ends. A running server
        /// hears of it within five seconds.
        #[arg(long)]
        at_once: bool,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let (Self::List { place } | Self::Rotate { place, .. }) = &self;
        let config = place.load(&[])?;
        let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
        let told = |error: guildhall_app::Error| error.to_string();
        let keys = match self {
            Self::List { .. } => signing_key::list(&hall).await.map_err(told)?,
            Self::Rotate { at_once, .. } => {
                let rotation = if at_once { Rotation::AtOnce } else { Rotation::Gentle };
                signing_key::rotate(&hall, rotation).await.map_err(told)?
            }
        };
        if keys.is_empty() {
            println!("There is no key yet: the first one is made with the first token.");
        }
        for key in &keys {
            println!("{}", line(key, hall.now_ms()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn line(key: &KeyListing, now_ms: i64) -> String {
    let retires = key.period.retires_at_ms.map(|at| format!(", retires {}", moment(at, now_ms)));
    format!(
        "{}  {:<7}  made {}, signs from {}{}",
        key.kid,
        key.phase.as_str(),
        moment(key.created_at_ms, now_ms),
        moment(key.period.signs_from_ms, now_ms),
        retires.unwrap_or_default()
    )
}

/// How far away a moment is, to the nearest minute.
fn moment(at_ms: i64, now_ms: i64) -> String {
    match (at_ms - now_ms + 30_000).div_euclid(60_000) {
        0 => "now".into(),
        minutes if minutes > 0 => format!("in {minutes} min"),
        minutes => format!("{} min ago", -minutes),
    }
}
