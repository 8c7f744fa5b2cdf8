//! A crash loses nothing that was acknowledged: `kill -9` under load, and start again, many times.

use crate::process::{Caller, Home, Server, run};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;
use tokio::task::JoinSet;

const ROUNDS: usize = 20;
const SENDERS: usize = 8;
const PAYERS: usize = 4;
/// The most any one of them does in a round; the server is killed long before.
const MOST: usize = 10_000;
const SEND: &str =
    "mutation($id: ID!, $text: String!) { sendMessage(input: {message: $text, experienceId: $id}) }";
const PAY: &str = "mutation($input: TransferFundsInput!) { transferFunds(input: $input) }";
const LIST: &str = "query($id: ID!, $before: ID) {
  feedPosts(feedType: chat_feed, experienceId: $id, limit: 200, before: $before) { posts { ... on DmsPost { id content } } }
}";
const OWN: &str = "{ viewer { user { ledgerAccount { id balanceCaches { nodes { balance currency } } } } } }";
const COMPANY: &str = "query($id: ID!) { company(id: $id) { ledgerAccount { id } } }";

/// The demo world as a caller knows it.
struct World {
    caller: Caller,
    chat: String,
    customer: String,
    moderator: String,
    /// The company's account, that pays.
    source: String,
}

impl World {
    async fn of(home: &Home, server: &Server) -> Self {
        let demo = home.demo();
        let caller = Caller::new(&demo["WHOP_API_KEY"]);
        let company = json!({"id": demo["NEXT_PUBLIC_WHOP_COMPANY_ID"]});
        let answered = caller.data(&server.origin, None, COMPANY, company).await;
        Self {
            caller,
            chat: demo["DEMO_CHAT_EXPERIENCE_ID"].clone(),
            customer: demo["DEMO_CUSTOMER_USER_ID"].clone(),
            moderator: demo["DEMO_MODERATOR_USER_ID"].clone(),
            source: answered["company"]["ledgerAccount"]["id"].as_str().expect("an id").to_owned(),
        }
    }

    fn transfer(&self, key: &str) -> Value {
        json!({"input": {"amount": 0.01, "currency": "usd", "destinationId": self.moderator, "idempotenceKey": key,
            "ledgerAccountId": self.source}})
    }

    /// What the moderator was paid so far, in cents.
    async fn paid(&self, origin: &str) -> usize {
        let answered = self.caller.data(origin, Some(&self.moderator), OWN, json!({})).await;
        let nodes = answered["viewer"]["user"]["ledgerAccount"]["balanceCaches"]["nodes"].clone();
        let balance = nodes[0]["balance"].as_f64().unwrap_or(0.0);
        format!("{:.0}", balance * 100.0).parse().expect("a whole number of cents")
    }

    /// Every message of the chat by id, from the newest back until `wanted` are found.
    async fn messages(&self, origin: &str, wanted: &BTreeSet<String>) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        let mut before = Value::Null;
        let mut missing = wanted.len();
        loop {
            let variables = json!({"id": self.chat, "before": before});
            let answered = self.caller.data(origin, None, LIST, variables).await;
            let posts = answered["feedPosts"]["posts"].as_array().expect("posts").clone();
            let Some(last) = posts.last() else { return found };
            before = last["id"].clone();
            for post in &posts {
                let (id, content) =
                    (post["id"].as_str().expect("an id"), post["content"].as_str().expect("text"));
                missing -= usize::from(wanted.contains(id));
                found.insert(id.to_owned(), content.to_owned());
            }
            if missing == 0 && !wanted.is_empty() {
                return found;
            }
        }
    }
}

/// What happened before a crash.
#[derive(Default)]
struct Load {
    /// Id and text.
    sent: Vec<(String, String)>,
    paid: Vec<String>,
    /// Keys of transfers that were asked for and never answered.
    unanswered: Vec<String>,
}

