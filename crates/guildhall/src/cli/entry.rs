//! `guildhall entries …`

use super::Place;
use crate::serve;
use clap::{Subcommand, ValueEnum};
use guildhall_app::Guildhall;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::entry::{self, Decided, Entry, EntryFilter, Notice};
use guildhall_app::page::Part;
use guildhall_core::ids::{EntryId, Id};
use guildhall_core::moment::minute;
use guildhall_core::waitlist::EntryStatus;
use std::process::ExitCode;

/// The longest name that a line shows, in characters.
const LONGEST_NAME: usize = 30;

/// Where an entry stands.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Status {
    Pending,
    Approved,
    Denied,
}

impl From<Status> for EntryStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Approved => Self::Approved,
            Status::Denied => Self::Denied,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show who waits for a company's plans, oldest entries first.
    List {
        #[command(flatten)]
        place: Place,
        /// Whose, biz_….
        company: String,
        /// Those for one plan, plan_….
        #[arg(long, value_name = "PLAN")]
        plan: Option<String>,
        /// Those that stand so.
        #[arg(long, value_name = "STATUS")]
        status: Option<Status>,
        /// Those after this one, entry_….
        #[arg(long, value_name = "ENTRY")]
        after: Option<String>,
        /// The most entries to show, up to 1000.
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Approve an entry: its customer is sent a link to a checkout of a week.
    Approve {
        #[command(flatten)]
        place: Place,
        /// Where clients reach the server, when that is not the address it listens on.
        #[arg(long, value_name = "ORIGIN")]
        public_origin: Option<String>,
        /// Which entry, entry_….
        entry: String,
    },
    /// Deny an entry: its customer is told.
    Deny {
        #[command(flatten)]
        place: Place,
        /// Where clients reach the server, when that is not the address it listens on.
        #[arg(long, value_name = "ORIGIN")]
        public_origin: Option<String>,
        /// Which entry, entry_….
        entry: String,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { place, company, plan, status, after, limit } => {
                let filter = EntryFilter {
                    plans: plan.as_deref().map(parse).transpose()?.into_iter().collect(),
                    statuses: status.map(Into::into).into_iter().collect(),
                    ..EntryFilter::default()
                };
                let after = after.as_deref().map(parse).transpose()?;
                let part = Part { after, ..Part::first(usize::from(limit)) };
                let (hall, company) = (open(&place, None).await?, parse(&company)?);
                let page = entry::list_as_operator(&hall, company, filter, part).await.map_err(told)?;
                list(&page.nodes, page.total);
            }
            Self::Approve { place, public_origin, entry } => {
                decide(&place, public_origin, &entry, EntryStatus::Approved).await?;
            }
            Self::Deny { place, public_origin, entry } => {
                decide(&place, public_origin, &entry, EntryStatus::Denied).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn open(place: &Place, public_origin: Option<String>) -> Result<Guildhall, String> {
    let config = place.load(&[("public_origin", public_origin)])?;
    let origin = serve::expected_origin(&config);
    serve::open_hall(&config, &origin, Clock::system(), Random::System).await
}

fn parse<T: Id>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: guildhall_app::Error) -> String {
    error.told()
}

async fn decide(
    place: &Place,
    public_origin: Option<String>,
    entry: &str,
    decision: EntryStatus,
) -> Result<(), String> {
    let (hall, entry): (_, EntryId) = (open(place, public_origin).await?, parse(entry)?);
    let decided = entry::decide_as_operator(&hall, entry, decision).await.map_err(told)?;
    let Decided { entry, notice } = decided;
    println!("The entry {} of {} is {}.", entry.id, entry.user.username, entry.status.as_str());
    if notice == Notice::Before {
        println!("Nothing was sent: it was so before.");
    }
    Ok(())
}

fn list(entries: &[Entry], total: i64) {
    if entries.is_empty() {
        println!("There is no entry.");
        return;
    }
    println!("{:<28}  {:<8}  {:<20}  {:<30}  ENTERED", "ENTRY", "STATUS", "USER", "FOR");
    for entry in entries {
        let shown: String = entry.plan_title.chars().filter(|c| !c.is_control()).take(LONGEST_NAME).collect();
        println!(
            "{:<28}  {:<8}  {:<20}  {shown:<30}  {}",
            entry.id.as_str(),
            entry.status.as_str(),
            entry.user.username,
            minute(entry.created_at)
        );
    }
    println!("\n{} of {total} shown.", entries.len());
}
