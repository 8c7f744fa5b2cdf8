//! Direct messages: one conversation a pair, requests, lists.

use crate::harness::{Answered, Foreign, Hall};
use crate::scene::{READ, SEND, contents, posts, reading};
use guildhall_app::user::NewUser;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::permission::Permission;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const LIST: &str = "query($before: BigInt, $limit: Int, $query: String, $status: DmsFeedMemberStatuses, $unread: Boolean) {
  myDmsChannelsV2(before: $before, limit: $limit, query: $query, status: $status, unread: $unread) {
    id isUnread isGroupChat isPinned customName createdAt feedMembers { id username } lastPost { content userId }
  }
}";

fn to(user: &str, message: &str) -> Value {
    json!({"input": {"toUserId": user, "message": message}})
}

async fn tell(hall: &Hall, from: &UserId, user: &str, message: &str) -> Answered {
    hall.run(Some(from), SEND, to(user, message)).await
}

#[track_caller]
fn channels(answered: &Answered) -> Vec<Value> {
    answered.data()["myDmsChannelsV2"].as_array().expect("a list").clone()
}

async fn list(hall: &Hall, user: &UserId, filter: Value) -> Vec<Value> {
    channels(&hall.run(Some(user), LIST, filter).await)
}

async fn list_foreign(hall: &Hall, foreign: &Foreign, filter: Value) -> Vec<Value> {
    channels(&hall.run_with(&foreign.key, Some(&foreign.owner), LIST, filter).await)
}

