//! `guildhall payouts …`

use super::Place;
use crate::serve;
use clap::{Args, Subcommand};
use guildhall_app::Guildhall;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::payout::operator::{self, Listed};
use guildhall_app::payout::{Owner, Payout};
use guildhall_core::ids::{Id, PayoutId};
use guildhall_core::moment::{day, rfc3339};
use guildhall_core::money::in_words;
use guildhall_core::payout::PayoutStatus;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show payouts, oldest first: those that wait to be sent and those on their way, or those of one status.
    List {
        #[command(flatten)]
        place: Place,
        /// Those of this status: requested, in_transit, completed, failed, canceled or denied.
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// Those after this one, wdrl_….
        #[arg(long, value_name = "PAYOUT")]
        after: Option<String>,
        /// The most payouts to show, up to 1000.
        #[arg(long, value_name = "NUMBER", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Show a payout, and where its money is to go.
    Show {
        #[command(flatten)]
        place: Place,
        /// Which, wdrl_….
        payout: String,
    },
    /// Mark a payout as sent, before the money is given to the bank: its holder cannot take it back any more.
    Send {
        #[command(flatten)]
        step: Step,
        /// What the bank calls it.
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
    },
    /// Mark a payout that was sent as arrived. Its holder is written to.
    Complete {
        #[command(flatten)]
        step: Step,
        /// What the bank calls it.
        #[arg(long, value_name = "TEXT")]
        reference: Option<String>,
    },
    /// Mark a payout as failed: the money and its fee go back, and its holder is written to.
    Fail {
        #[command(flatten)]
        step: Step,
        /// Why, in words for its holder.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Refuse a payout that was not sent: the money and its fee go back, and its holder is written to.
    Deny {
        #[command(flatten)]
        step: Step,
        /// Why, in words for its holder.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// A step of one payout.
#[derive(Debug, Args)]
pub(super) struct Step {
    #[command(flatten)]
    place: Place,
    /// Where clients reach the server, when that is not the address it listens on; letters link there.
    #[arg(long, value_name = "ORIGIN")]
    public_origin: Option<String>,
    /// Which, wdrl_….
    payout: String,
}

impl Step {
    async fn open(self) -> Result<(Guildhall, PayoutId), String> {
        let id = parse(&self.payout)?;
        Ok((open(&self.place, self.public_origin).await?, id))
    }
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { place, status, after, limit } => {
                let status = status.as_deref().map(parse_status).transpose()?;
                let after = after.as_deref().map(parse).transpose()?;
                let hall = open(&place, None).await?;
                list(&operator::list(&hall, status, after, limit).await.map_err(told)?);
            }
            Self::Show { place, payout } => {
                let id = parse(&payout)?;
                show(&operator::show(&open(&place, None).await?, id).await.map_err(told)?);
            }
            Self::Send { step, reference } => {
                let (hall, id) = step.open().await?;
                say(&operator::send(&hall, id, reference).await.map_err(told)?);
            }
            Self::Complete { step, reference } => {
                let (hall, id) = step.open().await?;
                say(&operator::complete(&hall, id, reference).await.map_err(told)?);
            }
            Self::Fail { step, reason } => {
                let (hall, id) = step.open().await?;
                say(&operator::fail(&hall, id, &reason).await.map_err(told)?);
            }
            Self::Deny { step, reason } => {
                let (hall, id) = step.open().await?;
                say(&operator::deny(&hall, id, &reason).await.map_err(told)?);
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

fn parse(text: &str) -> Result<PayoutId, String> {
    PayoutId::parse(text).map_err(|error| error.to_string())
}

fn parse_status(word: &str) -> Result<PayoutStatus, String> {
    PayoutStatus::from_word(word).ok_or_else(|| {
        let words: Vec<&str> = PayoutStatus::ALL.iter().map(|status| status.as_str()).collect();
        format!("`{word}` is no status of a payout: those are {}", words.join(", "))
    })
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: guildhall_app::Error) -> String {
    error.told()
}

fn list(listed: &[Listed]) {
    if listed.is_empty() {
        println!("There is no such payout.");
        return;
    }
    println!(
        "{:<27}  {:<10}  {:<10}  {:>18}  {:>15}  WHOSE",
        "PAYOUT", "STATUS", "ASKED FOR", "AMOUNT", "FEE"
    );
    for Listed { payout, owner_name, .. } in listed {
        println!(
            "{:<27}  {:<10}  {:<10}  {:>18}  {:>15}  {}",
            payout.id.as_str(),
            payout.status.as_str(),
            day(payout.created_at),
            in_words(payout.amount_minor, payout.currency),
            in_words(payout.fee_minor, payout.currency),
            whose(payout, owner_name)
        );
    }
}

fn whose(payout: &Payout, owner_name: &str) -> String {
    match payout.owner {
        Owner::Company(_) => format!("company {owner_name}"),
        Owner::User(_) => format!("@{owner_name}"),
    }
}

fn show(Listed { payout, owner_name, asker_name }: &Listed) {
    let line = |name: &str, value: &str| println!("{name:<11}  {value}");
    line("payout", payout.id.as_str());
    line("status", payout.status.as_str());
    line("amount", &in_words(payout.amount_minor, payout.currency));
    line("fee", &in_words(payout.fee_minor, payout.currency));
    line("whose", &format!("{} ({})", whose(payout, owner_name), payout.owner.as_str()));
    line("asked by", &format!("@{asker_name} ({})", payout.requested_by));
    line("asked for", &rfc3339(payout.created_at));
    if let Some(at) = payout.sent_at {
        line("sent", &rfc3339(at));
    }
    if let Some(at) = payout.ended_at {
        line("ended", &rfc3339(at));
    }
    if let Some(reference) = &payout.reference {
        line("reference", &reference.replace('\n', " "));
    }
    if let Some(reason) = &payout.failure_message {
        line("reason", &reason.replace('\n', " "));
    }
    line("method", payout.method.as_str());
    for (place, text) in payout.destination.lines().enumerate() {
        line(if place == 0 { "destination" } else { "" }, text);
    }
}

fn say(payout: &Payout) {
    let Payout { id, amount_minor, currency, .. } = payout;
    let amount = in_words(*amount_minor, *currency);
    match payout.status {
        PayoutStatus::InTransit => println!("The payout {id} of {amount} is on its way."),
        PayoutStatus::Completed => println!("The payout {id} of {amount} is completed."),
        PayoutStatus::Requested => println!("The payout {id} of {amount} waits to be sent."),
        PayoutStatus::Failed | PayoutStatus::Canceled | PayoutStatus::Denied => {
            println!("The payout {id} of {amount} is {}; the money is back.", payout.status.as_str());
        }
    }
}
