//! `guildhall apps …`: what an operator does to apps without pages.

use crate::process::{Home, one_sentence, run};

async fn told(home: &Home, arguments: &[&str]) -> String {
    let output = run(&mut home.over_data(arguments)).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// The value of a line `NAME=value`.
fn value(told: &str, name: &str) -> String {
    let line = told.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
    line.unwrap_or_else(|| panic!("no {name} in {told}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_makes_lists_keys_installs_and_removes() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let company = &demo["NEXT_PUBLIC_WHOP_COMPANY_ID"];
    let made =
        told(&home, &["apps", "create", "Saw", "--company", company, "--base-url", "http://localhost:9/"])
            .await;
    let (app, key) = (value(&made, "NEXT_PUBLIC_WHOP_APP_ID"), value(&made, "WHOP_API_KEY"));
    assert!(value(&made, "NEXT_PUBLIC_WHOP_AGENT_USER_ID").starts_with("user_"));
    let works = async |key: &str| {
        let request = reqwest::Client::new()
            .post(format!("{}/public-graphql", server.origin))
            .bearer_auth(key)
            .json(&serde_json::json!({"query": "{ viewer { user { id } } }"}));
        request.send().await.expect("an answer").status() == 200
    };
    assert!(works(&key).await, "a running server knows it");
    let listed = told(&home, &["apps", "list"]).await;
    let line = listed.lines().find(|line| line.starts_with(&app)).expect("its line");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words, [app.as_str(), "Saw", "hidden", "1", "0", "open-workshop", "http://localhost:9"]);
    assert_eq!(told(&home, &["apps", "list", "--after", &app]).await, "There is no app.\n");

    let end = &key[key.len() - 4..];
    let keys = told(&home, &["apps", "keys", &app]).await;
    let id = keys.split_whitespace().next().expect("an id").to_owned();
    assert!(id.starts_with("key_") && keys.trim_end().ends_with(&format!("gh_…{end}")), "{keys}");
    let fresh = value(&told(&home, &["apps", "rotate-key", &id]).await, "WHOP_API_KEY");
    let keys = told(&home, &["apps", "keys", &app]).await;
    assert!(keys.lines().count() == 2 && keys.contains("ends in 1440 min"), "{keys}");
    assert!(works(&fresh).await && works(&key).await);
    assert_eq!(told(&home, &["apps", "revoke-key", &id]).await, format!("The key {id} is revoked.\n"));
    assert!(
        one_sentence(&mut home.over_data(&["apps", "revoke-key", &id]))
            .await
            .contains("There is no live API key")
    );
    assert!(value(&told(&home, &["apps", "add-key", &app]).await, "WHOP_API_KEY").starts_with("gh_"));

    for (arguments, words) in [
        (&["apps", "install", &app, company][..], "is this company's own"),
        (&["apps", "uninstall", &app, company], "stays installed in the company that owns it"),
        (&["apps", "install", "app_none", company], "There is no app `app_none`"),
        (&["apps", "install", &app, "biz_none"], "There is no company `biz_none`"),
        (&["apps", "install", &app, company, "--grant", "chat:reed"], "`chat:reed` is no permission"),
        (&["apps", "keys", "exp_1"], "is not an app id"),
        (&["apps", "create", " ", "--company", company], "`name` must be 1 to 100"),
        (&["apps", "create", "Saw", "--company", "biz_none"], "There is no company `biz_none`"),
    ] {
        let sentence = one_sentence(&mut home.over_data(arguments)).await;
        assert!(sentence.contains(words), "{sentence}");
    }
    server.stop().await;
}
