//! Bans and mutes.

use crate::harness::{Answered, Hall, NOW_MS};
use crate::scene::{DAY_MS, contents};
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};

const BAN: &str = "mutation($input: BanUserInput!) { banUser(input: $input) }";
const UNBAN: &str = "mutation($input: UnbanUserInput!) { unbanUser(input: $input) }";
const MUTE: &str = "mutation($input: CreateCompanyMutedUserInput!) { createCompanyMutedUser(input: $input) }";
const UNMUTE: &str =
    "mutation($input: DeleteCompanyMutedUserInput!) { deleteCompanyMutedUser(input: $input) }";
const ALL: [&str; 4] = [BAN, UNBAN, MUTE, UNMUTE];

fn subject(user: &UserId) -> Value {
    json!({"input": {"userId": user.as_str()}})
}

/// The one field of an answer that says `true`.
#[track_caller]
fn is_done(answered: &Answered) {
    let data = answered.data().as_object().expect("an object");
    assert!(data.values().all(|value| value == true), "{data:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_ends_when_it_was_said_to_or_when_it_is_lifted() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let (user, chat) = (&world.customer, &world.chat_experience);
    let until = NOW_MS / 1000 + 3600;
    let input = json!({"input": {"userId": user.as_str(), "mutedUntil": until}});
    is_done(&hall.run(Some(&world.moderator), MUTE, input).await);
    let sentence = format!("You are muted in this community until {until} (seconds since 1970).");
    hall.send(user, chat, "hm").await.is_refused("FORBIDDEN", &sentence);
    assert_eq!(hall.level(chat.as_str(), user).await, "customer", "the muted may read");
    hall.messages(user, chat, json!({"limit": 1})).await;
    hall.at(3_600_000 - 1);
    hall.send(user, chat, "hm").await.is_refused("FORBIDDEN", &sentence);
    hall.at(3_600_000);
    hall.say(user, chat, "at last").await;
    // A new mute replaces the old one: for good, then for a while.
    is_done(&hall.run(Some(&world.moderator), MUTE, subject(user)).await);
    hall.at(1000 * DAY_MS);
    hall.send(user, chat, "hm").await.is_refused("FORBIDDEN", "You are muted in this community.");
    let input = json!({"input": {"userId": user.as_str(), "mutedUntil": hall.clock.now_ms() / 1000 + 1}});
    is_done(&hall.run(Some(&world.moderator), MUTE, input).await);
    hall.at(1000 * DAY_MS + 1000);
    hall.say(user, chat, "again").await;
    is_done(&hall.run(Some(&world.moderator), MUTE, subject(user)).await);
    is_done(&hall.run(Some(&world.moderator), UNMUTE, subject(user)).await);
    hall.say(user, chat, "and again").await;
    is_done(&hall.run(Some(&world.moderator), UNMUTE, subject(user)).await);
    for (until, words) in [
        (1, "`mutedUntil` must lie ahead"),
        (hall.clock.now_ms(), "`mutedUntil` lies more than a century ahead"),
    ] {
        let input = json!({"input": {"userId": user.as_str(), "mutedUntil": until}});
        hall.run(None, MUTE, input).await.is_refused("INVALID_INPUT", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_is_of_the_company_or_of_one_pass_and_lifted_whole() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let user = &world.customer;
    let pass = json!({"input": {
        "userId": user.as_str(), "accessPassId": world.access_pass.as_str(), "reason": "spamming", "customReason": "adverts",
    }});
    is_done(&hall.run(Some(&world.moderator), BAN, pass.clone()).await);
    is_done(&hall.run(Some(&world.moderator), BAN, pass).await);
    assert_eq!(hall.level(world.chat_experience.as_str(), user).await, "no_access");
    is_done(&hall.run(Some(&world.moderator), BAN, subject(user)).await);
    hall.send(user, &world.chat_experience, "hm")
        .await
        .is_refused("FORBIDDEN", "You are banned here and cannot post.");
    is_done(&hall.run(Some(&world.moderator), UNBAN, subject(user)).await);
    assert_eq!(hall.level(world.chat_experience.as_str(), user).await, "customer");
    hall.say(user, &world.chat_experience, "back").await;
    is_done(&hall.run(Some(&world.moderator), UNBAN, subject(user)).await);
    let wordy = json!({"input": {"userId": user.as_str(), "customReason": "é".repeat(501)}});
    hall.run(None, BAN, wordy).await.is_refused("INVALID_INPUT", "`customReason` is at most 500 characters");
    let unknown = json!({"input": {"userId": user.as_str(), "reason": "boredom"}});
    hall.run(None, BAN, unknown).await.is_refused("INVALID_INPUT", "$input.reason is not a BanReasons");
    assert_eq!(hall.level(world.company.as_str(), user).await, "customer");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_moderates_the_owner_and_only_admins_the_team() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let admin = hall.team_member("admin", Role::Admin).await;
    let manager = hall.team_member("manager", Role::Manager).await;
    for query in ALL {
        for actor in [None, Some(&world.moderator), Some(&admin), Some(&world.owner)] {
            let refused = hall.run(actor, query, subject(&world.owner)).await;
            refused.is_refused("FORBIDDEN", "The owner can be neither banned nor muted.");
        }
        for (actor, on) in
            [(&world.moderator, &manager), (&world.moderator, &admin), (&manager, &world.moderator)]
        {
            let refused = hall.run(Some(actor), query, subject(on)).await;
            refused.is_refused("FORBIDDEN", "Only the owner or an admin can moderate the team.");
        }
        for actor in [&admin, &world.owner] {
            is_done(&hall.run(Some(actor), query, subject(&world.moderator)).await);
        }
        is_done(&hall.run(None, query, subject(&world.moderator)).await);
        is_done(&hall.run(None, UNBAN, subject(&world.moderator)).await);
        let permission = if query == BAN || query == UNBAN { "`member:moderate`" } else { "`chat:moderate`" };
        hall.run(Some(&world.customer), query, subject(&manager)).await.is_refused("FORBIDDEN", permission);
        let nobody = UserId::from_stored("user_doesnotexist".into());
        hall.run(Some(&world.owner), query, subject(&nobody))
            .await
            .is_refused("NOT_FOUND", "There is no user");
        let wrong = json!({"input": {"userId": "mira"}});
        hall.run(None, query, wrong).await.is_refused("INVALID_INPUT", "is not a user id");
        let anonymous = json!({"query": query, "variables": subject(&world.customer)});
        hall.post(&[], &anonymous).await.is_refused("UNAUTHENTICATED", "calling app");
    }
    assert_eq!(hall.level(world.company.as_str(), &manager).await, "admin", "nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_banned_moderates_nobody() {
    let hall = Hall::open().await;
    let world = &hall.world;
    is_done(&hall.run(Some(&world.owner), BAN, subject(&world.moderator)).await);
    let refused = hall.run(Some(&world.moderator), UNBAN, subject(&world.moderator)).await;
    refused.is_refused("FORBIDDEN", "`member:moderate`");
    hall.run(Some(&world.moderator), MUTE, subject(&world.customer))
        .await
        .is_refused("FORBIDDEN", "`chat:moderate`");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_sweeps_one_feed_and_no_other() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    let user = hall.customer("rude").await;
    let here = hall.experience(ExperienceKind::Chat, "Here", &[&world.access_pass], None).await;
    let there = hall.experience(ExperienceKind::Chat, "There", &[&world.access_pass], None).await;
    for chat in [&here, &there] {
        hall.say(&user, chat, "boo").await;
        hall.say(&world.customer, chat, "hm").await;
    }
    // A feed that is none of the company's leaves everything as it was.
    let elsewhere = "mutation($input: CreateChatInput!) { createChat(input: $input) { id } }";
    let made = hall.run_with(&foreign.key, None, elsewhere, json!({"input": {"name": "elsewhere"}})).await;
    let app = world.app_experience.as_str();
    for (feed, code) in [
        (made.data()["createChat"]["id"].as_str().expect("an id"), "NOT_FOUND"),
        ("exp_doesnotexist", "NOT_FOUND"),
        (app, "NOT_FOUND"),
        ("chat_feed_doesnotexist", "NOT_FOUND"),
        ("general", "INVALID_INPUT"),
    ] {
        let input = json!({"input": {"userId": user.as_str(), "deleteMessagesInFeedId": feed}});
        hall.run(None, BAN, input).await.is_refused(code, feed);
    }
    assert_eq!(hall.level(world.company.as_str(), &user).await, "customer");
    let input = json!({"input": {"userId": user.as_str(), "deleteMessagesInFeedId": here.as_str()}});
    is_done(&hall.run(Some(&world.moderator), BAN, input).await);
    assert_eq!(contents(&hall.messages(&world.customer, &here, json!({})).await), ["hm", ""]);
    assert_eq!(contents(&hall.messages(&world.customer, &there, json!({})).await), ["hm", "boo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_app_moderates_where_it_was_granted() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    let bearer = format!("Bearer {}", foreign.key);
    let headers = [("authorization", bearer.as_str()), ("x-company-id", world.company.as_str())];
    hall.install(&foreign, &[]).await;
    for (query, permission) in [
        (BAN, "`member:moderate`"),
        (UNBAN, "`member:moderate`"),
        (MUTE, "`chat:moderate`"),
        (UNMUTE, "`chat:moderate`"),
    ] {
        let body = json!({"query": query, "variables": subject(&world.customer)});
        hall.post(&headers, &body).await.is_refused("FORBIDDEN", permission);
    }
    let on_pass =
        json!({"input": {"userId": world.customer.as_str(), "accessPassId": world.access_pass.as_str()}});
    hall.run_with(&foreign.key, None, BAN, on_pass.clone())
        .await
        .is_refused("FORBIDDEN", "`member:moderate`");
    assert_eq!(hall.level(world.chat_experience.as_str(), &world.customer).await, "customer");
    hall.install(&foreign, &[Permission::MemberModerate, Permission::ChatModerate]).await;
    for query in ALL {
        is_done(&hall.post(&headers, &json!({"query": query, "variables": subject(&world.customer)})).await);
    }
    is_done(&hall.run_with(&foreign.key, None, BAN, on_pass).await);
    assert_eq!(hall.level(world.chat_experience.as_str(), &world.customer).await, "no_access");
    // Without the header the app's own company is meant, where the ban of a stranger changes nothing here.
    is_done(&hall.run_with(&foreign.key, None, UNBAN, subject(&world.customer)).await);
    assert_eq!(hall.level(world.chat_experience.as_str(), &world.customer).await, "no_access");

    let other = hall.foreign().await;
    let ban = async |pass: &str| {
        let input = json!({"input": {"userId": world.customer.as_str(), "accessPassId": pass}});
        let refused = hall.run_with(&other.key, None, BAN, input).await.refusal();
        assert_eq!(refused.0, "NOT_FOUND");
        refused.1.replace(pass, "…")
    };
    assert_eq!(ban(world.access_pass.as_str()).await, ban("prod_doesnotexist").await);
}
