//! What the commands say to a server, and what it answers.

use super::commands::{Card, Commands};
use super::hall::Hall;
use super::scene::Scene;
use crate::Fallible;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::time::Duration;

/// How long an answer may take. A server that was killed breaks the connection at once.
const PATIENCE: Duration = Duration::from_secs(120);
const TRANSFER: &str = "mutation($input: TransferFundsInput!) { transferFunds(input: $input) }";

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    Done,
    /// There was nothing left of what it asked for.
    Refused,
    /// The server was gone before it answered.
    Gone,
}

/// One who sends commands, with the cookie of one visitor.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    key: String,
    cookie: String,
    form_token: String,
}

/// A purchase as it is sent.
#[derive(Debug)]
pub(super) struct Order<'a> {
    pub(super) plan: &'a str,
    pub(super) session: String,
    pub(super) email: String,
    /// Where its buyer is.
    pub(super) place: Ipv4Addr,
    pub(super) card: Card,
    pub(super) promo: Option<&'a str>,
    pub(super) seen_minor: i64,
}

impl Client {
    /// Looks at a page with a form, as a visitor does who will send it.
    pub(super) async fn visit(hall: &Hall, key: &str, page: &str) -> Fallible<Self> {
        let http = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).build()?;
        let answer = http.get(format!("{}{page}", hall.origin(0))).send().await?.error_for_status()?;
        let cookies = answer.headers().get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs: Vec<&str> = cookies.filter_map(|cookie| cookie.split(';').next()).collect();
        let cookie = pairs.join("; ");
        let text = answer.text().await?;
        let token = between(&text, "name=\"csrf\" value=\"", "\"").ok_or("the page has no form")?;
        Ok(Self { http, key: key.to_owned(), cookie, form_token: token.to_owned() })
    }

    /// Runs a document; an error when the server refuses it or does not answer.
    pub(super) async fn ask(&self, origin: &str, query: &str, variables: Value) -> Fallible<Value> {
        match self.send(origin, query, &variables).await? {
            Some(answer) if answer.get("errors").is_none() => Ok(answer["data"].clone()),
            answer => Err(format!("refused: {answer:?}").into()),
        }
    }

    /// `None` when the server was gone before its answer was complete.
    async fn send(&self, origin: &str, query: &str, variables: &Value) -> Fallible<Option<Value>> {
        let request = self.http.post(format!("{origin}/public-graphql")).bearer_auth(&self.key);
        let answer = request.json(&json!({"query": query, "variables": variables})).send().await;
        let Ok(answer) = answer else { return Ok(None) };
        let status = answer.status();
        let Ok(text) = answer.text().await else { return Ok(None) };
        match serde_json::from_str(&text) {
            Ok(value) if status.is_success() => Ok(Some(value)),
            _ => Err(format!("answered {status}: {text}").into()),
        }
    }

    /// Transfers money under a key, which its entry names as well.
    pub(super) async fn transfer(
        &self,
        origin: &str,
        (from, to): (&str, &str),
        amount_minor: i64,
        key: &str,
    ) -> Fallible<Answer> {
        let input = json!({
            "amount": major(amount_minor),
            "currency": "usd",
            "ledgerAccountId": from,
            "destinationId": to,
            "idempotenceKey": key,
            "notes": key,
        });
        let Some(answer) = self.send(origin, TRANSFER, &json!({"input": input})).await? else {
            return Ok(Answer::Gone);
        };
        match answer["errors"][0]["message"].as_str() {
            None if answer["data"]["transferFunds"] == json!(true) => Ok(Answer::Done),
            Some(message) if message.contains("does not hold enough") => Ok(Answer::Refused),
            _ => Err(format!("the transfer {key} was answered {answer}").into()),
        }
    }

    /// Sends the form of a checkout.
    pub(super) async fn order(&self, origin: &str, order: &Order<'_>) -> Fallible<Answer> {
        let seen = order.seen_minor.to_string();
        let fields = [
            ("csrf", self.form_token.as_str()),
            ("session", &order.session),
            ("seen", &seen),
            ("quantity", "1"),
            ("email", &order.email),
            ("method", "card"),
            ("card_number", order.card.number()),
            ("card_expiry", "12/34"),
            ("card_code", "123"),
            ("promo", order.promo.unwrap_or_default()),
        ];
        let request = self.http.post(format!("{origin}/checkout/{}", order.plan));
        let request = request.header(COOKIE, &self.cookie).header("x-forwarded-for", order.place.to_string());
        let Ok(answer) = request.form(&fields).send().await else { return Ok(Answer::Gone) };
        let (status, leads_to) = (answer.status().as_u16(), answer.headers().get(LOCATION).cloned());
        let Ok(text) = answer.text().await else { return Ok(Answer::Gone) };
        let place = format!("/checkout/{}", order.session);
        if status == 303 && leads_to.is_some_and(|leads_to| leads_to.as_bytes() == place.as_bytes()) {
            return Ok(Answer::Done);
        }
        if text.contains("used up") && order.promo.is_some() {
            return Ok(Answer::Refused);
        }
        let said = between(&text, "role=\"alert\"", "</").unwrap_or(&text);
        Err(format!("the order {} was answered {status}: {said}", order.session).into())
    }

    /// The payment of a checkout that is paid; `None` when it is not.
    pub(super) async fn payment_of(&self, origin: &str, session: &str) -> Fallible<Option<String>> {
        let request = self.http.get(format!("{origin}/checkout/{session}")).header(COOKIE, &self.cookie);
        let text = request.send().await?.text().await?;
        let is_paid = text.contains("<h1>Paid</h1>");
        Ok(between(&text, "Payment <code>", "</code>").filter(|_| is_paid).map(str::to_owned))
    }

    /// How many memberships of a plan there are that count.
    pub(super) async fn memberships(&self, origin: &str, company: &str, plan: &str) -> Fallible<u64> {
        let query = "query($company: ID!, $plan: ID!) { company(id: $company) {
          memberships(first: 1, filters: {planIds: [$plan], membershipStatus: active}) { totalCount } } }";
        let found = self.ask(origin, query, json!({"company": company, "plan": plan})).await?;
        let count = found["company"]["memberships"]["totalCount"].as_u64();
        count.ok_or_else(|| format!("no count of memberships: {found}").into())
    }
}

/// The buyer of a purchase, who buys nothing else.
pub(super) fn buyer(commands: &Commands, index: usize) -> String {
    format!("{}@example.com", commands.key(index))
}

/// Where the buyer of a purchase is: each somewhere else, as buyers are, so that no throttle takes them for one.
fn place(index: usize) -> Ipv4Addr {
    let [.., a, b, c] = index.to_be_bytes();
    Ipv4Addr::new(10, a, b, c)
}

/// The order of a purchase.
pub(super) fn order<'a>(
    scene: &'a Scene,
    commands: &Commands,
    index: usize,
    (plan, card, promo): (usize, Card, Option<usize>),
) -> Order<'a> {
    let off = if promo.is_some() { super::commands::OFF_MINOR } else { 0 };
    Order {
        plan: &scene.plans[plan],
        session: commands.session(index),
        email: buyer(commands, index),
        place: place(index),
        card,
        promo: promo.map(|code| scene.promo_codes[code].as_str()),
        seen_minor: super::commands::PRICES_MINOR[plan] - off,
    }
}

/// Cents as the wire has them.
pub(super) fn major(minor: i64) -> Value {
    let text = format!("{}.{:02}", minor / 100, minor % 100);
    serde_json::from_str(&text).expect("a number")
}

/// What stands between two texts.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = &text[text.find(before)? + before.len()..];
    Some(&rest[..rest.find(after)?])
}
