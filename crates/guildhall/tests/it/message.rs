//! Sending messages into chats and reading them back.

use crate::harness::Hall;
use crate::scene::{DAY_MS, SEND, contents, posts, reading};
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::permission::Role;
use guildhall_core::post::{FeedRules, WhoCanPost};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::JoinSet;

const MUTE: &str = "mutation($input: CreateCompanyMutedUserInput!) { createCompanyMutedUser(input: $input) }";
const UNMUTE: &str =
    "mutation($input: DeleteCompanyMutedUserInput!) { deleteCompanyMutedUser(input: $input) }";
const BAN: &str = "mutation($input: BanUserInput!) { banUser(input: $input) }";
const UNBAN: &str = "mutation($input: UnbanUserInput!) { unbanUser(input: $input) }";

#[tokio::test(flavor = "multi_thread")]
async fn refusals_stand_in_their_order_each_with_its_sentence() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let chat = hall.experience(ExperienceKind::Chat, "Strict", &[&world.access_pass], None).await;
    let user = hall.customer("wrong-in-every-way").await;
    hall.say(&user, &chat, "an innocent start").await;
    let mut rules = FeedRules {
        who_can_post: WhoCanPost::Admins,
        cooldown_ms: 10_000,
        banned_words: vec!["Snake Oil".into(), "spam".into()],
        ban_urls: true,
        ban_media: true,
    };
    hall.set_rules(&chat, rules.clone()).await;
    let long = "x".repeat(10_001);
    let send = async |message: &str, files: Value| {
        let input = json!({"experienceId": chat.as_str(), "message": message, "attachments": files});
        hall.run(Some(&user), SEND, json!({"input": input})).await
    };
    let worst = format!(" SPAM https://spam.example {long}");
    let file = json!([{"id": "file_made_up"}]);
    let subject = json!({"input": {"userId": user.as_str()}});

    hall.run(None, MUTE, subject.clone()).await.data();
    hall.run(None, BAN, subject.clone()).await.data();
    send(&worst, file.clone()).await.is_refused("FORBIDDEN", "You are banned here and cannot post.");
    hall.run(None, UNBAN, subject.clone()).await.data();
    send(&worst, file.clone()).await.is_refused("FORBIDDEN", "You are muted in this community.");
    let until = json!({"input": {"userId": user.as_str(), "mutedUntil": hall.clock.now_ms() / 1000 + 60}});
    hall.run(None, MUTE, until).await.data();
    let sentence = format!(
        "You are muted in this community until {} (seconds since 1970).",
        hall.clock.now_ms() / 1000 + 60
    );
    send(&worst, file.clone()).await.is_refused("FORBIDDEN", &sentence);
    hall.run(None, UNMUTE, subject).await.data();
    send(&worst, file.clone()).await.is_refused("FORBIDDEN", "Only the team can post here.");
    rules.who_can_post = WhoCanPost::Everyone;
    hall.set_rules(&chat, rules).await;
    hall.at(1);
    send(&worst, file.clone())
        .await
        .is_refused("FORBIDDEN", "You are posting too fast: wait 10 more seconds.");
    hall.at(9_999);
    send(&worst, file.clone()).await.is_refused("FORBIDDEN", "wait 1 more seconds");
    hall.at(10_000);
    send(&worst, file.clone()).await.is_refused("INVALID_INPUT", "The word \"spam\" is not allowed here.");
    let linked = format!("see spam-free.example.com/x {long}").replace("spam-free", "free");
    send(&linked, file.clone()).await.is_refused("INVALID_INPUT", "Links are not allowed here.");
    send(&long, file.clone()).await.is_refused("INVALID_INPUT", "Files are not allowed here.");
    send(&long, json!([]))
        .await
        .is_refused("INVALID_INPUT", "The message is 10001 characters long; 10000 is the most.");
    send(" \n\t ", json!([])).await.is_refused("INVALID_INPUT", "The message is empty.");
    // None of the refused ones started the cooldown or took a place.
    send("spammers and snake oils are other words", json!([])).await.data();
    assert_eq!(hall.messages(&user, &chat, json!({})).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_access_comes_before_everything() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let lapsed = hall.person("lapsed").await;
    hall.membership(&lapsed, &world.access_pass, MembershipStatus::Expired, None).await;
    hall.run(None, MUTE, json!({"input": {"userId": lapsed.as_str()}})).await.data();
    let real = hall.send(&lapsed, &world.chat_experience, "").await;
    real.is_refused("NOT_FOUND", "or you have no access to it");
    let made_up = json!({"input": {"experienceId": "exp_doesnotexist", "message": ""}});
    let unknown = hall.run(Some(&lapsed), SEND, made_up).await.refusal();
    assert_eq!(real.refusal().1.replace(world.chat_experience.as_str(), "exp_doesnotexist"), unknown.1);
    // A ban of somebody who has no access anyway changes nothing to see.
    hall.run(None, BAN, json!({"input": {"userId": lapsed.as_str()}})).await.data();
    assert_eq!(hall.send(&lapsed, &world.chat_experience, "").await.refusal(), real.refusal());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_team_is_exempt_from_the_feed_s_rules_but_not_from_mutes() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let chat = &world.chat_experience;
    let strict = FeedRules {
        who_can_post: WhoCanPost::Admins,
        cooldown_ms: DAY_MS,
        banned_words: vec!["spam".into()],
        ban_urls: true,
        ban_media: true,
    };
    hall.set_rules(chat, strict).await;
    for user in [&world.owner, &world.moderator, &world.agent] {
        hall.say(user, chat, "no spam, see https://example.com").await;
        hall.say(user, chat, "and again at once").await;
    }
    hall.run(None, MUTE, json!({"input": {"userId": world.moderator.as_str()}})).await.data();
    hall.send(&world.moderator, chat, "hm").await.is_refused("FORBIDDEN", "You are muted");
}

