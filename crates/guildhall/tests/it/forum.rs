//! Forum posts, comments, polls, pins and paywalls.

use crate::harness::Hall;
use crate::scene::{CREATE_POST, contents};
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{ExperienceId, Id};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::post::{FeedRules, WhoCanPost};
use serde_json::{Value, json};

const BAN: &str = "mutation($input: BanUserInput!) { banUser(input: $input) }";

/// A forum in which customers post too.
async fn open_forum(hall: &Hall) -> ExperienceId {
    let pass = &hall.world.access_pass;
    hall.experience(ExperienceKind::Forum, "Open", &[pass], Some(WhoCanPost::Everyone)).await
}

fn ids(posts: &[Value]) -> Vec<&str> {
    posts.iter().map(|post| post["id"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_are_the_team_s_unless_said_otherwise_and_comments_everyone_s() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let forum = &world.forum_experience;
    let refused = hall.write(&world.customer, forum, json!({"content": "me too"})).await;
    refused.is_refused("FORBIDDEN", "Only the team can post here.");
    for user in [&world.owner, &world.moderator, &world.agent] {
        hall.written(user, forum, json!({"content": "from the team"})).await;
    }
    let post =
        hall.written(&world.owner, forum, json!({"title": " Plans ", "content": " What next? "})).await;
    assert_eq!((&post["title"], &post["content"]), (&json!("Plans"), &json!("What next?")));
    let comment = hall
        .written(&world.customer, forum, json!({"content": "A shed, @hanna", "parentId": post["id"]}))
        .await;
    assert_eq!(
        (&comment["parentId"], &comment["mentionedUserIds"]),
        (&post["id"], &json!([world.owner.as_str()]))
    );
    let again =
        hall.written(&world.customer, forum, json!({"content": "Or two", "parentId": post["id"]})).await;
    let comments = hall.forum(&world.customer, forum, json!({"parent": post["id"]})).await;
    assert_eq!(
        ids(&comments),
        [again["id"].as_str().expect("an id"), comment["id"].as_str().expect("an id")]
    );
    let top = hall.forum(&world.customer, forum, json!({})).await;
    assert!(top.iter().all(|post| post["parentId"].is_null()), "comments stand under their posts");

    let open = open_forum(&hall).await;
    hall.written(&world.customer, &open, json!({"content": "mine"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_stand_in_the_order_of_messages() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let forum = open_forum(&hall).await;
    let user = hall.customer("writer").await;
    hall.written(&user, &forum, json!({"content": "first"})).await;
    let mut rules = FeedRules {
        who_can_post: WhoCanPost::Admins,
        cooldown_ms: 5_000,
        banned_words: vec!["spam".into()],
        ban_urls: true,
        ban_media: true,
    };
    hall.set_rules(&forum, rules.clone()).await;
    let long = "x".repeat(10_001);
    let worst = json!({"content": format!("spam https://x.example {long}"), "attachments": [{"id": "file_x"}], "title": "t".repeat(201)});
    let subject = json!({"input": {"userId": user.as_str()}});
    hall.run(None, BAN, subject.clone()).await.data();
    hall.write(&user, &forum, worst.clone()).await.is_refused("FORBIDDEN", "You are banned here");
    hall.run(None, "mutation($input: UnbanUserInput!) { unbanUser(input: $input) }", subject.clone())
        .await
        .data();
    let mute = "mutation($input: CreateCompanyMutedUserInput!) { createCompanyMutedUser(input: $input) }";
    hall.run(None, mute, subject.clone()).await.data();
    hall.write(&user, &forum, worst.clone())
        .await
        .is_refused("FORBIDDEN", "You are muted in this community.");
    let unmute = "mutation($input: DeleteCompanyMutedUserInput!) { deleteCompanyMutedUser(input: $input) }";
    hall.run(None, unmute, subject).await.data();
    hall.write(&user, &forum, worst.clone()).await.is_refused("FORBIDDEN", "Only the team can post here.");
    rules.who_can_post = WhoCanPost::Everyone;
    hall.set_rules(&forum, rules).await;
    hall.write(&user, &forum, worst.clone()).await.is_refused("FORBIDDEN", "wait 5 more seconds");
    hall.at(5_000);
    for (content, words) in [
        (worst["content"].clone(), "The word \"spam\" is not allowed here."),
        (json!(format!("https://x.example {long}")), "Links are not allowed here."),
        (json!(long), "Files are not allowed here."),
    ] {
        let mut input = worst.clone();
        input["content"] = content;
        hall.write(&user, &forum, input).await.is_refused("INVALID_INPUT", words);
    }
    hall.write(&user, &forum, json!({"content": long}))
        .await
        .is_refused("INVALID_INPUT", "10001 characters long");
    hall.write(&user, &forum, json!({"content": "  "}))
        .await
        .is_refused("INVALID_INPUT", "The message is empty.");
    let titled = json!({"content": "x", "title": "é".repeat(201)});
    hall.write(&user, &forum, titled)
        .await
        .is_refused("INVALID_INPUT", "`title` must be at most 200 characters");
    let longest = "é".repeat(200);
    let post = hall.written(&user, &forum, json!({"content": "x", "title": longest})).await;
    assert_eq!(post["title"], longest);
    hall.at(10_000);
    let untitled = hall.written(&user, &forum, json!({"content": "x", "title": "   "})).await;
    assert!(untitled["title"].is_null());

    let lapsed = hall.person("lapsed").await;
    hall.membership(&lapsed, &world.access_pass, MembershipStatus::Expired, None).await;
    let real = hall.write(&lapsed, &forum, json!({"content": "hi"})).await.refusal();
    let made_up = ExperienceId::from_stored("exp_doesnotexist".into());
    let unknown = hall.write(&lapsed, &made_up, json!({"content": "hi"})).await.refusal();
    assert_eq!((real.0.as_str(), real.1.replace(forum.as_str(), made_up.as_str())), ("NOT_FOUND", unknown.1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_or_does_not_fit_is_named() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let owner = &world.owner;
    let forum = &world.forum_experience;
    let run = |input: Value| hall.run(Some(owner), CREATE_POST, json!({"input": input}));
    run(json!({"content": "x"})).await.is_refused("INVALID_INPUT", "Name the forum");
    run(json!({"forumExperienceId": forum.as_str()})).await.is_refused("INVALID_INPUT", "needs `content`");
    let chat = json!({"content": "x", "experienceId": world.chat_experience.as_str()});
    run(chat).await.is_refused("NOT_FOUND", "There is no feed");
    let post = hall.written(owner, forum, json!({"content": "post"})).await;
    let comment =
        hall.written(&world.customer, forum, json!({"content": "comment", "parentId": post["id"]})).await;
    let under =
        hall.write(&world.customer, forum, json!({"content": "deeper", "parentId": comment["id"]})).await;
    under.is_refused("INVALID_INPUT", "Comments stand under posts, not under comments.");
    for extra in [
        json!({"title": "T"}),
        json!({"pinned": true}),
        json!({"poll": {"options": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]}}),
        json!({"paywallAmount": 5}),
    ] {
        let mut input = json!({"content": "comment", "parentId": post["id"]});
        for (name, value) in extra.as_object().expect("an object") {
            input[name] = value.clone();
        }
        hall.write(owner, forum, input)
            .await
            .is_refused("INVALID_INPUT", "A comment has no title, pin, poll or paywall.");
    }
    let other = open_forum(&hall).await;
    let elsewhere = hall.written(owner, &other, json!({"content": "elsewhere"})).await;
    for parent in [elsewhere["id"].clone(), json!("post_made_up")] {
        let refused = hall.write(owner, forum, json!({"content": "x", "parentId": parent})).await;
        refused.is_refused("NOT_FOUND", "There is no post");
        let read = hall
            .read(owner, "forum_feed", json!({"experienceId": forum.as_str()}), json!({"parent": parent}))
            .await;
        read.is_refused("NOT_FOUND", "There is no post");
    }
    for extra in [json!({"pinned": true}), json!({"paywallAmount": 5})] {
        let mut input = extra;
        input["content"] = json!("x");
        let refused = hall.write(&world.customer, &other, input).await;
        refused.is_refused("FORBIDDEN", "Only the team can pin posts or put a price on them.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_have_two_to_ten_options_in_order() {
    let hall = Hall::open().await;
    let (owner, forum) = (&hall.world.owner, &hall.world.forum_experience);
    let poll = |options: &[(&str, &str)]| {
        let options: Vec<Value> = options.iter().map(|(id, text)| json!({"id": id, "text": text})).collect();
        json!({"content": "Which?", "poll": {"options": options}})
    };
    hall.written(owner, forum, poll(&[("1", "oak"), ("2", "ash")])).await;
    let eleven: Vec<String> = (1..=11).map(|number| number.to_string()).collect();
    let eleven: Vec<(&str, &str)> = eleven.iter().map(|text| (text.as_str(), text.as_str())).collect();
    hall.written(owner, forum, poll(&eleven[..10])).await;
    for (input, words) in [
        (poll(&[]), "2 to 10"),
        (poll(&[("1", "oak")]), "2 to 10"),
        (poll(&eleven), "2 to 10"),
        (poll(&[("0", "oak"), ("1", "ash")]), "in order; \"1\" is missing"),
        (poll(&[("1", "oak"), ("3", "ash")]), "in order; \"2\" is missing"),
        (poll(&[("1", "oak"), ("2", "  ")]), "1 to 100 characters"),
        (poll(&[("1", "oak"), ("2", &"x".repeat(101))]), "1 to 100 characters"),
        (poll(&[("1", "oak"), ("2", " oak ")]), "say the same"),
    ] {
        hall.write(owner, forum, input).await.is_refused("INVALID_INPUT", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_paywall_only_the_title_is_open() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let forum = open_forum(&hall).await;
    let input = json!({"title": "The secret", "content": "Glue. And @mira", "paywallAmount": 2.5, "paywallCurrency": "eur"});
    let post = hall.written(&world.moderator, &forum, input).await;
    assert_eq!(post["content"], "Glue. And @mira", "its author reads it");
    hall.written(&world.owner, &forum, json!({"content": "Indeed, glue.", "parentId": post["id"]})).await;
    for (user, content, comments) in [
        (&world.owner, json!("Glue. And @mira"), 1),
        (&world.moderator, json!("Glue. And @mira"), 1),
        (&world.agent, json!("Glue. And @mira"), 1),
        (&world.customer, Value::Null, 0),
    ] {
        let read = &hall.forum(user, &forum, json!({})).await[0];
        assert_eq!((&read["title"], &read["content"]), (&json!("The secret"), &content));
        assert_eq!(hall.forum(user, &forum, json!({"parent": post["id"]})).await.len(), comments);
    }
    let withheld = "query($id: ID!) { feedPosts(feedType: forum_feed, experienceId: $id) {
      posts { ... on ForumPost { content richContent mentionedUserIds attachments { id } } } } }";
    let read = hall.run(Some(&world.customer), withheld, json!({"id": forum.as_str()})).await;
    let nothing = json!({"content": null, "richContent": null, "mentionedUserIds": [], "attachments": []});
    assert_eq!(read.data()["feedPosts"]["posts"][0], nothing);
    let refused =
        hall.write(&world.customer, &forum, json!({"content": "Glue?", "parentId": post["id"]})).await;
    refused.is_refused("FORBIDDEN", "Buy the post to comment it.");
    for (amount, currency, words) in [
        (json!(0.49), "usd", "`paywallAmount` must be at least 0.50 usd"),
        (json!(0), "usd", "`paywallAmount` must be at least"),
        (json!(-5), "usd", "`paywallAmount` must be at least"),
        (json!(49), "jpy", "`paywallAmount` must be at least 50 jpy"),
        (json!(50.5), "jpy", "jpy"),
        (json!(1.001), "usd", "usd"),
    ] {
        let input = json!({"content": "x", "paywallAmount": amount, "paywallCurrency": currency});
        hall.write(&world.owner, &forum, input).await.is_refused("INVALID_INPUT", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pins_come_first_and_no_page_leaves_a_gap() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let forum = open_forum(&hall).await;
    for number in 0..9 {
        let pinned = [0, 4, 5].contains(&number);
        hall.written(&world.owner, &forum, json!({"content": number.to_string(), "pinned": pinned})).await;
    }
    let all = ["5", "4", "0", "8", "7", "6", "3", "2", "1"];
    assert_eq!(contents(&hall.forum(&world.customer, &forum, json!({})).await), all);
    for limit in 1..=9 {
        let (mut read, mut before) = (Vec::new(), Value::Null);
        loop {
            let page = hall.forum(&world.customer, &forum, json!({"limit": limit, "before": before})).await;
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            before = last["id"].clone();
            read.extend(contents(&page));
        }
        assert_eq!(read, all, "in pages of {limit}");
    }
    let posts = hall.forum(&world.customer, &forum, json!({})).await;
    let newer = hall.forum(&world.customer, &forum, json!({"after": posts[6]["id"], "limit": 2})).await;
    assert_eq!(contents(&newer), ["7", "6"], "after the post 3, next to it");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_posts_and_pins_keep_their_places_and_take_no_comments() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let forum = open_forum(&hall).await;
    let former = hall.team_member("former", guildhall_core::permission::Role::Support).await;
    let first = hall.written(&former, &forum, json!({"title": "T", "content": "one", "pinned": true})).await;
    hall.written(&world.customer, &forum, json!({"content": "two"})).await;
    hall.written(&former, &forum, json!({"title": "T", "content": "three"})).await;
    let sweep = json!({"input": {"userId": former.as_str(), "deleteMessagesInFeedId": forum.as_str()}});
    hall.run(Some(&world.owner), BAN, sweep).await.data();
    let left = hall.forum(&world.customer, &forum, json!({})).await;
    assert_eq!(contents(&left), ["", "two", ""]);
    assert!(left[0]["isDeleted"] == true && left[2]["isDeleted"] == true);
    assert!(left[0]["title"].is_null() && left[2]["title"].is_null());
    let refused =
        hall.write(&world.customer, &forum, json!({"content": "why?", "parentId": first["id"]})).await;
    refused.is_refused("NOT_FOUND", "There is no post");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_shapes_of_the_published_clients_are_read() {
    use guildhall_client::{CreateForumPostInput, CreateForumPostVariables};
    let hall = Hall::open().await;
    let forum = hall.world.forum_experience.to_string();
    let input = CreateForumPostInput {
        forum_experience_id: Some(forum.clone()),
        content: Some("through the client".into()),
        ..CreateForumPostInput::default()
    };
    let post = hall.app().create_forum_post(CreateForumPostVariables { input }).await.expect("written");
    assert!(post.create_forum_post.is_some());
    let old = json!({"input": {"experienceId": forum, "forumPost": {"id": "new", "title": "Old", "content": "the oldest shape", "pinned": true}}});
    let old = hall.run(None, CREATE_POST, old).await;
    assert_eq!(
        (&old.data()["createForumPost"]["title"], &old.data()["createForumPost"]["pinned"]),
        (&json!("Old"), &json!(true))
    );
}