/// Sends and pays until the server dies, which it does once so much was acknowledged.
async fn until_killed(world: &Arc<World>, server: &mut Server, round: usize, acknowledged: usize) -> Load {
    let (done, enough) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut working: JoinSet<Load> = JoinSet::new();
    for worker in 0..SENDERS + PAYERS {
        let (world, origin) = (Arc::clone(world), server.origin.clone());
        let (done, enough) = (Arc::clone(&done), Arc::clone(&enough));
        working.spawn(async move {
            let mut load = Load::default();
            for number in 0..MOST {
                let name = format!("round {round} worker {worker} number {number}");
                let answered = if worker < SENDERS {
                    let variables = json!({"id": world.chat, "text": name});
                    world.caller.ask(&origin, Some(&world.customer), SEND, variables).await
                } else {
                    world.caller.ask(&origin, None, PAY, world.transfer(&name)).await
                };
                let Some(answered) = answered else {
                    if worker >= SENDERS {
                        load.unanswered.push(name);
                    }
                    break;
                };
                assert!(answered.get("errors").is_none(), "refused: {answered}");
                match answered["data"]["sendMessage"].as_str() {
                    Some(id) => load.sent.push((id.to_owned(), name)),
                    None => load.paid.push(name),
                }
                if done.fetch_add(1, Ordering::Relaxed) + 1 == acknowledged {
                    enough.notify_one();
                }
            }
            load
        });
    }
    enough.notified().await;
    server.signal("KILL").await;
    assert!(!server.ended().await.success());
    let mut all = Load::default();
    for load in working.join_all().await {
        all.sent.extend(load.sent);
        all.paid.extend(load.paid);
        all.unanswered.extend(load.unanswered);
    }
    all
}

async fn audit(home: &Home) {
    let output = run(&mut home.over_data(&["ledger", "audit"])).await;
    let told = String::from_utf8_lossy(&output.stdout);
    let status = output.status;
    assert!(status.success(), "{status}: {told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("The ledger is sound."), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_twenty_crashes() {
    let home = Home::new();
    let mut server = home.serve(&["--demo", "--log", "error"]).await;
    let world = Arc::new(World::of(&home, &server).await);
    let mut sent: BTreeMap<String, String> = BTreeMap::new();
    let mut paid = 0;
    for round in 0..ROUNDS {
        let load = until_killed(&world, &mut server, round, 25 + 37 * round % 100).await;
        audit(&home).await;
        server = home.serve(&["--demo", "--log", "error"]).await;

        let wanted: BTreeSet<String> = load.sent.iter().map(|(id, _)| id.clone()).collect();
        let found = world.messages(&server.origin, &wanted).await;
        for (id, text) in &load.sent {
            assert_eq!(
                found.get(id),
                Some(text),
                "round {round}: an acknowledged message is gone or changed"
            );
        }
        sent.extend(load.sent);

        let before = world.paid(&server.origin).await;
        let (least, most) = (paid + load.paid.len(), paid + load.paid.len() + load.unanswered.len());
        assert!((least..=most).contains(&before), "round {round}: {before} cents, not {least} to {most}");
        for key in &load.paid {
            world.caller.data(&server.origin, None, PAY, world.transfer(key)).await;
        }
        assert_eq!(
            world.paid(&server.origin).await,
            before,
            "round {round}: an acknowledged transfer was not there"
        );
        for key in &load.unanswered {
            world.caller.data(&server.origin, None, PAY, world.transfer(key)).await;
        }
        paid = most;
        assert_eq!(world.paid(&server.origin).await, paid, "round {round}: asking again moves money once");
    }
    let all = world.messages(&server.origin, &BTreeSet::new()).await;
    for (id, text) in &sent {
        assert_eq!(all.get(id), Some(text), "a message of an earlier round is gone");
    }
    let mut texts: Vec<&String> = all.values().filter(|text| text.starts_with("round ")).collect();
    let count = texts.len();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), count, "a message that was sent once is there once");
    assert!(sent.len() >= ROUNDS && paid >= ROUNDS, "{} messages, {paid} transfers", sent.len());
    server.stop().await;
    audit(&home).await;
}
