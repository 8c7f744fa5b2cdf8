//! Who is calling, for whom, and what it may do.

use crate::harness::Hall;
use crate::scene::{CREATE_CHAT, SEND, made};
use guildhall_app::operator;
use guildhall_core::ids::{CompanyId, Id, UserId};
use guildhall_core::permission::{Permission, Role};
use serde_json::{Value, json};

const VIEWER: &str = "{ viewer { user { id } } }";

fn ask() -> Value {
    json!({"query": VIEWER})
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_credential_only_what_is_public_is_read() {
    let hall = Hall::open().await;
    let refused = hall.post(&[], &ask()).await;
    refused.is_refused("UNAUTHENTICATED", "Authorization: Bearer <app API key>");
    let user = format!("{{ publicUser(id: \"{}\") {{ username }} }}", hall.world.customer);
    let read = hall.post(&[], &json!({"query": user})).await;
    assert_eq!(read.data()["publicUser"]["username"], "mira");
    let chat = hall.world.chat_experience.as_str();
    let send = json!({"query": SEND, "variables": {"input": {"experienceId": chat, "message": "hi"}}});
    hall.post(&[], &send).await.is_refused("UNAUTHENTICATED", "needs a caller");
    let create = json!({"query": CREATE_CHAT, "variables": {"input": {"name": "x"}}});
    hall.post(&[], &create).await.is_refused("UNAUTHENTICATED", "calling app");
    let list = format!("{{ company(id: \"{}\") {{ id }} }}", hall.world.company);
    hall.post(&[], &json!({"query": list})).await.is_refused("UNAUTHENTICATED", "needs a caller");
    let look = format!("{{ publicExperience(id: \"{chat}\") {{ id }} }}");
    hall.post(&[], &json!({"query": look})).await.is_refused("NOT_FOUND", "There is no experience");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_headers_mean_nothing_without_a_key() {
    let hall = Hall::open().await;
    for header in
        [("x-on-behalf-of", hall.world.owner.as_str()), ("x-company-id", hall.world.company.as_str())]
    {
        let refused = hall.post(&[header], &ask()).await;
        assert_eq!(refused.status, 401);
        refused.is_refused("UNAUTHENTICATED", "need `Authorization");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_revoked_keys_read_the_same() {
    let hall = Hall::open().await;
    let world_app = hall.world.app.clone();
    let (id, key) = hall.found(move |founder| founder.api_key(&world_app)).await;
    assert_eq!(
        hall.run_with(&key, None, VIEWER, json!({})).await.data()["viewer"]["user"]["id"],
        hall.world.agent.as_str()
    );
    operator::revoke_key(&hall.running.hall, id.clone()).await.expect("revoked");
    let again = operator::revoke_key(&hall.running.hall, id).await.expect_err("it is revoked already");
    assert!(again.to_string().contains("no live API key"));
    let revoked = hall.run_with(&key, None, VIEWER, json!({})).await;
    let unknown = hall.run_with("gh_made_up", None, VIEWER, json!({})).await;
    let empty = hall.post(&[("authorization", "Bearer ")], &ask()).await;
    let basic = hall.post(&[("authorization", "Basic aGFsbDpoYWxs")], &ask()).await;
    for refused in [revoked, unknown, empty, basic] {
        assert_eq!(refused.status, 401);
        assert_eq!(
            refused.refusal(),
            ("UNAUTHENTICATED".into(), "The API key is unknown or revoked.".into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_acts_for_its_agents_and_for_the_people_of_its_installs_only() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    for user in [&world.agent, &world.owner, &world.moderator, &world.customer] {
        let answered = hall.run(Some(user), VIEWER, json!({})).await;
        assert_eq!(answered.data()["viewer"]["user"]["id"], user.as_str());
    }
    let nobody = UserId::from_stored("user_doesnotexist".into());
    for user in [&world.stranger, &foreign.owner, &foreign.agent, &nobody] {
        let refused = hall.run(Some(user), VIEWER, json!({})).await;
        refused.is_refused("FORBIDDEN", &format!("may not act for `{user}`"));
        assert!(refused.body.get("data").is_none_or(Value::is_null));
    }
    // Whoever installs an app lets it act for its members and team.
    let refused = hall.run_with(&foreign.key, Some(&world.customer), VIEWER, json!({})).await;
    refused.is_refused("FORBIDDEN", "may not act for");
    hall.install(&foreign, &[]).await;
    for user in [&world.customer, &world.moderator, &world.owner, &foreign.owner, &foreign.agent] {
        let answered = hall.run_with(&foreign.key, Some(user), VIEWER, json!({})).await;
        assert_eq!(answered.data()["viewer"]["user"]["id"], user.as_str());
    }
    // Another app's agent is none of them, even inside one company.
    let refused = hall.run_with(&foreign.key, Some(&world.agent), VIEWER, json!({})).await;
    refused.is_refused("FORBIDDEN", "not its agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_headers_are_named() {
    let hall = Hall::open().await;
    let bearer = format!("Bearer {}", hall.world.api_key);
    let authorization = ("authorization", bearer.as_str());
    for (header, value, words) in [
        ("x-on-behalf-of", "mira", "`mira` is not a user id: those start with `user_`"),
        ("x-on-behalf-of", "user_", "is not a user id"),
        ("x-on-behalf-of", hall.world.company.as_str(), "is not a user id"),
        ("x-on-behalf-of", "user_a'; drop table users", "is not a user id"),
        ("x-company-id", "acme", "`acme` is not a company id: those start with `biz_`"),
        ("x-company-id", hall.world.owner.as_str(), "is not a company id"),
    ] {
        let refused = hall.post(&[authorization, (header, value)], &ask()).await;
        assert_eq!(refused.status, 400, "{header}: {value}");
        refused.is_refused("INVALID_INPUT", words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_is_named_only_where_the_app_is_installed() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let bearer = format!("Bearer {}", foreign.key);
    let with = |company: &CompanyId| {
        let company = company.to_string();
        let (hall, bearer) = (&hall, &bearer);
        async move { hall.post(&[("authorization", bearer), ("x-company-id", &company)], &ask()).await }
    };
    let real = with(&hall.world.company).await;
    real.is_refused("FORBIDDEN", "is not installed in the company");
    // What is there and what is not read the same, the id aside.
    let made_up = CompanyId::from_stored("biz_doesnotexist".into());
    let unknown = with(&made_up).await.refusal().1.replace(made_up.as_str(), hall.world.company.as_str());
    assert_eq!(real.refusal().1, unknown);
    with(&foreign.company).await.data();
    hall.install(&foreign, &[]).await;
    with(&hall.world.company).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installed_app_does_what_it_was_granted_and_nothing_more() {
    let hall = Hall::open().await;
    let (world, foreign) = (&hall.world, hall.foreign().await);
    hall.install(&foreign, &[]).await;
    let create = json!({"input": {"name": "Foreign corner", "accessPassId": world.access_pass.as_str()}});
    let count = async || {
        let query = "query($id: ID!) { company(id: $id) { experiencesV2 { totalCount } } }";
        let answered = hall.run(None, query, json!({"id": world.company.as_str()})).await;
        answered.data()["company"]["experiencesV2"]["totalCount"].clone()
    };
    let before = count().await;
    let refused = hall.run_with(&foreign.key, None, CREATE_CHAT, create.clone()).await;
    refused.is_refused("FORBIDDEN", "The permission `experience:create` is missing");
    hall.install(&foreign, &[Permission::ExperienceCreate]).await;
    let refused = hall.run_with(&foreign.key, None, CREATE_CHAT, create.clone()).await;
    refused.is_refused("FORBIDDEN", "`experience:attach`");
    assert_eq!(count().await, before, "nothing was done");
    hall.install(&foreign, &[Permission::ExperienceAttach]).await;
    let chat = made(&hall.run_with(&foreign.key, None, CREATE_CHAT, create.clone()).await, "createChat");

    // The agent has what the app has; a person must hold it too.
    let send = json!({"input": {"experienceId": chat.as_str(), "message": "hello"}});
    for user in [None, Some(&world.customer), Some(&world.owner)] {
        let refused = hall.run_with(&foreign.key, user, SEND, send.clone()).await;
        refused.is_refused("FORBIDDEN", "`chat:message:create`");
    }
    hall.install(&foreign, &[Permission::ChatMessageCreate]).await;
    for user in [None, Some(&world.customer), Some(&world.owner)] {
        hall.run_with(&foreign.key, user, SEND, send.clone()).await.data();
    }
    let read = "query($id: ID!) { feedPosts(feedType: chat_feed, experienceId: $id) { posts { ... on DmsPost { id } } } }";
    let refused = hall.run_with(&foreign.key, None, read, json!({"id": chat.as_str()})).await;
    refused.is_refused("FORBIDDEN", "`chat:read`");
    hall.install(&foreign, &[Permission::ChatRead]).await;
    let found = hall.run_with(&foreign.key, None, read, json!({"id": chat.as_str()})).await;
    assert_eq!(found.data()["feedPosts"]["posts"].as_array().map(Vec::len), Some(3));
    let other = json!({"input": {"name": "Customers' own", "accessPassId": world.access_pass.as_str()}});
    let refused = hall.run_with(&foreign.key, Some(&world.customer), CREATE_CHAT, other.clone()).await;
    refused.is_refused("FORBIDDEN", "`experience:create`");
    made(&hall.run_with(&foreign.key, Some(&world.owner), CREATE_CHAT, other).await, "createChat");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_permission_leaves_its_field_empty() {
    let hall = Hall::open().await;
    let foreign = hall.foreign().await;
    let input = json!({
        "name": "Upstairs", "accessPassId": hall.world.access_pass.as_str(), "price": {"initialPrice": 5}
    });
    let chat = hall.chat(input).await;
    hall.install(&foreign, &[]).await;
    let query = "query($id: ID!) { publicExperience(id: $id) { name upsellPlan { initialPriceDue } } }";
    let ask = || hall.run_with(&foreign.key, None, query, json!({"id": chat.as_str()}));
    let without = ask().await;
    assert_eq!(without.data()["publicExperience"]["name"], "Upstairs");
    assert!(without.data()["publicExperience"]["upsellPlan"].is_null());
    hall.install(&foreign, &[Permission::PlanRead]).await;
    assert_eq!(ask().await.data()["publicExperience"]["upsellPlan"]["initialPriceDue"], 5.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_needs_the_permission_by_role() {
    let hall = Hall::open().await;
    let input = |name: &str| json!({"name": name, "accessPassId": hall.world.access_pass.as_str()});
    for role in Role::ALL {
        let user = match role {
            Role::Owner => hall.world.owner.clone(),
            role => hall.team_member(&format!("team-{}", role.as_str()), role).await,
        };
        let create = hall.create_chat(Some(&user), input(role.as_str())).await;
        match role {
            Role::Owner | Role::Admin | Role::Manager => drop(made(&create, "createChat")),
            _ => create.is_refused("FORBIDDEN", "The permission `experience:create` is missing"),
        }
        // Every role of the team speaks.
        hall.say(&user, &hall.world.chat_experience, "hello").await;
        let mute = "mutation($input: CreateCompanyMutedUserInput!) { createCompanyMutedUser(input: $input) }";
        let muted =
            hall.run(Some(&user), mute, json!({"input": {"userId": hall.world.customer.as_str()}})).await;
        match role {
            Role::Owner | Role::Admin | Role::Manager | Role::Moderator => {
                assert_eq!(muted.data()["createCompanyMutedUser"], true);
            }
            _ => muted.is_refused("FORBIDDEN", "`chat:moderate`"),
        }
    }
    let refused = hall.create_chat(Some(&hall.world.customer), input("customers")).await;
    refused.is_refused(
        "FORBIDDEN",
        &format!("`experience:create` is missing in the company `{}`", hall.world.company),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_client_reads_the_refusals() {
    use guildhall_client::{Error, FindOrCreateChatVariables};
    let hall = Hall::open().await;
    let me = hall.app().get_current_user().await.expect("the agent");
    assert_eq!(me.viewer.user.id, hall.world.agent.as_str());
    let me = hall.acting_for(&hall.world.customer).get_current_user().await.expect("the customer");
    assert_eq!(me.viewer.user.id, hall.world.customer.as_str());
    match hall.client("gh_nothing").get_current_user().await {
        Err(Error::Http { status: 401, body }) => assert!(body.contains("unknown or revoked")),
        other => panic!("{other:?}"),
    }
    let variables = FindOrCreateChatVariables::default();
    match hall.acting_for(&hall.world.customer).find_or_create_chat(variables).await {
        Err(Error::GraphQl { errors, .. }) => {
            assert_eq!(errors[0].code.as_deref(), Some("INVALID_INPUT"));
            assert!(errors[0].message.contains("`name` must be 1 to 100"));
        }
        other => panic!("{other:?}"),
    }
}
