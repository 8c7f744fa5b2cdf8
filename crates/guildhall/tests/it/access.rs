//! Who may enter what, and what asking tells.

use crate::harness::{Hall, NOW_MS};
use crate::scene::DAY_MS;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{ExperienceId, Id, UserId};
use guildhall_core::membership::{GRACE_MS, MembershipStatus};
use guildhall_core::permission::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const EXPERIENCE: &str = "query($id: ID!, $user: ID) {
  hasAccessToExperience(experienceId: $id, userId: $user) { hasAccess accessLevel }
}";
const BAN: &str = "mutation($input: BanUserInput!) { banUser(input: $input) }";
const UNBAN: &str = "mutation($input: UnbanUserInput!) { unbanUser(input: $input) }";
const LIST: &str =
    "query($id: ID!) { company(id: $id) { experiencesV2(first: 200) { totalCount nodes { id } } } }";

/// What a user finds in the demo company's list.
async fn listed(hall: &Hall, user: Option<&UserId>) -> Vec<String> {
    let answered = hall.run(user, LIST, json!({"id": hall.world.company.as_str()})).await;
    let list = &answered.data()["company"]["experiencesV2"];
    let nodes = list["nodes"].as_array().expect("nodes");
    assert_eq!(list["totalCount"], json!(nodes.len()));
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

async fn look(hall: &Hall, user: Option<&UserId>, experience: &ExperienceId) -> crate::harness::Answered {
    let query = "query($id: ID!) {
      publicExperience(id: $id) { id upsellPlan { id initialPriceDue baseCurrency planType visibility } upsellType }
    }";
    hall.run(user, query, json!({"id": experience.as_str()})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_follow_team_membership_and_neither() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let lent = hall.team_member("helper", Role::Support).await;
    for (user, company, free, paid) in [
        (&world.owner, "admin", "admin", "admin"),
        (&world.moderator, "admin", "admin", "admin"),
        (&lent, "admin", "admin", "admin"),
        (&world.agent, "admin", "admin", "admin"),
        (&world.customer, "customer", "customer", "no_access"),
        (&world.stranger, "no_access", "no_access", "no_access"),
    ] {
        assert_eq!(hall.level(world.company.as_str(), user).await, company, "{user}");
        assert_eq!(hall.level(world.access_pass.as_str(), user).await, free, "{user}");
        assert_eq!(hall.level(world.paid_access_pass.as_str(), user).await, paid, "{user}");
        for experience in [&world.chat_experience, &world.forum_experience, &world.app_experience] {
            assert_eq!(hall.level(experience.as_str(), user).await, free, "{user}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_user_the_acting_one_is_meant() {
    let hall = Hall::open().await;
    let variables = json!({"id": hall.world.chat_experience.as_str()});
    for (user, level) in [(None, "admin"), (Some(&hall.world.customer), "customer")] {
        let answered = hall.run(user, EXPERIENCE, variables.clone()).await;
        assert_eq!(answered.data()["hasAccessToExperience"]["accessLevel"], level);
    }
    let anonymous = hall.post(&[], &json!({"query": EXPERIENCE, "variables": variables})).await;
    anonymous.is_refused("UNAUTHENTICATED", "needs a caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_learns_nothing_from_asking_about_others() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let ask = |experience: String| {
        let variables = json!({"id": experience, "user": hall.world.customer.as_str()});
        hall.run_with(&foreign.key, None, EXPERIENCE, variables)
    };
    let real = ask(hall.world.chat_experience.to_string()).await.refusal();
    let made_up = ask("exp_doesnotexist".into()).await.refusal();
    assert_eq!(real.0, "NOT_FOUND");
    assert!(real.1.contains("you may not ask about other users there"), "{}", real.1);
    assert_eq!(real, made_up);
    // A customer may not ask about another one either; about oneself everyone may.
    let about = |user: &UserId| json!({"id": hall.world.chat_experience.as_str(), "user": user.as_str()});
    let customer = Some(&hall.world.customer);
    assert_eq!(
        hall.run(customer, EXPERIENCE, about(&hall.world.customer)).await.data()["hasAccessToExperience"]["hasAccess"],
        true
    );
    let own = |experience: &str| json!({"id": experience, "user": foreign.agent.as_str()});
    for experience in [hall.world.chat_experience.as_str(), "exp_doesnotexist"] {
        let answered = hall.run_with(&foreign.key, None, EXPERIENCE, own(experience)).await;
        assert_eq!(answered.data()["hasAccessToExperience"]["accessLevel"], "no_access");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memberships_count_up_to_their_edges() {
    let hall = Hall::open().await;
    let pass = &hall.world.access_pass;
    let end = Some(NOW_MS + DAY_MS);
    let (last, lapsed) = (DAY_MS - 1, DAY_MS);
    let grace = DAY_MS + GRACE_MS;
    // status, end of what was paid, the last moment that counts and the first that does not, if any.
    for (number, (status, paid_until, valid_at, invalid_at)) in [
        (MembershipStatus::Active, end, Some(last), Some(lapsed)),
        (MembershipStatus::Active, None, Some(1000 * DAY_MS), None),
        (MembershipStatus::Trialing, end, Some(last), Some(lapsed)),
        (MembershipStatus::Completed, end, Some(last), Some(lapsed)),
        (MembershipStatus::Completed, None, Some(1000 * DAY_MS), None),
        (MembershipStatus::PastDue, end, Some(grace - 1), Some(grace)),
        (MembershipStatus::Canceled, end, Some(last), Some(lapsed)),
        (MembershipStatus::Canceled, None, None, Some(0)),
        (MembershipStatus::Expired, end, None, Some(0)),
        (MembershipStatus::Drafted, end, None, Some(0)),
        (MembershipStatus::Unresolved, end, None, Some(0)),
    ]
    .into_iter()
    .enumerate()
    {
        hall.at(0);
        let user = hall.person(&format!("holder-{number}")).await;
        hall.membership(&user, pass, status, paid_until).await;
        for (moment, expected) in [(valid_at, "customer"), (invalid_at, "no_access")] {
            let Some(moment) = moment else { continue };
            hall.at(moment);
            for thing in [hall.world.company.as_str(), pass.as_str(), hall.world.chat_experience.as_str()] {
                assert_eq!(
                    hall.level(thing, &user).await,
                    expected,
                    "{status:?} until {paid_until:?} at {moment}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upsell_asks_for_both_memberships_and_shows_its_price_to_buyers() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let input = json!({
        "name": "Upstairs",
        "accessPassId": world.access_pass.as_str(),
        "price": {"baseCurrency": "eur", "initialPrice": 12.5, "expirationDays": 30},
    });
    let chat = hall.chat(input).await;
    assert_eq!(hall.level(chat.as_str(), &world.customer).await, "no_access");
    assert_eq!(hall.level(chat.as_str(), &world.owner).await, "admin");
    let shown = look(&hall, Some(&world.customer), &chat).await;
    let plan = &shown.data()["publicExperience"]["upsellPlan"];
    assert_eq!((&plan["initialPriceDue"], &plan["baseCurrency"]), (&json!(12.5), &json!("eur")));
    assert_eq!((&plan["planType"], &plan["visibility"]), (&json!("one_time"), &json!("hidden")));
    assert!(listed(&hall, Some(&world.customer)).await.contains(&chat.to_string()));
    let send = hall.send(&world.customer, &chat, "hello?").await;
    send.is_refused("NOT_FOUND", "There is no feed");

    let upsell = hall.upsell_pass(&chat).await;
    hall.membership(&world.customer, &upsell, MembershipStatus::Active, Some(NOW_MS + DAY_MS)).await;
    assert_eq!(hall.level(chat.as_str(), &world.customer).await, "customer");
    hall.say(&world.customer, &chat, "hello!").await;
    // The upsell alone opens nothing.
    let half = hall.person("half").await;
    hall.membership(&half, &upsell, MembershipStatus::Completed, None).await;
    assert_eq!(hall.level(chat.as_str(), &half).await, "no_access");
    look(&hall, Some(&half), &chat).await.is_refused("NOT_FOUND", "There is no experience");
    // When the upsell's time is over, so is the access.
    hall.at(DAY_MS);
    assert_eq!(hall.level(chat.as_str(), &world.customer).await, "no_access");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_from_the_upsell_closes_the_door_and_leaves_the_list_of_users() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let input =
        json!({"name": "Upstairs", "accessPassId": world.access_pass.as_str(), "price": {"initialPrice": 5}});
    let chat = hall.chat(input).await;
    let upsell = hall.upsell_pass(&chat).await;
    hall.membership(&world.customer, &upsell, MembershipStatus::Completed, None).await;
    let users = async || {
        let query = "query($id: ID!) { publicExperience(id: $id) { users { totalCount nodes { id } } } }";
        hall.run(None, query, json!({"id": chat.as_str()})).await.data()["publicExperience"]["users"]
            .to_string()
    };
    assert!(users().await.contains(world.customer.as_str()));
    let ban = json!({"input": {"userId": world.customer.as_str(), "accessPassId": upsell.as_str()}});
    hall.run(None, BAN, ban).await.data();
    assert_eq!(hall.level(chat.as_str(), &world.customer).await, "no_access");
    assert_eq!(hall.level(world.chat_experience.as_str(), &world.customer).await, "customer");
    assert!(!users().await.contains(world.customer.as_str()), "who may not enter is not listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_experience_is_nobodys_and_listed_nowhere() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let ends = NOW_MS / 1000 + 3600;
    let input = json!({"name": "For an hour", "accessPassId": world.access_pass.as_str(), "expiresAt": ends});
    let chat = hall.chat(input).await;
    hall.say(&world.customer, &chat, "while it lasts").await;
    hall.at(3_600_000 - 1);
    assert_eq!(hall.level(chat.as_str(), &world.customer).await, "customer");
    for user in [None, Some(&world.owner), Some(&world.customer)] {
        assert!(listed(&hall, user).await.contains(&chat.to_string()));
        look(&hall, user, &chat).await.data();
    }
    hall.at(3_600_000);
    for user in [&world.owner, &world.moderator, &world.agent, &world.customer] {
        assert_eq!(hall.level(chat.as_str(), user).await, "no_access", "{user}");
        assert!(!listed(&hall, Some(user)).await.contains(&chat.to_string()));
        look(&hall, Some(user), &chat).await.is_refused("NOT_FOUND", "There is no experience");
        hall.send(user, &chat, "anyone?").await.is_refused("NOT_FOUND", "There is no feed");
        let read = hall.read(user, "chat_feed", json!({"experienceId": chat.as_str()}), json!({})).await;
        read.is_refused("NOT_FOUND", "There is no chat");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_experience_on_no_pass_is_the_teams() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let chat = hall.chat(json!({"name": "Back office"})).await;
    for (user, level) in [
        (&world.owner, "admin"),
        (&world.moderator, "admin"),
        (&world.agent, "admin"),
        (&world.customer, "no_access"),
        (&world.stranger, "no_access"),
    ] {
        assert_eq!(hall.level(chat.as_str(), user).await, level, "{user}");
    }
    assert!(!listed(&hall, Some(&world.customer)).await.contains(&chat.to_string()));
    assert!(listed(&hall, Some(&world.moderator)).await.contains(&chat.to_string()));
    look(&hall, Some(&world.customer), &chat).await.is_refused("NOT_FOUND", "or you have no access to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_overrides_memberships_and_team_but_not_the_owner() {
    let hall = Hall::open().await;
    let world = &hall.world;
    for user in [&world.customer, &world.moderator] {
        hall.run(None, BAN, json!({"input": {"userId": user.as_str()}})).await.data();
        for thing in [world.company.as_str(), world.access_pass.as_str(), world.chat_experience.as_str()] {
            assert_eq!(hall.level(thing, user).await, "no_access", "{user}");
        }
        look(&hall, Some(user), &world.chat_experience)
            .await
            .is_refused("NOT_FOUND", "There is no experience");
        assert!(listed(&hall, Some(user)).await.is_empty());
        // A new membership does not help.
        hall.membership(user, &world.paid_access_pass, MembershipStatus::Active, None).await;
        assert_eq!(hall.level(world.paid_access_pass.as_str(), user).await, "no_access");
        hall.run(None, UNBAN, json!({"input": {"userId": user.as_str()}})).await.data();
    }
    assert_eq!(hall.level(world.company.as_str(), &world.customer).await, "customer");
    assert_eq!(hall.level(world.company.as_str(), &world.moderator).await, "admin");
    let refused = hall.run(None, BAN, json!({"input": {"userId": world.owner.as_str()}})).await;
    refused.is_refused("FORBIDDEN", "The owner can be neither banned nor muted");
    assert_eq!(hall.level(world.company.as_str(), &world.owner).await, "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_for_every_check_that_begins_after_it() {
    let hall = Arc::new(Hall::open().await);
    let user = hall.world.customer.clone();
    let stop = Arc::new(AtomicBool::new(false));
    // Checks all the while, so that whatever is remembered of access is remembered at the worst moments.
    let mut checking = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (hall, user, stop) = (Arc::clone(&hall), user.clone(), Arc::clone(&stop));
        checking.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                hall.level(hall.world.chat_experience.as_str(), &user).await;
            }
        });
    }
    for _ in 0..20 {
        for (change, level) in [(BAN, "no_access"), (UNBAN, "customer")] {
            hall.run(None, change, json!({"input": {"userId": user.as_str()}})).await.data();
            for _ in 0..3 {
                assert_eq!(hall.level(hall.world.chat_experience.as_str(), &user).await, level);
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(ended) = checking.join_next().await {
        ended.expect("checks are answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ban_from_a_pass_bars_that_pass_alone() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let user = hall.customer("twofold").await;
    hall.membership(&user, &world.paid_access_pass, MembershipStatus::Active, None).await;
    let paid = hall.experience(ExperienceKind::Chat, "Paid", &[&world.paid_access_pass], None).await;
    let either = hall
        .experience(ExperienceKind::Chat, "Either", &[&world.paid_access_pass, &world.access_pass], None)
        .await;
    let ban = json!({"input": {"userId": user.as_str(), "accessPassId": world.paid_access_pass.as_str()}});
    hall.run(None, BAN, ban).await.data();
    for (thing, level) in [
        (world.paid_access_pass.as_str(), "no_access"),
        (paid.as_str(), "no_access"),
        (either.as_str(), "customer"),
        (world.access_pass.as_str(), "customer"),
        (world.chat_experience.as_str(), "customer"),
        (world.company.as_str(), "customer"),
    ] {
        assert_eq!(hall.level(thing, &user).await, level, "{thing}");
    }
    hall.send(&user, &paid, "let me in").await.is_refused("FORBIDDEN", "You are banned here");
    hall.say(&user, &either, "the other door").await;
    // Who is banned from one pass learns nothing about what stands behind another.
    let other = hall.access_pass("other").await;
    let hidden = hall.experience(ExperienceKind::Chat, "Hidden", &[&other], None).await;
    hall.send(&user, &hidden, "hm").await.is_refused("NOT_FOUND", "There is no feed");
    let office = hall.chat(json!({"name": "Back office"})).await;
    hall.send(&user, &office, "hm").await.is_refused("NOT_FOUND", "There is no feed");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_of_the_wrong_kind_are_named() {
    let hall = Hall::open().await;
    let company: Value = json!({"id": hall.world.company.as_str()});
    hall.run(None, EXPERIENCE, company)
        .await
        .is_refused("INVALID_INPUT", "is not an experience id: those start with `exp_`");
    let unknown = UserId::from_stored("user_doesnotexist".into());
    assert_eq!(hall.level(hall.world.company.as_str(), &unknown).await, "no_access");
}