fn last(channels: &[Value]) -> Vec<&str> {
    channels.iter().map(|channel| channel["lastPost"]["content"].as_str().expect("text")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_conversation_whoever_writes_and_however_named() {
    let hall = Hall::open().await;
    let (mira, jun) = (&hall.world.customer, &hall.world.moderator);
    let mut sent = Vec::new();
    for name in [jun.as_str(), "jun", "@jun", " @JUN "] {
        hall.clock.advance_ms(1);
        sent.push(tell(&hall, mira, name, &format!("hello {name}")).await.data()["sendMessage"].clone());
    }
    hall.clock.advance_ms(1);
    sent.push(tell(&hall, jun, "mira", "hello yourself").await.data()["sendMessage"].clone());
    let (of_mira, of_jun) = (list(&hall, mira, json!({})).await, list(&hall, jun, json!({})).await);
    assert_eq!((of_mira.len(), of_jun.len()), (1, 1));
    let channel = &of_mira[0];
    assert_eq!(channel["id"], of_jun[0]["id"]);
    assert_eq!(
        (&channel["isGroupChat"], &channel["isPinned"], &channel["customName"]),
        (&json!(false), &json!(false), &Value::Null)
    );
    let mut members: Vec<&str> = channel["feedMembers"]
        .as_array()
        .expect("two")
        .iter()
        .map(|m| m["username"].as_str().expect("a name"))
        .collect();
    members.sort_unstable();
    assert_eq!(members, ["jun", "mira"]);
    assert_eq!(channel["lastPost"], json!({"content": "hello yourself", "userId": jun.as_str()}));
    let read = posts(&hall.read(mira, "dms_feed", json!({"feedId": channel["id"]}), json!({})).await);
    let mut ids: Vec<Value> = read.iter().map(|post| post["id"].clone()).collect();
    ids.reverse();
    assert_eq!(ids, sent);
    // Into the conversation itself, too.
    let into = json!({"input": {"feedId": channel["id"], "message": "by feed"}});
    hall.run(Some(mira), SEND, into).await.data();
    assert_eq!(last(&list(&hall, jun, json!({})).await), ["by feed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_at_once_make_one() {
    let hall = Arc::new(Hall::open().await);
    let mut pairs = Vec::new();
    for number in 0..8 {
        pairs.push((
            hall.customer(&format!("left-{number}")).await,
            hall.customer(&format!("right-{number}")).await,
        ));
    }
    let mut tasks = JoinSet::new();
    for (left, right) in &pairs {
        for (from, receiver) in [(left, right), (right, left), (left, right), (right, left)] {
            let (hall, from, receiver) = (Arc::clone(&hall), from.clone(), receiver.clone());
            tasks.spawn(async move {
                tell(&hall, &from, receiver.as_str(), "at once").await.data();
            });
        }
    }
    tasks.join_all().await;
    for (left, right) in &pairs {
        let (of_left, of_right) = (list(&hall, left, json!({})).await, list(&hall, right, json!({})).await);
        assert_eq!((of_left.len(), of_right.len()), (1, 1));
        assert_eq!(of_left[0]["id"], of_right[0]["id"]);
        let read = hall.read(left, "dms_feed", json!({"feedId": of_left[0]["id"]}), json!({})).await;
        assert_eq!(contents(&posts(&read)), ["at once"; 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn first_contact_from_elsewhere_is_a_request_until_it_is_answered() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let mira = &hall.world.customer;
    let send = hall.run_with(&foreign.key, Some(&foreign.owner), SEND, to("mira", "buy my oil")).await;
    send.data();
    assert!(list(&hall, mira, json!({})).await.is_empty());
    assert_eq!(last(&list(&hall, mira, json!({"status": "requested"})).await), ["buy my oil"]);
    assert_eq!(list_foreign(&hall, &foreign, json!({})).await.len(), 1, "to its sender it is a conversation");
    // Writing again does not promote it.
    hall.clock.advance_ms(1);
    hall.run_with(&foreign.key, Some(&foreign.owner), SEND, to("mira", "really")).await.data();
    assert!(list(&hall, mira, json!({"status": "accepted"})).await.is_empty());
    hall.clock.advance_ms(1);
    tell(&hall, mira, foreign.owner.as_str(), "no, thanks").await.data();
    assert_eq!(last(&list(&hall, mira, json!({})).await), ["no, thanks"]);
    assert!(list(&hall, mira, json!({"status": "requested"})).await.is_empty());

    // Who shares a company is no stranger: neither is the agent of an app installed there.
    tell(&hall, &hall.world.owner, "mira", "welcome").await.data();
    hall.run(None, SEND, to("mira", "your bench is planned")).await.data();
    assert_eq!(list(&hall, mira, json!({})).await.len(), 3);
    hall.run_with(&foreign.key, None, SEND, to("mira", "hello from an app elsewhere")).await.data();
    assert_eq!(
        last(&list(&hall, mira, json!({"status": "requested"})).await),
        ["hello from an app elsewhere"]
    );
    // A membership that was begun and never paid makes nobody a neighbour.
    hall.membership(&foreign.owner, &hall.world.paid_access_pass, MembershipStatus::Drafted, None).await;
    hall.run_with(&foreign.key, Some(&foreign.owner), SEND, to("tomas", "hello")).await.data();
    let tomas = hall.run(None, "{ publicUser(id: \"tomas\") { id } }", json!({})).await;
    let tomas = UserId::parse(tomas.data()["publicUser"]["id"].as_str().expect("an id")).expect("a user");
    assert_eq!(list(&hall, &tomas, json!({"status": "requested"})).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_is_each_member_s_own() {
    let hall = Hall::open().await;
    let (mira, jun) = (&hall.world.customer, &hall.world.moderator);
    tell(&hall, mira, "jun", "hello").await.data();
    assert_eq!(list(&hall, mira, json!({})).await[0]["isUnread"], false);
    assert_eq!(list(&hall, jun, json!({})).await[0]["isUnread"], true);
    assert_eq!(list(&hall, jun, json!({"unread": true})).await.len(), 1);
    assert!(list(&hall, jun, json!({"unread": false})).await.is_empty());
    assert!(list(&hall, mira, json!({"unread": true})).await.is_empty());
    hall.clock.advance_ms(1);
    tell(&hall, jun, "mira", "hi").await.data();
    assert_eq!(list(&hall, mira, json!({"unread": true})).await.len(), 1);
    assert!(list(&hall, jun, json!({"unread": true})).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_newest_first_searched_and_paged() {
    let hall = Hall::open().await;
    let mira = &hall.world.customer;
    let start = hall.clock.now_ms();
    for (number, name) in (1..).zip(["jun", "tomas", "yuki", "jun", "hanna"]) {
        hall.at(number);
        tell(&hall, mira, name, &format!("{name} {number}")).await.data();
    }
    let all = ["hanna 5", "jun 4", "yuki 3", "tomas 2"];
    let ask = async |filter: Value| list(&hall, mira, filter).await;
    assert_eq!(last(&ask(json!({})).await), all);
    assert_eq!(last(&ask(json!({"limit": 2})).await), all[..2]);
    assert_eq!(last(&ask(json!({"limit": 0})).await), Vec::<&str>::new());
    assert_eq!(last(&ask(json!({"before": (start + 4).to_string()})).await), all[2..]);
    assert_eq!(last(&ask(json!({"before": start + 4, "limit": 1})).await), all[2..3], "a number, too");
    for (query, found) in [
        ("JUN", vec!["jun 4"]),
        ("u", vec!["jun 4", "yuki 3"]),
        ("Vogel", vec!["hanna 5"]),
        ("rivera", vec!["tomas 2"]),
        ("mira", vec![]),
        ("%", vec![]),
        ("_", vec![]),
        (" ", all.to_vec()),
    ] {
        assert_eq!(last(&ask(json!({"query": query})).await), found, "{query}");
    }
    let refused = hall.run(Some(mira), LIST, json!({"limit": -1})).await;
    refused.is_refused("INVALID_INPUT", "`limit` must not be negative");
    let refused = hall.run(Some(mira), LIST, json!({"before": "yesterday"})).await;
    refused.is_refused("INVALID_INPUT", "BigInt");
    hall.post(&[], &json!({"query": LIST})).await.is_refused("UNAUTHENTICATED", "needs a caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_have_their_sentences() {
    let hall = Hall::open().await;
    let mira = &hall.world.customer;
    for name in [mira.as_str(), "mira", "@Mira"] {
        tell(&hall, mira, name, "note to self")
            .await
            .is_refused("INVALID_INPUT", "You cannot message yourself.");
    }
    for name in ["user_doesnotexist", "nobody-here", "@nobody-here"] {
        tell(&hall, mira, name, "hello?").await.is_refused("NOT_FOUND", "There is no user");
    }
    for name in ["", "@", "two words", "a\u{7}b"] {
        let refused = tell(&hall, mira, name, "hello?").await;
        refused.is_refused("INVALID_INPUT", "is neither a user id (`user_…`) nor a username");
    }
    tell(&hall, mira, "user_", "hello?").await.is_refused("INVALID_INPUT", "is not a user id");
    tell(&hall, mira, "jun", " \n ").await.is_refused("INVALID_INPUT", "The message is empty.");
    let long = "😀".repeat(10_001);
    tell(&hall, mira, "jun", &long).await.is_refused("INVALID_INPUT", "The message is 10001 characters long");
    tell(&hall, mira, "jun", &"😀".repeat(10_000)).await.data();
    let file =
        json!({"input": {"toUserId": "yuki", "message": "see", "attachments": [{"id": "file_made_up"}]}});
    hall.run(Some(mira), SEND, file).await.is_refused("NOT_FOUND", "There is no attachment");
    let many: Vec<Value> = (0..21).map(|_| json!({"id": "file_made_up"})).collect();
    let many = json!({"input": {"toUserId": "yuki", "message": "see", "attachments": many}});
    hall.run(Some(mira), SEND, many).await.is_refused("INVALID_INPUT", "at most 20 files");
    assert_eq!(list(&hall, mira, json!({})).await.len(), 1, "what is refused begins no conversation");
    hall.post(&[], &json!({"query": SEND, "variables": to("jun", "hi")}))
        .await
        .is_refused("UNAUTHENTICATED", "needs a caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_its_members_alone() {
    let hall = Hall::open().await;
    let world = &hall.world;
    tell(&hall, &world.customer, "jun", "between us").await.data();
    let feed = list(&hall, &world.customer, json!({})).await[0]["id"].as_str().expect("an id").to_owned();
    let made_up = format!("{}x", &feed[..feed.len() - 1]);
    for user in [&world.owner, &world.agent] {
        let read = async |id: &str| {
            let refused = hall.read(user, "dms_feed", json!({"feedId": id}), json!({})).await.refusal();
            assert_eq!(refused.0, "NOT_FOUND");
            refused.1.replace(id, "…")
        };
        assert_eq!(read(&feed).await, read(&made_up).await);
        let send = async |id: &str| {
            let input = json!({"input": {"feedId": id, "message": "me too"}});
            let refused = hall.run(Some(user), SEND, input).await.refusal();
            assert_eq!(refused.0, "NOT_FOUND");
            refused.1.replace(id, "…")
        };
        assert_eq!(send(&feed).await, send(&made_up).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_speaks_and_reads_for_a_person_when_a_company_of_theirs_let_it() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    tell(&hall, &world.customer, "jun", "between us").await.data();
    let feed = list(&hall, &world.customer, json!({})).await[0]["id"].clone();
    hall.install(&foreign, &[]).await;
    let send = || hall.run_with(&foreign.key, Some(&world.customer), SEND, to("jun", "not my words"));
    let variables = reading("dms_feed", json!({"feedId": feed}), json!({}));
    let read = || hall.run_with(&foreign.key, Some(&world.customer), READ, variables.clone());
    send().await.is_refused(
        "FORBIDDEN",
        "The permission `chat:message:create` is missing in every company of the person",
    );
    read()
        .await
        .is_refused("FORBIDDEN", "The permission `chat:read` is missing in every company of the person");
    hall.install(&foreign, &[Permission::ChatRead]).await;
    assert_eq!(contents(&posts(&read().await)), ["between us"]);
    send().await.is_refused("FORBIDDEN", "`chat:message:create`");
    hall.install(&foreign, &[Permission::ChatMessageCreate]).await;
    send().await.data();
    assert_eq!(contents(&posts(&read().await)), ["not my words", "between us"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_client_sends_and_lists() {
    use guildhall_client::{ListDirectMessageConversationsVariables, SendDirectMessageToUserVariables};
    let hall = Hall::open().await;
    let api = hall.acting_for(&hall.world.customer);
    let message = SendDirectMessageToUserVariables {
        to_user_id_or_username: "jun".into(),
        message: "hello".into(),
        attachments: None,
    };
    assert!(api.send_direct_message_to_user(message).await.expect("sent").send_message.is_some());
    let variables = ListDirectMessageConversationsVariables::default();
    let listed = api.list_direct_message_conversations(variables).await.expect("listed").my_dms_channels_v2;
    let newest = listed[0].last_message.as_ref().expect("a message");
    assert_eq!(
        (newest.content.as_deref(), newest.user_id.as_str()),
        (Some("hello"), hall.world.customer.as_str())
    );
    // Names that only look like ids are refused when a user is made, so no name is ambiguous.
    let ambiguous = NewUser { username: "user_x".into(), ..NewUser::default() };
    let refused =
        guildhall_app::founding::found(&hall.running.hall, move |founder| founder.user(&ambiguous)).await;
    assert!(refused.expect_err("refused").to_string().contains("must not start with `user_`"));
}
