//! `guildhall webhooks …`

mod listen;
mod shown;

use super::Place;
use super::when::when;
use crate::{demo, serve};
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::webhook::{self, Origin, Replay};
use guildhall_app::{Error, Guildhall};
use guildhall_core::ids::{AppId, CompanyId, Id, WebhookDeliveryId, WebhookEventId, WebhookId};
use guildhall_core::webhook::Event;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show every webhook.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show what was sent, the newest first.
    Deliveries {
        #[command(flatten)]
        place: Place,
        /// Only to this webhook, hook_….
        #[arg(long, value_name = "WEBHOOK")]
        webhook: Option<String>,
        /// Only what was given up.
        #[arg(long)]
        failed: bool,
        /// The most deliveries to show, up to 1000.
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show one delivery with every try: when, how long, what was answered.
    Show {
        #[command(flatten)]
        place: Place,
        /// Which, dlv_….
        delivery: String,
    },
    /// Send again, under the same ids: a delivery, an event, a range of time, or all that was given up.
    Replay {
        #[command(flatten)]
        place: Place,
        /// A delivery (dlv_…), or an event (evt_…) to all who listen now.
        #[arg(required_unless_present_any = ["failed", "since"], conflicts_with_all = ["failed", "since", "until"])]
        id: Option<String>,
        /// All that was given up.
        #[arg(long, conflicts_with_all = ["since", "until"])]
        failed: bool,
        /// Every event since then: a span such as 90m, 2h or 7d, or a moment such as 2024-05-01T12:30Z.
        #[arg(long, value_name = "WHEN")]
        since: Option<String>,
        /// And before then [default: now].
        #[arg(long, value_name = "WHEN", requires = "since")]
        until: Option<String>,
    },
    /// Forward events to an address on your machine as they happen, signed, until Ctrl-C.
    Listen(listen::Arguments),
    /// Let a sample of an event happen, as if it were real to all who listen.
    Trigger {
        #[command(flatten)]
        place: Place,
        /// Which, e.g. membership_went_valid or payment.succeeded.
        event: String,
        /// The company it happens in [default: the demo world's, else the only one].
        #[arg(long, value_name = "COMPANY", conflicts_with = "app")]
        company: Option<String>,
        /// The app in whose company it happens.
        #[arg(long, value_name = "APP")]
        app: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { place } => shown::list(&open(&place).await?).await?,
            Self::Deliveries { place, webhook, failed, limit } => {
                let webhook = webhook.map(|id| parse::<WebhookId>(&id)).transpose()?;
                shown::deliveries(&open(&place).await?, webhook, failed, limit).await?;
            }
            Self::Show { place, delivery } => {
                let id = parse(&delivery)?;
                shown::story(&open(&place).await?, id).await?;
            }
            Self::Replay { place, id, since, until, .. } => {
                let hall = open(&place).await?;
                let what = chosen(id.as_deref(), since.as_deref(), until.as_deref(), hall.now_ms())?;
                shown::replayed(webhook::replay(&hall, what).await.map_err(told)?);
            }
            Self::Listen(arguments) => arguments.run().await?,
            Self::Trigger { place, event, company, app } => {
                let event = read_event(&event)?;
                let origin = match (company, app) {
                    (Some(company), _) => Origin::Company(parse::<CompanyId>(&company)?),
                    (None, Some(app)) => Origin::App(parse::<AppId>(&app)?),
                    (None, None) => usual_company(&place)?,
                };
                let hall = open(&place).await?;
                let (id, company) = webhook::trigger(&hall, origin, event).await.map_err(told)?;
                println!("{} happened in {company} as {id}.", event.plain().action());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The company of the demo world in this data directory, or else the only one.
fn usual_company(place: &Place) -> Result<Origin, String> {
    let demo = demo::told(&place.load(&[])?.data_dir, "NEXT_PUBLIC_WHOP_COMPANY_ID");
    demo.map_or(Ok(Origin::OnlyCompany), |company| Ok(Origin::Company(parse(&company)?)))
}

async fn open(place: &Place) -> Result<Guildhall, String> {
    let config = place.load(&[])?;
    serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await
}

fn parse<T: Id>(text: &str) -> Result<T, String> {
    T::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: Error) -> String {
    error.to_string()
}

fn read_event(word: &str) -> Result<Event, String> {
    Event::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Event::ALL.iter().map(|event| event.as_str()).collect();
        format!("there is no event \"{word}\" (there are: {})", known.join(", "))
    })
}

/// What a replay is of.
fn chosen(id: Option<&str>, since: Option<&str>, until: Option<&str>, now: i64) -> Result<Replay, String> {
    match (id, since) {
        (Some(id), _) if id.starts_with(WebhookEventId::PREFIX) => Ok(Replay::Event(parse(id)?)),
        (Some(id), _) => Ok(Replay::Delivery(parse::<WebhookDeliveryId>(id)?)),
        (None, Some(since)) => {
            let until = until.map(|until| when(until, now)).transpose()?;
            Ok(Replay::Range { since: when(since, now)?, until: until.unwrap_or(now.saturating_add(1)) })
        }
        (None, None) => Ok(Replay::Failed),
    }
}
