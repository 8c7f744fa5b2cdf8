//! `guildhall raffle …`

use super::Place;
use crate::serve;
use clap::{Args, Subcommand};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::raffle::{self, NewRaffle};
use guildhall_core::ids::{Id, PlanId};
use guildhall_core::moment::{self, minute};
use guildhall_core::plan::PlanRequest;
use guildhall_core::raffle::{Draw, Version, verify};
use guildhall_core::waitlist::EntryRules;
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

/// The largest draw that is read, in bytes (64 MiB): a hundred thousand entries take a few.
const LARGEST_DRAW: u64 = 64 * 1024 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Open a raffle: a plan of an access pass whose entries are drawn. Prints its commitment.
    Open(Box<Opening>),
    /// Show what is public of a raffle.
    Show {
        #[command(flatten)]
        place: Place,
        /// Which plan, plan_….
        plan: String,
    },
    /// Compute a published draw again, on any machine and without a hall. Ends with 1 when it does not hold.
    Verify {
        /// The draw as JSON, as /raffles/<plan>/draw.json has it; - reads it from the input.
        file: String,
        /// The commitment as it was published when the raffle opened.
        #[arg(long, value_name = "HEX")]
        commitment: Option<String>,
        /// The digest of the entries as it was published when they were closed.
        #[arg(long, value_name = "HEX")]
        digest: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(super) struct Opening {
    #[command(flatten)]
    place: Place,
    /// What is raffled off, prod_….
    access_pass: String,
    /// How many entries win.
    #[arg(long, value_name = "NUMBER")]
    places: i64,
    /// Until when entries are taken, in UTC, e.g. 2030-05-01T18:00Z.
    #[arg(long, value_name = "MOMENT")]
    ends: String,
    /// From when on, the same way [default: now].
    #[arg(long, value_name = "MOMENT")]
    starts: Option<String>,
    /// What a winner pays, once [default: nothing].
    #[arg(long, value_name = "AMOUNT")]
    price: Option<f64>,
    /// In which currency [default: usd].
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// What it is called [default: as its access pass].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How many may enter [default: 100000].
    #[arg(long, value_name = "NUMBER")]
    most_entries: Option<i64>,
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::Open(opening) => open(*opening).await,
            Self::Show { place, plan } => show(&place, &plan).await,
            Self::Verify { file, commitment, digest } => {
                check(&file, commitment.as_deref(), digest.as_deref())
            }
        }
    }
}

fn moment_of(text: &str) -> Result<i64, String> {
    moment::parse(text).ok_or_else(|| format!("`{text}` is no moment; they look like 2030-05-01T18:00Z"))
}

fn parse<T: Id>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: guildhall_app::Error) -> String {
    error.told()
}

async fn open(opening: Opening) -> Result<ExitCode, String> {
    let new = NewRaffle {
        access_pass: parse(&opening.access_pass)?,
        price: PlanRequest {
            initial_price: opening.price,
            base_currency: opening.currency,
            stock: Some(opening.places),
            ..PlanRequest::default()
        },
        name: opening.name,
        rules: EntryRules {
            starts_at: opening.starts.as_deref().map(moment_of).transpose()?,
            expires_at: Some(moment_of(&opening.ends)?),
            most_entries: opening.most_entries,
        },
    };
    let config = opening.place.load(&[])?;
    let origin = serve::expected_origin(&config);
    let hall = serve::open_hall(&config, &origin, Clock::system(), Random::System).await?;
    let plan = raffle::open_as_operator(&hall, new).await.map_err(told)?;
    let opened = raffle::find(&hall, plan.clone()).await.map_err(told)?;
    println!("plan        {plan}");
    println!("commitment  {}", opened.commitment);
    println!("page        {origin}/raffles/{plan}");
    Ok(ExitCode::SUCCESS)
}

async fn show(place: &Place, plan: &str) -> Result<ExitCode, String> {
    let plan: PlanId = parse(plan)?;
    let config = place.load(&[])?;
    let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
    let found = raffle::find(&hall, plan.clone()).await.map_err(told)?;
    println!("plan        {}", found.plan);
    println!("places      {}", found.places);
    println!("commitment  {}", found.commitment);
    println!("closed      {}", found.closed_at.map_or("not yet".into(), minute));
    println!("digest      {}", found.entries_digest.as_deref().unwrap_or("when entries are closed"));
    println!("drawn       {}", found.drawn_at.map_or("not yet".into(), minute));
    if let Some(draw) = raffle::published(&hall, plan).await.map_err(told)? {
        println!("{draw}");
    }
    Ok(ExitCode::SUCCESS)
}

fn check(file: &str, commitment: Option<&str>, digest: Option<&str>) -> Result<ExitCode, String> {
    let text = read(file)?;
    let draw: Draw =
        serde_json::from_str(&text).map_err(|error| format!("{file} is not a published draw: {error}"))?;
    let version = match verify(&draw, commitment, digest) {
        Ok(version) => version,
        Err(why) => {
            println!("The draw does NOT hold. {why}");
            return Ok(ExitCode::FAILURE);
        }
    };
    println!("The draw holds: {} of {} entries won.", draw.winners.len(), draw.entries.len());
    println!("{}", in_words(version));
    for (number, winner) in (1..).zip(&draw.winners) {
        println!("{number:>6}  {winner}");
    }
    if commitment.is_none() {
        println!("Give --commitment as you kept it before the draw, so that no other seed could pass.");
    }
    if digest.is_none() {
        println!("Give --digest as you kept it before the draw, so that no other entries could pass.");
    }
    Ok(ExitCode::SUCCESS)
}

/// What the digest of a draw shows.
fn in_words(version: Version) -> String {
    let number = version.number();
    match version.holds_places() {
        true => format!(
            "Its digest is of version {number}: it shows that neither the entries nor how many win was changed."
        ),
        false => format!(
            "Its digest is of version {number}, as earlier servers published it: it shows that the entries were not changed, \
             and does NOT show that as many won as were to win when they were closed."
        ),
    }
}

fn read(file: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = match file {
        "-" => std::io::stdin().take(LARGEST_DRAW + 1).read_to_string(&mut text),
        path => std::fs::File::open(Path::new(path))
            .and_then(|file| file.take(LARGEST_DRAW + 1).read_to_string(&mut text)),
    };
    let length = read.map_err(|error| format!("cannot read {file}: {error}"))?;
    if u64::try_from(length).is_ok_and(|length| length > LARGEST_DRAW) {
        return Err(format!("{file} is larger than {LARGEST_DRAW} bytes, and so no draw"));
    }
    Ok(text)
}
