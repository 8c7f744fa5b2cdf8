//! Who users are, to themselves and to everyone.

use crate::harness::Hall;
use guildhall_core::ids::Id;
use serde_json::json;

const PUBLIC: &str = "query($id: ID!) { publicUser(id: $id) {
  id username name bio createdAt phoneVerified userStat { moneyEarnedLifetime }
} }";

#[tokio::test(flavor = "multi_thread")]
async fn anyone_is_found_by_id_or_username() {
    let hall = Hall::open().await;
    let mira = &hall.world.customer;
    for name in [mira.as_str(), "mira", "@mira", " MIRA "] {
        let found = hall.run(None, PUBLIC, json!({"id": name})).await;
        let user = &found.data()["publicUser"];
        assert_eq!((&user["id"], &user["name"]), (&json!(mira.as_str()), &json!("Mira Okafor")));
        assert!(user["userStat"].is_null(), "what a user earned is for that user");
    }
    let own = hall.run(Some(mira), PUBLIC, json!({"id": "mira"})).await;
    assert_eq!(own.data()["publicUser"]["userStat"]["moneyEarnedLifetime"], 0.0);
    for (name, code, words) in [
        ("user_doesnotexist", "NOT_FOUND", "There is no user `user_doesnotexist`"),
        ("nobody-here", "NOT_FOUND", "There is no user `nobody-here`"),
        ("user_", "INVALID_INPUT", "is not a user id"),
        ("", "INVALID_INPUT", "is neither a user id (`user_…`) nor a username"),
        ("not a name", "INVALID_INPUT", "`not a name` is neither"),
        ("😀", "INVALID_INPUT", "is neither"),
    ] {
        hall.run(None, PUBLIC, json!({"id": name})).await.is_refused(code, words);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_private_is_the_user_s_own() {
    let hall = Hall::open().await;
    let query = "{ viewer { user { id username email ledgerAccount { id balanceCaches { nodes { balance currency } } } } } }";
    let own = hall.run(Some(&hall.world.customer), query, json!({})).await;
    let user = &own.data()["viewer"]["user"];
    assert_eq!((&user["username"], &user["email"]), (&json!("mira"), &json!("mira@example.com")));
    assert_eq!(
        user["ledgerAccount"]["balanceCaches"]["nodes"],
        json!([{"balance": 100.0, "currency": "usd"}])
    );
    let agent = hall.run(None, query, json!({})).await;
    assert_eq!(agent.data()["viewer"]["user"]["username"], "bench-planner");
    // A profile has no field for the mail address at all.
    let asked = hall.run(None, "{ publicUser(id: \"mira\") { email } }", json!({})).await;
    assert!(asked.refusal().1.contains("email"));
    hall.post(&[], &json!({"query": query})).await.is_refused("UNAUTHENTICATED", "needs a caller");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_without_agents_says_whom_it_lacks() {
    let hall = Hall::open().await;
    let company = hall.world.company.clone();
    let key = hall
        .found(move |founder| {
            let app = founder.app(&company, "Agentless", None)?;
            founder.api_key(&app).map(|(_, key)| key)
        })
        .await;
    let refused = hall.run_with(&key, None, "{ viewer { user { id } } }", json!({})).await;
    refused.is_refused("UNAUTHENTICATED", "The app has no agent user to act as: send `x-on-behalf-of`");
    let owner =
        hall.run_with(&key, Some(&hall.world.owner), "{ viewer { user { username } } }", json!({})).await;
    assert_eq!(owner.data()["viewer"]["user"]["username"], "hanna");
    let create = "mutation { createChat(input: {name: \"x\"}) { id } }";
    hall.run_with(&key, None, create, json!({})).await.is_refused("UNAUTHENTICATED", "no agent user");
}
