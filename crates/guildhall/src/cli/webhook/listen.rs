//! `guildhall webhooks listen`: events as they happen, forwarded to an address on the developer's machine.
//!
//! It looks into the store every second, so it works beside a server that runs in another process, and writes nothing.

use super::shown::{BAD, FAINT, GOOD, plain};
use super::{Place, open, parse, read_event, told};
use anstream::println;
use clap::Args;
use guildhall_app::Guildhall;
use guildhall_app::clock::Random;
use guildhall_app::webhook::{self, Happened, Tested};
use guildhall_core::ids::{CompanyId, WebhookEventId};
use guildhall_core::moment::rfc3339;
use guildhall_core::webhook::{ApiVersion, Event};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often it looks for new events.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How much later than another an event that happened before it may be committed, in milliseconds.
const LATEST_MS: i64 = 60_000;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Where to, e.g. http://localhost:3000/api/webhooks.
    url: String,
    /// Only these, e.g. membership_went_valid,payment_succeeded.
    #[arg(long, value_name = "EVENTS", value_delimiter = ',')]
    events: Vec<String>,
    /// Only what happens in this company.
    #[arg(long, value_name = "COMPANY")]
    company: Option<String>,
    /// In which form: v5 or v1.
    #[arg(long, value_name = "VERSION", default_value = "v5")]
    api_version: String,
    /// What to sign with [default: a new secret, which is shown].
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
}

impl Arguments {
    pub(super) async fn run(self) -> Result<(), String> {
        let events: Vec<Event> = self.events.iter().map(|word| read_event(word)).collect::<Result<_, _>>()?;
        let company = self.company.as_deref().map(parse::<CompanyId>).transpose()?;
        let version = ApiVersion::parse(&self.api_version).map_err(|error| error.to_string())?;
        webhook::check_own_url(&self.url).map_err(told)?;
        let hall = open(&self.place).await?;
        let secret = self.secret.unwrap_or_else(|| webhook::fresh_secret(&Random::System));
        println!("Forwarding events to {} (version {}).", self.url, version.as_str());
        println!("They are signed with the secret {secret}");
        println!("Ctrl-C ends it.\n");
        let listener = Listener { hall, url: self.url, events, company, version, secret };
        tokio::select! {
            broken = listener.listen() => broken,
            _ = tokio::signal::ctrl_c() => Ok(()),
        }
    }
}

struct Listener {
    hall: Guildhall,
    url: String,
    events: Vec<Event>,
    company: Option<CompanyId>,
    version: ApiVersion,
    secret: String,
}

impl Listener {
    /// Forwards what happens from now on, in order, until the store breaks.
    async fn listen(&self) -> Result<(), String> {
        let began = self.hall.now_ms();
        // What was seen, with when it happened: events are looked for again for as long as a late one may come.
        let mut seen: BTreeMap<WebhookEventId, i64> = BTreeMap::new();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            looks.tick().await;
            let since = began.max(self.hall.now_ms() - LATEST_MS);
            seen.retain(|_, at| *at >= since);
            let mut from = since;
            loop {
                let page = webhook::happened_since(&self.hall, from).await.map_err(told)?;
                let fresh: Vec<&Happened> = page.iter().filter(|one| !seen.contains_key(one.id())).collect();
                for one in &fresh {
                    if self.wants(one) {
                        self.forward(one).await?;
                    }
                }
                let is_last = fresh.is_empty() || page.len() < webhook::MOST_HAPPENED;
                seen.extend(fresh.into_iter().map(|one| (one.id().clone(), one.at())));
                match page.last() {
                    Some(last) if !is_last => from = last.at(),
                    _ => break,
                }
            }
        }
    }

    fn wants(&self, happened: &Happened) -> bool {
        let event = happened.event();
        let is_wanted = self.events.is_empty() || self.events.iter().any(|wanted| wanted.plain() == event);
        is_wanted && self.company.as_ref().is_none_or(|company| company == happened.company())
    }

    async fn forward(&self, happened: &Happened) -> Result<(), String> {
        let began = self.hall.now_ms();
        let forwarding = webhook::forward(&self.hall, happened, &self.url, self.version, &self.secret);
        let answer = forwarding.await.map_err(told)?;
        let took = self.hall.now_ms() - began;
        println!("{}", line(began, happened, &answer, took));
        Ok(())
    }
}

/// One event and its answer.
fn line(at: i64, happened: &Happened, answer: &Tested, took_ms: i64) -> String {
    let (clock, event) = (&rfc3339(at)[11..19], happened.event().action());
    let (mark, style) = if answer.success { ("✓", GOOD) } else { ("✗", BAD) };
    let text = answer.body.as_str().map_or_else(|| answer.body.to_string(), str::to_owned);
    let said = match answer.status {
        0 => "no answer".to_owned(),
        status => format!("{status} in {took_ms} ms"),
    };
    let line = format!(
        "{FAINT}{clock}{FAINT:#}  {style}{mark}{style:#} {event:<39}  {FAINT}{}{FAINT:#}  {style}{said}{style:#}",
        happened.id()
    );
    // What a receiver says when it refuses is what its developer looks for.
    match plain(&text) {
        text if answer.success || text.trim().is_empty() => line,
        text => format!("{line}\n            {FAINT}{text}{FAINT:#}"),
    }
}