#[tokio::test(flavor = "multi_thread")]
async fn length_counts_characters_after_trimming() {
    let hall = Hall::open().await;
    let (user, chat) = (&hall.world.customer, &hall.world.chat_experience);
    for message in [
        "x".to_owned(),
        "😀".repeat(10_000),
        format!("  {}\n\n", "é".repeat(10_000)),
        "  kept inside  ".into(),
    ] {
        let id = hall.say(user, chat, &message).await;
        let newest = &hall.messages(user, chat, json!({"limit": 1})).await[0];
        assert_eq!(newest["id"], id.as_str());
        assert_eq!(newest["content"], message.trim());
    }
    let sentence = "The message is 10001 characters long; 10000 is the most.";
    hall.send(user, chat, &"😀".repeat(10_001)).await.is_refused("INVALID_INPUT", sentence);
    hall.send(user, chat, &format!(" {} ", "x".repeat(10_001))).await.is_refused("INVALID_INPUT", sentence);
    for empty in ["", "   ", "\u{a0}\n"] {
        hall.send(user, chat, empty).await.is_refused("INVALID_INPUT", "The message is empty.");
    }
    let file =
        json!({"experienceId": chat.as_str(), "message": "see", "attachments": [{"id": "file_made_up"}]});
    hall.run(Some(user), SEND, json!({"input": file}))
        .await
        .is_refused("NOT_FOUND", "There is no attachment `file_made_up`");
    let none = json!({"experienceId": chat.as_str(), "message": "see", "attachments": [{}]});
    hall.run(Some(user), SEND, json!({"input": none}))
        .await
        .is_refused("INVALID_INPUT", "needs `directUploadId` or `id`");
    let many: Vec<Value> = (0..21).map(|_| json!({"id": "file_made_up"})).collect();
    let many = json!({"experienceId": chat.as_str(), "message": "see", "attachments": many});
    hall.run(Some(user), SEND, json!({"input": many})).await.is_refused("INVALID_INPUT", "at most 20 files");
}

