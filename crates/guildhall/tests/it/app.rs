//! Apps: made, read, listed and changed by their developers.

use crate::harness::{Answered, Hall};
use guildhall_client as client;
use guildhall_core::ids::{Id, UserId};
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

pub(crate) const CREATE: &str = "mutation($input: CreateAppInput!) { createApp(input: $input) {
  id name description status baseUrl usingDefaultIcon company { id } accessPass { id }
  apiKeys { nodes { id token createdAt } } agentUsers { nodes { id name username email } }
} }";
const UPDATE: &str = "mutation($input: UpdateAppInput!) { updateApp(input: $input) }";
const GET: &str = "query($company: ID!, $app: ID!) { company(id: $company) { app(id: $app) {
  id name description status baseUrl baseDevUrl experiencePath usingDefaultIcon stats { dau }
  icon { id } hub: viewPath(viewType: hub) discover: viewPath(viewType: discover)
  dashboard: viewPath(viewType: dashboard) seller: viewPath(viewType: seller)
  apiKeys { nodes { id token } } agentUsers { nodes { id username } }
  accessPass { id marketplaceStatus activeMembershipsCount marketplaceCategory(level: 1) { name } }
} } }";
const LIST: &str = "query($company: ID!, $after: String, $before: String, $first: Int, $last: Int) {
  company(id: $company) { apps(after: $after, before: $before, first: $first, last: $last) {
    totalCount pageInfo { startCursor endCursor hasNextPage hasPreviousPage } nodes { id name }
  } }
}";

/// Makes an app as the demo company's agent.
pub(crate) async fn make(hall: &Hall, input: Value) -> Value {
    hall.run(None, CREATE, json!({"input": input})).await.data()["createApp"].clone()
}

async fn get(hall: &Hall, app: &Value) -> Value {
    let variables = json!({"company": hall.world.company.as_str(), "app": app});
    hall.run(None, GET, variables).await.data()["company"]["app"].clone()
}

async fn update(hall: &Hall, user: Option<&UserId>, app: &Value, changes: Value) -> Answered {
    let mut input = changes;
    input["id"] = app.clone();
    hall.run(user, UPDATE, json!({"input": input})).await
}

