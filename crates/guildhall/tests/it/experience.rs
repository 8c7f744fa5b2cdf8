//! Finding and creating chats and forums, and reading experiences.

use crate::harness::{Hall, NOW_MS};
use crate::scene::{CREATE_CHAT, CREATE_FORUM, DAY_MS, made};
use guildhall_client as client;
use guildhall_core::experience::ExperienceKind;
use guildhall_core::ids::{ExperienceId, Id};
use guildhall_core::membership::MembershipStatus;
use guildhall_core::permission::Permission;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::JoinSet;

async fn forum(hall: &Hall, input: Value) -> ExperienceId {
    made(&hall.run(None, CREATE_FORUM, json!({"input": input})).await, "createForum")
}

/// The passes an experience is attached to.
async fn passes(hall: &Hall, experience: &ExperienceId) -> Vec<Value> {
    let query = "query($id: ID!) { publicExperience(id: $id) { accessPasses { id } } }";
    let answered = hall.run(None, query, json!({"id": experience.as_str()})).await;
    let passes = answered.data()["publicExperience"]["accessPasses"].as_array().expect("a list").clone();
    passes.into_iter().map(|pass| pass["id"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_make_one() {
    let hall = Arc::new(Hall::open().await);
    for (query, field) in [(CREATE_CHAT, "createChat"), (CREATE_FORUM, "createForum")] {
        let mut tasks = JoinSet::new();
        for number in 0..20 {
            let hall = Arc::clone(&hall);
            let name = ["Straße Nord", "  straße nord", "STRASSE NORD ", "sTRAße nORD\n"][number % 4];
            let name = if number % 4 == 2 { "STRAßE NORD  " } else { name };
            tasks.spawn(async move {
                let input = json!({"name": name, "accessPassId": hall.world.access_pass.as_str()});
                made(&hall.run(None, query, json!({"input": input})).await, field)
            });
        }
        let ids: HashSet<ExperienceId> = tasks.join_all().await.into_iter().collect();
        assert_eq!(ids.len(), 1);
    }
    let query =
        "query($id: ID!) { company(id: $id) { experiencesV2(filter: {query: \"nord\"}) { totalCount } } }";
    let answered = hall.run(None, query, json!({"id": hall.world.company.as_str()})).await;
    assert_eq!(answered.data()["company"]["experiencesV2"]["totalCount"], 2, "one chat and one forum");
}

#[tokio::test(flavor = "multi_thread")]
async fn kind_pass_and_name_tell_experiences_apart() {
    let hall = Hall::open().await;
    let (free, paid) = (hall.world.access_pass.as_str(), hall.world.paid_access_pass.as_str());
    let on_free = hall.chat(json!({"name": "Lounge", "accessPassId": free})).await;
    let all = [
        on_free.clone(),
        hall.chat(json!({"name": "Lounge", "accessPassId": paid})).await,
        hall.chat(json!({"name": "Lounge"})).await,
        hall.chat(json!({"name": "Lounge 2", "accessPassId": free})).await,
        forum(&hall, json!({"name": "Lounge", "accessPassId": free})).await,
        forum(&hall, json!({"name": "Lounge"})).await,
    ];
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    assert_eq!(hall.chat(json!({"name": " lounge ", "accessPassId": free})).await, on_free);
    // What stood before anyone called is found too.
    assert_eq!(hall.chat(json!({"name": "general", "accessPassId": free})).await, hall.world.chat_experience);
    assert_eq!(
        forum(&hall, json!({"name": "NOTES", "accessPassId": free})).await,
        hall.world.forum_experience
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_found_one_is_returned_unchanged() {
    let hall = Hall::open().await;
    let pass = hall.world.access_pass.as_str();
    let chat = hall.chat(json!({"name": "Lounge", "accessPassId": pass})).await;
    let again = json!({
        "name": "LOUNGE", "accessPassId": pass, "whoCanPost": "admins",
        "expiresAt": NOW_MS / 1000 + 60, "price": {"initialPrice": 99},
    });
    assert_eq!(hall.chat(again).await, chat);
    hall.say(&hall.world.customer, &chat, "still open").await;
    hall.at(DAY_MS);
    hall.say(&hall.world.customer, &chat, "still there").await;
    let query = "query($id: ID!) { publicExperience(id: $id) { name upsellPlan { id } upsellType } }";
    let shown = hall.run(None, query, json!({"id": chat.as_str()})).await;
    assert_eq!(
        shown.data()["publicExperience"],
        json!({"name": "Lounge", "upsellPlan": null, "upsellType": null})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_its_time_a_new_one_is_made() {
    let hall = Hall::open().await;
    let input = |ends: i64| json!({"name": "Pop-up", "accessPassId": hall.world.access_pass.as_str(), "expiresAt": ends});
    let ends = NOW_MS / 1000 + 60;
    let first = hall.chat(input(ends)).await;
    hall.say(&hall.world.customer, &first, "first").await;
    hall.at(59_999);
    assert_eq!(hall.chat(input(ends + 60)).await, first);
    hall.at(60_000);
    let second = hall.chat(input(ends + 60)).await;
    assert_ne!(first, second);
    assert!(hall.messages(&hall.world.customer, &second, json!({})).await.is_empty());
    assert_eq!(hall.chat(input(ends + 60)).await, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_s_example_runs_as_it_stands() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let input = client::CreateChatInput {
        access_pass_id: Some(world.access_pass.to_string()),
        experience_id: Some(world.app_experience.to_string()),
        expires_at: Some(1_716_931_200),
        name: "some string".into(),
        price: Some(client::UpsellPlanInput {
            base_currency: Some(client::Currencies::Usd),
            custom_fields: Some(vec![client::CustomFieldInput {
                field_type: client::CustomFieldTypes::Text,
                id: Some("xxxxxxxxxxx".into()),
                name: "some string".into(),
                order: Some(10),
                placeholder: Some("some string".into()),
                required: Some(true),
            }]),
            expiration_days: Some(10),
            initial_price: Some(10.0),
            release_method: Some(client::ReleaseMethod::BuyNow),
        }),
        who_can_post: Some(client::WhoCanPostTypes::Admins),
        ..client::CreateChatInput::default()
    };
    let variables = client::FindOrCreateChatVariables { input };
    let made =
        hall.app().find_or_create_chat(variables.clone()).await.expect("made").create_chat.expect("a chat");
    assert_eq!(made.link, format!("{}/experiences/{}", hall.running.origin, made.id));
    let found = hall.app().find_or_create_chat(variables).await.expect("found").create_chat.expect("a chat");
    assert_eq!(found.id, made.id);

    let chat = ExperienceId::parse(&made.id).expect("an experience");
    let query = "query($id: ID!) { publicExperience(id: $id) {
      name upsellType accessPasses { id }
      upsellPlan { baseCurrency expirationDays initialPriceDue rawRenewalPrice planType releaseMethod visibility }
    } }";
    let shown = hall.run(Some(&world.customer), query, json!({"id": chat.as_str()})).await;
    assert_eq!(
        shown.data()["publicExperience"],
        json!({
            "name": "some string", "upsellType": "only_in_whop",
            "accessPasses": [{"id": world.access_pass.as_str()}],
            "upsellPlan": {
                "baseCurrency": "usd", "expirationDays": 10, "initialPriceDue": 10.0, "rawRenewalPrice": 0.0,
                "planType": "one_time", "releaseMethod": "buy_now", "visibility": "hidden",
            },
        })
    );
    let pass = hall.upsell_pass(&chat).await;
    hall.membership(&world.customer, &pass, MembershipStatus::Active, None).await;
    hall.send(&world.customer, &chat, "hi").await.is_refused("FORBIDDEN", "Only the team can post here.");
    hall.say(&world.moderator, &chat, "welcome").await;
    hall.at(1_716_931_200_000 - NOW_MS);
    assert_eq!(hall.level(chat.as_str(), &world.owner).await, "no_access");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsound_input_is_named_and_makes_nothing() {
    let hall = Hall::open().await;
    let pass = hall.world.access_pass.as_str();
    let now = NOW_MS / 1000;
    let price = |price: Value| json!({"name": "Priced", "accessPassId": pass, "price": price});
    let field = |name: &str| json!([{"fieldType": "text", "name": name}]);
    let one = json!({"fieldType": "text", "id": "f", "name": "Size"});
    let twice = json!([one, one]);
    for (input, words) in [
        (json!({"name": ""}), "`name` must be 1 to 100 characters long"),
        (json!({"name": " \n "}), "`name` must be 1 to 100 characters long"),
        (json!({"name": "é".repeat(101)}), "`name` must be 1 to 100 characters long"),
        (json!({"name": "a\u{7}b"}), "`name` must not hold control characters"),
        (json!({"name": "x", "expiresAt": now}), "`expiresAt` must lie ahead; it is in seconds"),
        (json!({"name": "x", "expiresAt": -1}), "`expiresAt` must lie ahead"),
        (json!({"name": "x", "expiresAt": NOW_MS + DAY_MS}), "in seconds since 1970, not milliseconds"),
        (json!({"name": "x", "expiresAt": i64::MAX}), "not milliseconds"),
        (json!({"name": "x", "accessPassId": "exp_x"}), "is not an access pass id: those start with `prod_`"),
        (json!({"name": "x", "experienceId": pass}), "is not an experience id"),
        (json!({"name": "x", "price": {"initialPrice": 5}}), "`price` needs a pass to stand on"),
        (price(json!({"initialPrice": -1})), "`initialPrice` must not be negative"),
        (price(json!({"initialPrice": 0.49})), "`initialPrice` must be zero or at least 0.50 usd"),
        (price(json!({"initialPrice": 1.234})), "usd"),
        (price(json!({"initialPrice": 10.5, "baseCurrency": "jpy"})), "jpy"),
        (price(json!({"initialPrice": 1e300})), ""),
        (price(json!({"expirationDays": 0})), "`expirationDays` must be 1 to 3650"),
        (price(json!({"expirationDays": 3651})), "`expirationDays` must be 1 to 3650"),
        (price(json!({"customFields": field(" ")})), "The `name` of a custom field is 1 to 255"),
        (price(json!({"customFields": twice})), "Two custom fields have the `id` `f`: give each its own."),
        (price(json!({"baseCurrency": "gold"})), "$input.price.baseCurrency is not a Currencies"),
        (price(json!({"releaseMethod": "lottery"})), "$input.price.releaseMethod is not a ReleaseMethod"),
        (json!({"name": "x", "whoCanPost": "nobody"}), "$input.whoCanPost is not a WhoCanPostTypes"),
        (json!({"accessPassId": pass}), "name"),
    ] {
        let answered = hall.create_chat(None, input.clone()).await;
        let (code, sentence) = answered.refusal();
        assert_eq!(code, "INVALID_INPUT", "{input}: {sentence}");
        assert!(sentence.contains(words), "{input}: {sentence}");
    }
    let query = "query($id: ID!) { company(id: $id) { experiencesV2 { totalCount } } }";
    let answered = hall.run(None, query, json!({"id": hall.world.company.as_str()})).await;
    assert_eq!(answered.data()["company"]["experiencesV2"]["totalCount"], 3, "the demo's own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_free_upsell_in_another_currency_stands() {
    let hall = Hall::open().await;
    let pass = hall.world.access_pass.as_str();
    let query = "query($id: ID!) { publicExperience(id: $id) { upsellPlan { baseCurrency initialPriceDue expirationDays releaseMethod } } }";
    for (name, price, plan) in [
        (
            "a",
            json!({}),
            json!({"baseCurrency": "usd", "initialPriceDue": 0.0, "expirationDays": null, "releaseMethod": "buy_now"}),
        ),
        (
            "b",
            json!({"baseCurrency": "kwd", "initialPrice": 1.234, "expirationDays": 3650, "releaseMethod": "waitlist"}),
            json!({"baseCurrency": "kwd", "initialPriceDue": 1.234, "expirationDays": 3650, "releaseMethod": "waitlist"}),
        ),
        (
            "c",
            json!({"baseCurrency": "jpy", "initialPrice": 500}),
            json!({"baseCurrency": "jpy", "initialPriceDue": 500.0, "expirationDays": null, "releaseMethod": "buy_now"}),
        ),
    ] {
        let chat = hall.chat(json!({"name": name, "accessPassId": pass, "price": price})).await;
        let shown = hall.run(None, query, json!({"id": chat.as_str()})).await;
        assert_eq!(shown.data()["publicExperience"]["upsellPlan"], plan);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_say_where() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    let (free, paid) = (world.access_pass.as_str(), world.paid_access_pass.as_str());
    let by_pass = hall.chat(json!({"name": "by pass", "accessPassId": paid})).await;
    assert_eq!(passes(&hall, &by_pass).await, [paid]);
    let both = [&world.paid_access_pass, &world.access_pass];
    let twofold = hall.experience(ExperienceKind::App, "Twofold", &both, None).await;
    let by_experience = hall.chat(json!({"name": "by experience", "experienceId": twofold.as_str()})).await;
    assert_eq!(passes(&hall, &by_experience).await, [paid], "the experience's first pass");
    let pass_first = json!({"name": "pass first", "accessPassId": free, "experienceId": twofold.as_str()});
    assert_eq!(passes(&hall, &hall.chat(pass_first).await).await, [free]);
    let of_none = hall.chat(json!({"name": "own company"})).await;
    assert_eq!(passes(&hall, &of_none).await, Vec::<Value>::new());
    let beside = hall.chat(json!({"name": "beside", "experienceId": of_none.as_str()})).await;
    assert_eq!(passes(&hall, &beside).await, Vec::<Value>::new(), "beside one that is on no pass");

    // Another company's, where the app is installed and was granted it.
    hall.install(&foreign, &[Permission::ExperienceCreate, Permission::ExperienceAttach]).await;
    let company = async |chat: &ExperienceId| {
        let query = "query($id: ID!) { publicExperience(id: $id) { company { id } } }";
        let shown = hall.run_with(&foreign.key, None, query, json!({"id": chat.as_str()})).await;
        shown.data()["publicExperience"]["company"]["id"].as_str().expect("an id").to_owned()
    };
    let bearer = format!("Bearer {}", foreign.key);
    let body = json!({"query": CREATE_CHAT, "variables": {"input": {"name": "where"}}});
    let own = made(&hall.post(&[("authorization", &bearer)], &body).await, "createChat");
    assert_eq!(company(&own).await, foreign.company.as_str());
    let headers = [("authorization", bearer.as_str()), ("x-company-id", world.company.as_str())];
    let named = made(&hall.post(&headers, &body).await, "createChat");
    assert_eq!(company(&named).await, world.company.as_str());
    let input = json!({"name": "where", "accessPassId": free});
    let on_pass = hall.run_with(&foreign.key, None, CREATE_CHAT, json!({"input": input})).await;
    assert_eq!(company(&made(&on_pass, "createChat")).await, world.company.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_elsewhere_reads_like_what_is_not_there() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let world = &hall.world;
    let ask = async |query: &str, variables: Value| {
        hall.run_with(&foreign.key, None, query, variables).await.refusal()
    };
    for (real, made_up, argument) in [
        (world.access_pass.as_str(), "prod_doesnotexist", "accessPassId"),
        (world.app_experience.as_str(), "exp_doesnotexist", "experienceId"),
    ] {
        for query in [CREATE_CHAT, CREATE_FORUM] {
            let (code, sentence) = ask(query, json!({"input": {"name": "x", argument: real}})).await;
            let unknown = ask(query, json!({"input": {"name": "x", argument: made_up}})).await;
            assert_eq!(code, "NOT_FOUND");
            assert_eq!((code, sentence.replace(real, made_up)), unknown);
        }
    }
    let look = "query($id: ID!) { publicExperience(id: $id) { name } }";
    let (code, sentence) = ask(look, json!({"id": world.chat_experience.as_str()})).await;
    let unknown = ask(look, json!({"id": "exp_doesnotexist"})).await;
    assert_eq!((code, sentence.replace(world.chat_experience.as_str(), "exp_doesnotexist")), unknown);
    let list = "query($id: ID!) { company(id: $id) { experiencesV2 { totalCount nodes { id } } } }";
    let answered = hall.run_with(&foreign.key, None, list, json!({"id": world.company.as_str()})).await;
    assert_eq!(answered.data()["company"]["experiencesV2"], json!({"totalCount": 0, "nodes": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_neighbour_gives_no_place() {
    let hall = Hall::open().await;
    let pass = hall.world.access_pass.as_str();
    let gone =
        hall.chat(json!({"name": "gone", "accessPassId": pass, "expiresAt": NOW_MS / 1000 + 60})).await;
    hall.at(60_000);
    let refused = hall.create_chat(None, json!({"name": "beside", "experienceId": gone.as_str()})).await;
    refused.is_refused("NOT_FOUND", "There is no experience");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_and_filter() {
    let hall = Hall::open().await;
    let world = &hall.world;
    for number in 0..5 {
        hall.at(number + 1);
        hall.chat(json!({"name": format!("Room {number}"), "accessPassId": world.paid_access_pass.as_str()}))
            .await;
    }
    let query =
        "query($id: ID!, $first: Int, $after: String, $filter: ExperienceFilters) { company(id: $id) {
      experiencesV2(first: $first, after: $after, filter: $filter) {
        totalCount nodes { name } pageInfo { endCursor hasNextPage hasPreviousPage }
      } } }";
    let ask = async |user, more: Value| {
        let mut variables = json!({"id": world.company.as_str()});
        for (name, value) in more.as_object().expect("an object") {
            variables[name] = value.clone();
        }
        hall.run(user, query, variables).await
    };
    let list = |answered: &crate::harness::Answered| answered.data()["company"]["experiencesV2"].clone();
    let (mut names, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = list(&ask(None, json!({"first": 3, "after": after})).await);
        assert_eq!(page["totalCount"], 8);
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        names.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    // The demo's three were made in one moment, so their order is open.
    names[..3].sort_by_key(ToString::to_string);
    assert_eq!(
        names,
        ["Bench Planner", "General", "Notes", "Room 0", "Room 1", "Room 2", "Room 3", "Room 4"]
    );
    let paid = json!({"filter": {"accessPassId": world.paid_access_pass.as_str(), "query": "OOM 3"}});
    assert_eq!(list(&ask(None, paid).await)["nodes"], json!([{"name": "Room 3"}]));
    assert_eq!(list(&ask(None, json!({"filter": {"onAccessPass": false}})).await)["totalCount"], 0);
    // A customer's list holds what the customer's passes open.
    assert_eq!(list(&ask(Some(&world.customer), json!({"first": 2})).await)["totalCount"], 3);
    ask(None, json!({"first": -1})).await.is_refused("INVALID_INPUT", "`first` must not be negative");
    ask(None, json!({"after": "Room 1"}))
        .await
        .is_refused("INVALID_INPUT", "`after` is not a cursor of this list");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_of_an_experience_are_those_who_may_enter() {
    let hall = Hall::open().await;
    let world = &hall.world;
    let query = "query($id: ID!, $first: Int, $after: String, $before: String, $query: String, $direction: Direction) {
      publicExperience(id: $id) {
        users(first: $first, after: $after, before: $before, query: $query, direction: $direction) {
          totalCount nodes { id username } pageInfo { endCursor hasNextPage hasPreviousPage }
        }
    } }";
    let ask = async |user, more: Value| {
        let mut variables = json!({"id": world.chat_experience.as_str()});
        for (name, value) in more.as_object().expect("an object") {
            variables[name] = value.clone();
        }
        hall.run(user, query, variables).await
    };
    let lapsed = hall.person("lapsed").await;
    hall.membership(&lapsed, &world.access_pass, MembershipStatus::Expired, None).await;
    let first = ask(Some(&world.customer), json!({"first": 10})).await;
    let users = &first.data()["publicExperience"]["users"];
    assert_eq!((&users["totalCount"], &users["pageInfo"]["hasNextPage"]), (&json!(14), &json!(true)));
    let second = ask(None, json!({"first": 10, "after": users["pageInfo"]["endCursor"]})).await;
    let rest = &second.data()["publicExperience"]["users"];
    assert_eq!(rest["nodes"].as_array().map(Vec::len), Some(4));
    assert_eq!(rest["pageInfo"]["hasNextPage"], false);
    // Between two users lies what is between them, from either side; `before` alone asks for the nearest.
    for direction in ["asc", "desc"] {
        let page = async |more: Value| {
            let mut asked = json!({"direction": direction});
            for (name, value) in more.as_object().expect("an object") {
                asked[name] = value.clone();
            }
            ask(None, asked).await.data()["publicExperience"]["users"].clone()
        };
        let whole = page(json!({})).await["nodes"].as_array().expect("nodes").clone();
        let (after, before) = (&whole[2]["id"], &whole[8]["id"]);
        let between = page(json!({"after": after, "before": before})).await;
        assert_eq!(between["nodes"], json!(whole[3..8]), "{direction}");
        let some = page(json!({"after": after, "before": before, "first": 2})).await;
        assert_eq!(some["nodes"], json!(whole[3..5]), "{direction}");
        assert_eq!(some["pageInfo"]["hasNextPage"], true);
        let nearest = page(json!({"before": before, "first": 2})).await;
        assert_eq!(nearest["nodes"], json!(whole[6..8]), "{direction}");
        assert_eq!(nearest["pageInfo"]["hasPreviousPage"], true);
    }
    let one = ask(None, json!({"query": "mi"})).await;
    assert_eq!(one.data()["publicExperience"]["users"]["nodes"][0]["username"], "mira");
    ask(Some(&lapsed), json!({})).await.is_refused("NOT_FOUND", "There is no experience");
}