#[tokio::test(flavor = "multi_thread")]
async fn mentions_name_users_and_only_the_team_calls_everyone() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let chat = &world.chat_experience;
    let text = "@Jun and @jun, not me@example.com, not @nobody-here, but @everyone and (@HANNA).";
    for (user, everyone) in [(&world.customer, false), (&world.moderator, true), (&world.agent, true)] {
        hall.say(user, chat, text).await;
        let newest = &hall.messages(user, chat, json!({"limit": 1})).await[0];
        assert_eq!(newest["mentionedUserIds"], json!([world.moderator.as_str(), world.owner.as_str()]));
        assert_eq!(newest["isEveryoneMentioned"], everyone);
    }
    hall.say(&world.customer, chat, "nobody").await;
    let newest = &hall.messages(&world.customer, chat, json!({"limit": 1})).await[0];
    assert_eq!((&newest["mentionedUserIds"], &newest["isEveryoneMentioned"]), (&json!([]), &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_to_one_place_that_is_a_chat() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let send = |input: Value| hall.run(Some(&world.customer), SEND, json!({"input": input}));
    send(json!({"message": "hi"}))
        .await
        .is_refused("INVALID_INPUT", "Name a feed: give `feedId` or `experienceId`");
    let two = json!({"message": "hi", "experienceId": world.chat_experience.as_str(), "toUserId": "jun"});
    send(two).await.is_refused("INVALID_INPUT", "A message goes to one place");
    let forum = json!({"message": "hi", "experienceId": world.forum_experience.as_str()});
    hall.run(None, SEND, json!({"input": forum}))
        .await
        .is_refused("INVALID_INPUT", "is a forum: write there with `createForumPost`");
    let app = json!({"message": "hi", "experienceId": world.app_experience.as_str()});
    send(app).await.is_refused("NOT_FOUND", "There is no feed");
    let wrong = json!({"message": "hi", "experienceId": world.company.as_str()});
    send(wrong).await.is_refused("INVALID_INPUT", "is not an experience id");
    // Early clients send a chat's experience as its feed.
    send(json!({"message": "by feed", "feedId": world.chat_experience.as_str()})).await.data();
    let newest = &hall.messages(&world.customer, &world.chat_experience, json!({"limit": 1})).await[0];
    assert_eq!(newest["content"], "by feed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_senders_leave_one_gap_free_order() {
    const SENDERS: usize = 64;
    const EACH: usize = 5;
    let hall = Arc::new(Hall::open().await);
    let chat = hall.chat(json!({"name": "Busy", "accessPassId": hall.world.access_pass.as_str()})).await;
    let first = hall.say(&hall.world.owner, &chat, "first").await;
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        let (hall, chat) = (Arc::clone(&hall), chat.clone());
        senders.spawn(async move {
            let user = hall.customer(&format!("sender-{number}")).await;
            let mut sent = Vec::new();
            for count in 0..EACH {
                sent.push((hall.say(&user, &chat, &format!("{number}.{count}")).await, user.clone()));
            }
            sent
        });
    }
    // Somebody reads on from the last message seen, all the while.
    let (mut seen, mut last) = (Vec::new(), first.clone());
    while seen.len() < SENDERS * EACH {
        let page = hall.messages(&hall.world.owner, &chat, json!({"after": last, "limit": 7})).await;
        assert!(page.len() <= 7);
        seen.extend(page.iter().rev().map(|post| post["id"].as_str().expect("an id").to_owned()));
        last = seen.last().unwrap_or(&first).clone();
    }
    let sent: Vec<(String, UserId)> = senders.join_all().await.into_iter().flatten().collect();
    let acknowledged: HashSet<&str> = sent.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(acknowledged.len(), SENDERS * EACH);
    assert_eq!(seen.len(), SENDERS * EACH, "each once");
    assert_eq!(seen.iter().map(String::as_str).collect::<HashSet<_>>(), acknowledged);

    // Paging back gives the same order the other way round, for any size of page.
    for limit in [1000, 50, 13] {
        let (mut back, mut before) = (Vec::new(), Value::Null);
        loop {
            let page =
                hall.messages(&hall.world.customer, &chat, json!({"before": before, "limit": limit})).await;
            assert!(page.len() <= 200);
            let Some(oldest) = page.last() else { break };
            before = oldest["id"].clone();
            back.extend(page.iter().map(|post| post["id"].as_str().expect("an id").to_owned()));
        }
        assert_eq!(back.pop().as_deref(), Some(first.as_str()));
        back.reverse();
        assert_eq!(back, seen);
    }
    // One sender's messages stand in the order of sending.
    let place = |id: &str| seen.iter().position(|seen| seen == id);
    for own in sent.chunks(EACH) {
        assert!(own.windows(2).all(|pair| place(&pair[0].0) < place(&pair[1].0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_bounds_and_cursors_of_their_own_feed() {
    let hall = Hall::open().await;
    let (world, user) = (&hall.world, &hall.world.customer);
    let chat = hall.chat(json!({"name": "Long", "accessPassId": world.access_pass.as_str()})).await;
    let mut ids = Vec::new();
    for number in 0..60 {
        ids.push(hall.say(user, &chat, &number.to_string()).await);
    }
    let newest_first: Vec<String> = (0..60).rev().map(|number| number.to_string()).collect();
    let page = async |page: Value| contents(&hall.messages(user, &chat, page).await);
    assert_eq!(page(json!({})).await, newest_first[..50], "the newest fifty without a limit");
    assert_eq!(page(json!({"limit": 5000})).await, newest_first);
    assert_eq!(page(json!({"limit": 0})).await, Vec::<String>::new());
    assert_eq!(page(json!({"limit": 2, "before": ids[58]})).await, ["57", "56"]);
    assert_eq!(page(json!({"limit": 2, "after": ids[0]})).await, ["2", "1"], "those next to the cursor");
    assert_eq!(page(json!({"after": ids[3], "before": ids[6]})).await, ["5", "4"]);
    assert_eq!(page(json!({"before": ids[0]})).await, Vec::<String>::new());
    assert_eq!(page(json!({"after": ids[59]})).await, Vec::<String>::new());

    let read =
        async |page: Value| hall.read(user, "chat_feed", json!({"experienceId": chat.as_str()}), page).await;
    read(json!({"limit": -1})).await.is_refused("INVALID_INPUT", "`limit` must not be negative");
    read(json!({"before": "yesterday"})).await.is_refused("INVALID_INPUT", "is not a post id");
    read(json!({"before": "post_made_up"})).await.is_refused("NOT_FOUND", "There is no post");
    let elsewhere = &hall.messages(user, &world.chat_experience, json!({"limit": 1})).await[0]["id"];
    read(json!({"after": elsewhere})).await.is_refused("NOT_FOUND", "There is no post");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_read_by_those_inside() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    let feed = json!({"experienceId": world.chat_experience.as_str()});
    let read = hall.read(&world.customer, "forum_feed", feed.clone(), json!({})).await;
    read.is_refused("NOT_FOUND", "There is no forum");
    let read = hall.read(&world.customer, "livestream_feed", feed.clone(), json!({})).await;
    read.is_refused("INVALID_INPUT", "There are no feeds of the type `livestream_feed`");
    let read = hall.read(&world.customer, "chat_feed", json!({}), json!({})).await;
    read.is_refused("INVALID_INPUT", "Name a feed");
    let lapsed = hall.person("lapsed").await;
    hall.membership(&lapsed, &world.access_pass, MembershipStatus::Expired, None).await;
    hall.read(&lapsed, "chat_feed", feed.clone(), json!({}))
        .await
        .is_refused("NOT_FOUND", "There is no chat");

    let ask = async |id: &str| {
        let variables = reading("chat_feed", json!({"experienceId": id}), json!({}));
        let refused = hall.run_with(&foreign.key, None, crate::scene::READ, variables).await.refusal();
        (refused.0, refused.1.replace(id, "…"))
    };
    assert_eq!(ask(world.chat_experience.as_str()).await, ask("exp_doesnotexist").await);
    let send = async |id: &str| {
        let variables = json!({"input": {"experienceId": id, "message": "hi"}});
        let refused = hall.run_with(&foreign.key, None, SEND, variables).await.refusal();
        assert_eq!(refused.0, "NOT_FOUND");
        refused.1.replace(id, "…")
    };
    assert_eq!(send(world.chat_experience.as_str()).await, send("exp_doesnotexist").await);
    let anonymous = json!({"query": crate::scene::READ, "variables": reading("chat_feed", feed, json!({}))});
    hall.post(&[], &anonymous).await.is_refused("UNAUTHENTICATED", "needs a caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_messages_keep_their_places_empty() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let chat = hall.chat(json!({"name": "Swept", "accessPassId": world.access_pass.as_str()})).await;
    let rude = hall.customer("rude").await;
    let mut ids = Vec::new();
    for (user, text) in
        [(&world.customer, "hello"), (&rude, "boo"), (&world.customer, "hm"), (&rude, "boo @jun")]
    {
        ids.push(hall.say(user, &chat, text).await);
    }
    let sweep = json!({"input": {"userId": rude.as_str(), "deleteMessagesInFeedId": chat.as_str()}});
    hall.run(Some(&world.moderator), BAN, sweep).await.data();
    let left = hall.messages(&world.customer, &chat, json!({})).await;
    assert_eq!(contents(&left), ["", "hm", "", "hello"]);
    let deleted: Vec<&Value> = left.iter().map(|post| &post["isDeleted"]).collect();
    assert_eq!(deleted, [true, false, true, false]);
    let listed: Vec<&str> = left.iter().rev().map(|post| post["id"].as_str().expect("an id")).collect();
    assert_eq!(listed, ids);
    assert_eq!(
        contents(&hall.messages(&world.customer, &chat, json!({"before": ids[3], "limit": 2})).await),
        ["hm", ""]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_post_holds_by_role() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let input =
        json!({"name": "Announcements", "accessPassId": world.access_pass.as_str(), "whoCanPost": "admins"});
    let chat = hall.chat(input).await;
    let support = hall.team_member("helper", Role::Support).await;
    for user in [&world.owner, &world.moderator, &world.agent, &support] {
        hall.say(user, &chat, "hear, hear").await;
    }
    hall.send(&world.customer, &chat, "me too").await.is_refused("FORBIDDEN", "Only the team can post here.");
    let read =
        hall.read(&world.customer, "chat_feed", json!({"experienceId": chat.as_str()}), json!({})).await;
    assert_eq!(posts(&read).len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_client_sends_and_lists() {
    use guildhall_client::{
        ListMessagesFromChatFeedPostsPosts, ListMessagesFromChatVariables, SendMessageToChatVariables,
    };
    let hall = Hall::open().await;
    let api = hall.acting_for(&hall.world.customer);
    let chat = hall.world.chat_experience.to_string();
    let message = SendMessageToChatVariables {
        experience_id: chat.clone(),
        message: "**hi** <b>all</b>".into(),
        attachments: None,
    };
    let sent = api.send_message_to_chat(message).await.expect("sent").send_message.expect("an id");
    let variables = ListMessagesFromChatVariables { chat_experience_id: Some(chat) };
    let posts =
        api.list_messages_from_chat(variables).await.expect("listed").feed_posts.expect("a page").posts;
    let ListMessagesFromChatFeedPostsPosts::DmsPost(newest) = &posts[0] else { panic!("{:?}", posts[0]) };
    assert_eq!((newest.id.as_str(), newest.content.as_deref()), (sent.as_str(), Some("**hi** <b>all</b>")));
    assert_eq!(newest.user.username, "mira");
    assert!(newest.rich_content.as_deref().is_some_and(|tree| tree.contains("\"hi\"")));
}