async fn list(hall: &Hall, page: Value) -> Value {
    let mut variables = page;
    variables["company"] = json!(hall.world.company.as_str());
    hall.run(None, LIST, variables).await.data()["company"]["apps"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_comes_with_an_agent_a_pass_and_a_key_that_is_shown_once() {
    let hall = Hall::open().await;
    let variables = client::CreateAppVariables {
        input: client::CreateAppInput {
            name: "  Tool Library ".into(),
            base_url: Some("https://tools.example.com/".into()),
            client_mutation_id: None,
            company_id: Some(hall.world.company.to_string()),
        },
    };
    let made = hall.app().create_app(variables).await.expect("made").create_app.expect("an app");
    assert_eq!(
        (made.name.as_str(), made.base_url.as_deref()),
        ("Tool Library", Some("https://tools.example.com"))
    );
    assert_eq!(made.status, client::AppStatuses::Hidden, "an app is hidden until its developers show it");
    assert!(made.using_default_icon && made.icon.is_none() && made.description.is_none());
    assert_eq!(made.company.id, hall.world.company.as_str());
    assert!(made.access_pass.id.starts_with("prod_"));
    let keys = made.api_keys.nodes.expect("keys");
    let key = keys[0].clone().expect("a key");
    assert!(key.token.starts_with("gh_") && key.token.len() > 40, "{}", key.token);
    let agents = made.agent_users.nodes.expect("agents");
    let agent = agents[0].clone().expect("an agent");
    assert_eq!(agent.name.as_deref(), Some("Tool Library"));
    assert!(agent.username.starts_with("tool-library-"), "{}", agent.username);

    // The key works, and speaks as the agent.
    let me = hall.client(&key.token).get_current_user().await.expect("a viewer");
    assert_eq!(me.viewer.user.id, agent.id);

    let variables =
        client::GetAppVariables { app_id: made.id.clone(), company_id: hall.world.company.to_string() };
    let app = hall.app().get_app(variables).await.expect("found").company.expect("a company").app;
    let shown = app.api_keys.nodes.expect("keys")[0].clone().expect("a key");
    let end = &key.token[key.token.len() - 4..];
    assert_eq!((shown.id, shown.token), (key.id, format!("gh_…{end}")));
    assert_eq!(app.access_pass.id, made.access_pass.id);
    assert_eq!(app.access_pass.marketplace_status, client::MarketplaceStatuses::NotAvailable);
    assert_eq!(app.access_pass.active_memberships_count, 0);
    assert!(app.access_pass.marketplace_category.is_none() && app.stats.is_none());
    hall.has_logged("create_app", &made.id, Some(&hall.world.agent)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_company_is_the_one_named_or_that_of_the_header_or_the_calling_app_s() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[Permission::DeveloperCreateApp]).await;
    let ours = hall.world.company.as_str();
    let bearer = format!("Bearer {}", foreign.key);
    let body = |input: Value| json!({"query": CREATE, "variables": {"input": input}});
    let plain = [("authorization", bearer.as_str())];
    let headed = [("authorization", bearer.as_str()), ("x-company-id", ours)];
    for (headers, input, owner) in [
        (&plain[..], json!({"name": "One"}), foreign.company.as_str()),
        (&headed[..], json!({"name": "Two"}), ours),
        (
            &headed[..],
            json!({"name": "Three", "companyId": foreign.company.as_str()}),
            foreign.company.as_str(),
        ),
        (&plain[..], json!({"name": "Four", "companyId": ours}), ours),
    ] {
        let answered = hall.post(headers, &body(input)).await;
        let made = &answered.data()["createApp"];
        assert_eq!(made["company"]["id"], owner);
        // Who may make apps but not see keys is given none, and none is made.
        let keys = &made["apiKeys"]["nodes"];
        if owner == ours {
            assert!(keys.is_null(), "{keys}");
            let seen = get(&hall, &made["id"]).await;
            assert_eq!(seen["apiKeys"]["nodes"], json!([]));
        } else {
            assert_eq!(keys.as_array().map(Vec::len), Some(1));
        }
        assert_eq!(made["agentUsers"]["nodes"].as_array().map(Vec::len), Some(1));
        assert!(made["agentUsers"]["nodes"][0]["email"].is_null(), "an agent's address is the agent's");
    }
    let unknown = hall.run(None, CREATE, json!({"input": {"name": "x", "companyId": "biz_none"}})).await;
    unknown.is_refused(
        "FORBIDDEN",
        "The permission `developer:create_app` is missing in the company `biz_none`.",
    );
    for (input, words) in [
        (json!({"name": "  "}), "`name` must be 1 to 100 characters long."),
        (json!({"name": "a\u{7}"}), "`name` must not hold control characters."),
        (json!({"name": "x", "baseUrl": "ftp://x"}), "`baseUrl` must be an address"),
        (json!({"name": "x", "companyId": "app_1"}), "is not a company id"),
    ] {
        hall.run(None, CREATE, json!({"input": input})).await.is_refused("INVALID_INPUT", words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_made_at_once_are_twenty_with_agents_and_keys_of_their_own() {
    let hall = Arc::new(Hall::open().await);
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let hall = Arc::clone(&hall);
        tasks.spawn(async move { make(&hall, json!({"name": "The same"})).await });
    }
    let made = tasks.join_all().await;
    for place in ["/id", "/accessPass/id", "/apiKeys/nodes/0/token", "/agentUsers/nodes/0/username"] {
        let found: BTreeSet<String> = made
            .iter()
            .map(|app| app.pointer(place).and_then(Value::as_str).expect("text").to_owned())
            .collect();
        assert_eq!(found.len(), 20, "{place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_it_names_and_null_takes_away() {
    let hall = Hall::open().await;
    let app = make(&hall, json!({"name": "Saw", "baseUrl": "http://localhost:4000"})).await["id"].clone();
    let icon = hall.uploaded(None, "image/png", PNG).await;
    let changes = json!({
        "name": "Band Saw",
        "description": "Books the band saw.",
        "status": "unlisted",
        "icon": {"directUploadId": icon},
        "baseDevUrl": "http://localhost:4001",
        "basePreviewUrl": "https://preview.example.com",
        "experiencePath": "/experiences/[experienceId]",
        "dashboardPath": "/dashboard/[companyId]/[restPath]",
        "discoverPath": "/discover",
        "appStoreDescription": "All about it.",
        "productPage": "https://example.com",
        "hubCta": "Book it",
        "forceCheckoutIframe": true,
        "requiredScopes": ["read_user"],
    });
    assert_eq!(update(&hall, None, &app, changes).await.data()["updateApp"], true);
    hall.has_logged("update_app", app.as_str().expect("an id"), Some(&hall.world.agent)).await;
    let found = get(&hall, &app).await;
    for (name, value) in [
        ("name", json!("Band Saw")),
        ("description", json!("Books the band saw.")),
        ("status", json!("unlisted")),
        ("icon", json!({"id": icon})),
        ("usingDefaultIcon", json!(false)),
        ("baseUrl", json!("http://localhost:4000")),
        ("baseDevUrl", json!("http://localhost:4001")),
        ("hub", json!("/experiences/[experienceId]")),
        ("experiencePath", json!("/experiences/[experienceId]")),
        ("dashboard", json!("/dashboard/[companyId]/[restPath]")),
        ("discover", json!("/discover")),
        ("seller", Value::Null),
    ] {
        assert_eq!(found[name], value, "{name}");
    }
    let changes = json!({"description": null, "icon": null, "experiencePath": null, "baseUrl": null});
    update(&hall, None, &app, changes).await.data();
    let found = get(&hall, &app).await;
    for name in ["description", "icon", "experiencePath", "hub", "baseUrl"] {
        assert!(found[name].is_null(), "{name}");
    }
    assert_eq!((&found["name"], &found["discover"]), (&json!("Band Saw"), &json!("/discover")));
    assert_eq!(found["usingDefaultIcon"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_app_may_be_is_refused_by_name_and_changes_nothing() {
    let hall = Hall::open().await;
    let app = make(&hall, json!({"name": "Saw"})).await["id"].clone();
    let bundle = hall.uploaded(None, "text/plain", b"no picture").await;
    let stranger = hall.foreign().await;
    let before = get(&hall, &app).await;
    let long = "x".repeat(2001);
    for (changes, code, words) in [
        (json!({"name": ""}), "INVALID_INPUT", "`name` must be 1 to 100"),
        (json!({"baseUrl": "localhost:3000"}), "INVALID_INPUT", "`baseUrl` must be an address"),
        (json!({"baseUrl": "https://a:b@example.com"}), "INVALID_INPUT", "must not hold a user name"),
        (
            json!({"baseDevUrl": "http://localhost/#x"}),
            "INVALID_INPUT",
            "`baseDevUrl` must not hold `?` or `#`",
        ),
        (json!({"basePreviewUrl": "x"}), "INVALID_INPUT", "`basePreviewUrl` must be an address"),
        (json!({"experiencePath": "e"}), "INVALID_INPUT", "`experiencePath` must start with one `/`"),
        (json!({"dashboardPath": "//evil"}), "INVALID_INPUT", "`dashboardPath` must start with one `/`"),
        (json!({"discoverPath": "/[userId]"}), "INVALID_INPUT", "`discoverPath` holds a placeholder"),
        (json!({"description": long}), "INVALID_INPUT", "`description` is at most 2000 characters"),
        (json!({"hubCta": "x".repeat(61)}), "INVALID_INPUT", "`hubCta` is at most 60 characters"),
        (json!({"icon": {"id": bundle}}), "INVALID_INPUT", "`icon` must be a picture."),
        (json!({"icon": {"id": "file_none"}}), "NOT_FOUND", "There is no attachment `file_none`"),
        (json!({"icon": {}}), "INVALID_INPUT", "An attachment needs"),
        (
            json!({"name": "Renamed", "defaultAgentUserId": stranger.agent.as_str()}),
            "INVALID_INPUT",
            "`defaultAgentUserId` must be one of the app's agent users",
        ),
    ] {
        update(&hall, None, &app, changes).await.is_refused(code, words);
    }
    update(&hall, None, &json!("app_none"), json!({}))
        .await
        .is_refused("NOT_FOUND", "There is no app `app_none`");
    update(&hall, None, &json!(stranger.app.as_str()), json!({"name": "Mine"}))
        .await
        .is_refused("NOT_FOUND", &format!("There is no app `{}`", stranger.app));
    update(&hall, Some(&hall.world.moderator), &app, json!({"name": "Mine"}))
        .await
        .is_refused("FORBIDDEN", "The permission `developer:update_app` is missing");
    assert_eq!(get(&hall, &app).await, before);
    let builder = hall.team_member("builder", Role::AppManager).await;
    update(&hall, Some(&builder), &app, json!({"name": "Ours"})).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_agent_is_who_acts_when_nobody_is_named() {
    let hall = Hall::open().await;
    let made = make(&hall, json!({"name": "Two heads"})).await;
    let key = made["apiKeys"]["nodes"][0]["token"].as_str().expect("a key").to_owned();
    let app = guildhall_core::ids::AppId::parse(made["id"].as_str().expect("an id")).expect("an app");
    let second = hall
        .found(move |founder| {
            let user = guildhall_app::user::NewUser { username: "second-head".into(), ..Default::default() };
            founder.agent(&app, &user)
        })
        .await;
    let viewer = "{ viewer { user { id } } }";
    for agent in [json!(second.as_str()), made["agentUsers"]["nodes"][0]["id"].clone()] {
        update(&hall, None, &made["id"], json!({"defaultAgentUserId": agent})).await.data();
        let acting = hall.run_with(&key, None, viewer, json!({})).await;
        assert_eq!(acting.data()["viewer"]["user"]["id"], agent, "at once");
        assert_eq!(get(&hall, &made["id"]).await["agentUsers"]["nodes"][0]["id"], agent);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_lists_its_own_apps_in_pages_both_ways() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    hall.install(&foreign, &[]).await;
    let mut names = vec!["Bench Planner".to_owned()];
    for number in 1..=4 {
        hall.clock.advance_ms(1);
        let name = format!("App {number}");
        make(&hall, json!({"name": name})).await;
        names.push(name);
    }
    let of = |page: &Value| -> Vec<String> {
        let nodes = page["nodes"].as_array().expect("nodes");
        nodes.iter().map(|app| app["name"].as_str().expect("a name").to_owned()).collect()
    };
    let all = list(&hall, json!({})).await;
    assert_eq!((of(&all), &all["totalCount"]), (names.clone(), &json!(5)), "an installed app is not listed");
    let first = list(&hall, json!({"first": 2})).await;
    assert_eq!(of(&first), names[..2]);
    assert_eq!(
        (&first["pageInfo"]["hasNextPage"], &first["pageInfo"]["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    let second = list(&hall, json!({"first": 2, "after": first["pageInfo"]["endCursor"]})).await;
    assert_eq!(of(&second), names[2..4]);
    let rest = list(&hall, json!({"first": 2, "after": second["pageInfo"]["endCursor"]})).await;
    assert_eq!((of(&rest), &rest["pageInfo"]["hasNextPage"]), (names[4..].to_vec(), &json!(false)));
    let last = list(&hall, json!({"last": 2})).await;
    assert_eq!((of(&last), &last["pageInfo"]["hasPreviousPage"]), (names[3..].to_vec(), &json!(true)));
    let before = list(&hall, json!({"last": 2, "before": last["pageInfo"]["startCursor"]})).await;
    assert_eq!(of(&before), names[1..3]);
    for (page, words) in [
        (json!({"first": -1}), "`first` must not be negative"),
        (json!({"last": -1}), "`last` must not be negative"),
        (json!({"after": "exp_1"}), "`after` is not a cursor of this list."),
    ] {
        let mut variables = page;
        variables["company"] = json!(hall.world.company.as_str());
        hall.run(None, LIST, variables).await.is_refused("INVALID_INPUT", words);
    }
    // Another company's app is not found here, and its developers' view is not ours.
    let variables = json!({"company": hall.world.company.as_str(), "app": foreign.app.as_str()});
    hall.run(None, GET, variables).await.is_refused("NOT_FOUND", "There is no app");
    let variables = json!({"company": foreign.company.as_str(), "app": foreign.app.as_str()});
    hall.run(None, GET, variables).await.is_refused("FORBIDDEN", "`developer:basic:read` is missing");
}

/// The head of a picture of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\0\0\0\0";
