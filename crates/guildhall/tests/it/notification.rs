//! Notifications: whom an app may notify, and what it may say.

use crate::harness::{Answered, Hall};
use guildhall_core::ids::{Id, UserId};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::task::JoinSet;

const SEND: &str = "mutation($input: SendNotificationInput!) { sendNotification(input: $input) }";

/// Variables of a sound notification to the users of the demo chat, changed; null takes a field away.
fn notification(hall: &Hall, changes: &Value) -> Value {
    let mut input = json!({
        "experienceId": hall.world.chat_experience.as_str(),
        "title": "Saturday",
        "content": "The workshop opens at nine.",
    });
    for (name, value) in changes.as_object().expect("changes are an object") {
        input[name] = value.clone();
    }
    json!({"input": input})
}

async fn send(hall: &Hall, user: Option<&UserId>, changes: Value) -> Answered {
    hall.run(user, SEND, notification(hall, &changes)).await
}

#[track_caller]
fn refused(answered: &Answered, code: &str, sentence: &str) {
    let refusal = answered.refusal();
    assert_eq!(refusal.0, code, "{}", refusal.1);
    assert!(refusal.1.contains(sentence), "\"{}\" does not say \"{sentence}\"", refusal.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_audiences_are_reached_by_the_agent_and_the_team() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let team = json!({"experienceId": null, "companyTeamId": world.company.as_str()});
    for user in [None, Some(&world.owner), Some(&world.moderator)] {
        for changes in [json!({}), team.clone()] {
            assert_eq!(send(&hall, user, changes).await.data()["sendNotification"], true);
        }
    }
    for changes in [
        json!({"link": "https://example.com/a?b=c"}),
        json!({"restPath": "/benches/1"}),
        json!({"subtitle": "é".repeat(200), "title": "é".repeat(200), "content": "é".repeat(2000)}),
        json!({"senderUserId": world.customer.as_str(), "isMention": true}),
        json!({"title": "\u{1F528} \u{10FFFF}", "content": "\u{1D4D7}all"}),
    ] {
        assert_eq!(send(&hall, None, changes).await.data()["sendNotification"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_narrow_an_audience_and_never_widen_it() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let customer = world.customer.as_str();
    // Those beyond the audience are answered like those within, so nothing is learned of who is in it.
    for users in [
        json!([]),
        json!([customer]),
        json!([customer, customer, customer]),
        json!([world.stranger.as_str()]),
        json!(["user_none"]),
        json!([world.owner.as_str(), "user_none", world.stranger.as_str()]),
    ] {
        assert_eq!(send(&hall, None, json!({"userIds": users})).await.data()["sendNotification"], true);
        let team = json!({"experienceId": null, "companyTeamId": world.company.as_str(), "userIds": users});
        assert_eq!(send(&hall, None, team).await.data()["sendNotification"], true);
    }
    refused(
        &send(&hall, None, json!({"userIds": ["mira"]})).await,
        "INVALID_INPUT",
        "`mira` is not a user id",
    );
    let many: Vec<String> = (0..10_001).map(|number| format!("user_{number}")).collect();
    refused(
        &send(&hall, None, json!({"userIds": many})).await,
        "INVALID_INPUT",
        "`userIds` names at most 10000 users.",
    );
    let alone = json!({"experienceId": null, "userIds": [customer]});
    refused(&send(&hall, None, alone).await, "INVALID_INPUT", "exactly one audience");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_unsound_notification_is_refused_with_its_own_sentence() {
    let hall = Hall::open().await;
    let company = hall.world.company.as_str();
    let both = "A notification has exactly one audience: give `experienceId` or `companyTeamId`.";
    let table: Vec<(Value, &str)> = vec![
        (json!({"companyTeamId": company}), both),
        (json!({"experienceId": null}), both),
        (json!({"title": ""}), "`title` must be 1 to 200 characters long."),
        (json!({"title": " \n "}), "`title` must be 1 to 200 characters long."),
        (json!({"title": "t".repeat(201)}), "`title` must be 1 to 200 characters long."),
        (json!({"content": ""}), "`content` must be 1 to 2000 characters long."),
        (json!({"content": "c".repeat(2001)}), "`content` must be 1 to 2000 characters long."),
        (json!({"subtitle": "s".repeat(201)}), "`subtitle` must be 0 to 200 characters long."),
        (json!({"link": "javascript:alert(1)"}), "`link` must start with `https://` or `http://`."),
        (json!({"link": "/benches"}), "`link` must start with `https://` or `http://`."),
        (json!({"link": format!("https://{}", "x".repeat(2000))}), "`link` must be at most 2000 bytes long."),
        (json!({"restPath": "benches"}), "`restPath` must start with one `/`."),
        (json!({"restPath": "//example.com"}), "`restPath` must start with one `/`."),
        (
            json!({"restPath": format!("/{}", "x".repeat(2000))}),
            "`restPath` must be at most 2000 bytes long.",
        ),
        (json!({"restPath": "/a", "link": "https://a"}), "Give `link` or `restPath`, not both."),
        (json!({"externalId": ""}), "`externalId` must not be empty."),
        (json!({"externalId": "x".repeat(2001)}), "`externalId` must be at most 2000 bytes long."),
        (json!({"experienceId": company}), "is not an experience id"),
        (json!({"experienceId": null, "companyTeamId": "exp_1"}), "is not a company id"),
        (json!({"senderUserId": "mira"}), "is not a user id"),
    ];
    for (changes, sentence) in table {
        refused(&send(&hall, None, changes).await, "INVALID_INPUT", sentence);
    }
    let unknown = "or you have no access to it.";
    for changes in [
        json!({"experienceId": "exp_none"}),
        json!({"experienceId": null, "companyTeamId": "biz_none"}),
        json!({"senderUserId": "user_none"}),
        json!({"senderUserId": hall.world.stranger.as_str()}),
    ] {
        refused(&send(&hall, None, changes).await, "NOT_FOUND", unknown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_strangers_and_other_apps_send_nothing() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let team = json!({"experienceId": null, "companyTeamId": world.company.as_str()});
    for changes in [json!({}), team.clone(), json!({"userIds": [world.customer.as_str()]})] {
        let answered = send(&hall, Some(&world.customer), changes).await;
        refused(&answered, "FORBIDDEN", "Only the app's agent or the team can send notifications.");
    }
    refused(&send(&hall, Some(&world.stranger), json!({})).await, "FORBIDDEN", "The app may not act for");
    let nobody = hall.post(&[], &json!({"query": SEND, "variables": notification(&hall, &json!({}))})).await;
    refused(&nobody, "UNAUTHENTICATED", "This needs a calling app");

    let foreign = hall.foreign().await;
    let chat = world.chat_experience.as_str();
    for (changes, sentence) in [
        (json!({}), format!("There is no experience `{chat}`, or you have no access to it.")),
        (
            json!({"experienceId": "exp_none"}),
            "There is no experience `exp_none`, or you have no access to it.".into(),
        ),
        (team, format!("There is no company `{}`, or you have no access to it.", world.company)),
        (
            json!({"experienceId": null, "companyTeamId": "biz_none"}),
            "There is no company `biz_none`, or you have no access to it.".into(),
        ),
    ] {
        for user in [None, Some(&foreign.owner)] {
            let answered = hall.run_with(&foreign.key, user, SEND, notification(&hall, &changes)).await;
            refused(&answered, "NOT_FOUND", &sentence);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_external_id_is_answered_alike_however_often_and_whoever_else_uses_it() {
    let hall = Arc::new(Hall::open().await);
    let mut asking = JoinSet::new();
    for _ in 0..10 {
        let hall = Arc::clone(&hall);
        asking.spawn(async move { send(&hall, None, json!({"externalId": "saturday"})).await });
    }
    for answered in asking.join_all().await {
        assert_eq!(answered.data()["sendNotification"], true);
    }
    // Also with another text: the first send stands.
    let again = send(&hall, None, json!({"externalId": "saturday", "title": "Sunday"})).await;
    assert_eq!(again.data()["sendNotification"], true);
    // A refused send leaves the id free, and another app has ids of its own.
    refused(
        &send(&hall, None, json!({"externalId": "monday", "senderUserId": "user_none"})).await,
        "NOT_FOUND",
        "There is no sender",
    );
    assert_eq!(send(&hall, None, json!({"externalId": "monday"})).await.data()["sendNotification"], true);
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[]).await;
    let theirs = notification(&hall, &json!({"externalId": "saturday"}));
    let answered = hall.run_with(&foreign.key, None, SEND, theirs).await;
    assert_eq!(answered.data()["sendNotification"], true);
}
