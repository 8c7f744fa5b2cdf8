//! One operation sent over HTTP by many connections, to the server or, byte for byte the same, to the bare route.

use super::http::{Answer, Connection, find};
use super::load::{self, Measurement, Period};
use super::operation::{NUMBER_PLACE, Operation, Request};
use super::{Fallible, MESSAGE_TEXT};
use crate::demo_env::DemoEnv;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where a sender's number stands, which no other sender of this process has.
const SENDER_PLACE: &str = "@@@@@@@@";
static SENDERS: AtomicU32 = AtomicU32::new(1);

/// An operation with the variables and the key of one demo world.
#[derive(Debug)]
pub(super) struct Workload {
    operation: Operation,
    variables: Value,
    api_key: String,
}

impl Workload {
    /// Sends a message to the demo world's chat.
    pub(super) fn send_message(demo: &DemoEnv) -> Fallible<Self> {
        let variables = json!({
            "experienceId": demo.get("DEMO_CHAT_EXPERIENCE_ID")?,
            "message": format!("Message {NUMBER_PLACE}: {MESSAGE_TEXT}"),
        });
        Self::new("sendMessageToChat", variables, demo)
    }

    /// Asks whether the demo world's customer has access to its chat.
    pub(super) fn check_access(demo: &DemoEnv) -> Fallible<Self> {
        let variables = json!({
            "experienceId": demo.get("DEMO_CHAT_EXPERIENCE_ID")?,
            "userId": demo.get("DEMO_CUSTOMER_USER_ID")?,
        });
        Self::new("checkIfUserHasAccessToExperience", variables, demo)
    }

    /// Moves a cent from the company's account to the demo world's customer, each time under a key of its own.
    pub(super) fn transfer_funds(demo: &DemoEnv, account: &str) -> Fallible<Self> {
        let variables = json!({
            "input": {
                "amount": 0.01,
                "currency": "usd",
                "destinationId": demo.get("DEMO_CUSTOMER_USER_ID")?,
                "idempotenceKey": format!("{SENDER_PLACE}-{NUMBER_PLACE}"),
                "ledgerAccountId": account,
            },
        });
        Self::new("payUser", variables, demo)
    }

    fn new(operation: &str, variables: Value, demo: &DemoEnv) -> Fallible<Self> {
        let api_key = demo.get("WHOP_API_KEY")?.to_owned();
        Ok(Self { operation: Operation::named(operation)?, variables, api_key })
    }

    /// Opens the connections and runs one period over them.
    pub(super) async fn measure(
        &self,
        server: SocketAddr,
        connections: usize,
        period: Period,
    ) -> Fallible<Measurement> {
        let variables = self.variables.to_string();
        let mut senders = Vec::with_capacity(connections);
        for _ in 0..connections {
            let sender = format!("{:08}", SENDERS.fetch_add(1, Ordering::Relaxed));
            let variables: Value = serde_json::from_str(&variables.replace(SENDER_PLACE, &sender))?;
            let request = self.operation.request(server, &self.api_key, &variables);
            senders.push(HttpSender { connection: Connection::open(server).await?, request });
        }
        load::drive(senders, period).await
    }
}

struct HttpSender {
    connection: Connection,
    request: Request,
}

impl load::Sender for HttpSender {
    async fn send(&mut self) -> Fallible<()> {
        let answer = self.connection.exchange(self.request.next_bytes()).await?;
        check(&answer)
    }
}

/// Accepts 200 without `"errors"`; anything else ends the run with the beginning of what came.
fn check(answer: &Answer<'_>) -> Fallible<()> {
    if answer.status == 200 && find(&answer.body, b"\"errors\"").is_none() {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&answer.body);
    let beginning: String = body.chars().take(300).collect();
    Err(format!("a request was answered {} {beginning}", answer.status).into())
}
