//! The pages of apps: installing one, and a developer's own.

use crate::harness::{Foreign, Hall};
use crate::install::{asks, offered, require};
use crate::session::{browser, form_token, get, page, signed_in};
use guildhall_app::oauth;
use guildhall_core::ids::{Id, UserId};
use reqwest::Response;
use serde_json::json;

/// Someone who sits at a browser, signed in.
struct Person<'a> {
    hall: &'a Hall,
    cookie: String,
}

impl<'a> Person<'a> {
    async fn at(hall: &'a Hall, user: &UserId) -> Self {
        Self { hall, cookie: signed_in(hall, user).await }
    }

    async fn opens(&self, path: &str) -> (u16, String) {
        page(get(self.hall, path, &self.cookie)).await
    }

    /// Sends a form with the hidden field of the first page.
    async fn sends(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let token = form_token(&self.opens("/").await.1);
        let mut form = vec![("csrf", token.as_str())];
        form.extend(fields);
        let body = serde_urlencoded::to_string(form).expect("pairs of text");
        let request = browser()
            .post(format!("{}{path}", self.hall.running.origin))
            .header("cookie", &self.cookie)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        request.send().await.expect("an answer")
    }
}

#[track_caller]
fn leads_to(response: &Response, place: &str) {
    assert_eq!(response.status(), 303);
    assert_eq!(response.headers()["location"], place);
}

fn install_page(hall: &Hall, foreign: &Foreign) -> String {
    format!("/apps/{}/install?company={}", foreign.app, hall.world.company)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_reads_what_an_app_asks_installs_it_decides_anew_and_removes_it() {
    let hall = Hall::open().await;
    let owner = Person::at(&hall, &hall.world.owner).await;
    let foreign = offered(&hall).await;
    let wanted = json!([
        {"action": "chat:read", "justification": "to <b>sum up</b> the week", "isRequired": true},
        {"action": "forum:read", "justification": "to find answers", "isRequired": false},
    ]);
    require(&hall, &foreign, wanted).await.data();
    let place = install_page(&hall, &foreign);
    let install = format!("/apps/{}/install", foreign.app);
    let (status, choice) = owner.opens(&install).await;
    assert_eq!((status, choice.as_str()), (303, ""), "there is one company, and so nothing to choose");
    let (status, shown) = owner.opens(&place).await;
    assert_eq!(status, 200);
    for words in [
        "Install Foreign app",
        "The Open Workshop",
        "made by Elsewhere",
        "Read the messages in your chats.",
        "to &#60;b&#62;sum up&#60;/b&#62; the week",
        "Read the posts in your forums.",
        "Approve and install",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let company = hall.world.company.to_string();
    // Without what is needed, the page says so and nothing is done.
    let refused = owner.sends(&install, &[("company", &company), ("granted", "forum:read")]).await;
    assert_eq!(refused.status(), 400);
    let told = refused.text().await.expect("a page");
    assert!(told.contains("cannot be installed without `chat:read`") && told.contains("Approve and install"));
    let unknown = owner.sends(&install, &[("company", &company), ("granted", "chat:reed")]).await;
    assert_eq!(unknown.status(), 400);

    leads_to(
        &owner.sends(&install, &[("company", &company), ("granted", "chat:read")]).await,
        &format!("{place}&done=installed"),
    );
    let (_, shown) = owner.opens(&format!("{place}&done=installed")).await;
    assert!(shown.contains("and nothing else.") && shown.contains("Save this decision"), "{shown}");
    assert!(shown.contains("value=\"forum:read\">"), "what was declined is not ticked: {shown}");

    require(&hall, &foreign, json!([asks("chat:read", true), asks("plan:basic:read", false)])).await.data();
    let (_, shown) = owner.opens(&place).await;
    for words in
        ["asks for something that has not been decided yet", "See your plans and their prices.", "new</span>"]
    {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let uninstall = format!("/apps/{}/uninstall", foreign.app);
    leads_to(&owner.sends(&uninstall, &[("company", &company)]).await, &format!("{install}?done=removed"));
    let (_, shown) = owner.opens(&format!("{install}?done=removed")).await;
    assert!(
        shown.contains("is removed, with every permission it had") && shown.contains("Not installed"),
        "{shown}"
    );
    assert_eq!(owner.sends(&uninstall, &[("company", &company)]).await.status(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_decide_is_shown_nothing_to_decide() {
    let hall = Hall::open().await;
    let foreign = offered(&hall).await;
    let hidden = hall.foreign().await;
    let company = hall.world.company.to_string();
    let (status, _) = page(get(&hall, &install_page(&hall, &foreign), "")).await;
    assert_eq!(status, 303, "to sign in first");
    for user in [&hall.world.moderator, &hall.world.customer, &hall.world.stranger] {
        let person = Person::at(&hall, user).await;
        let (status, shown) = person.opens(&format!("/apps/{}/install", foreign.app)).await;
        assert!(
            status == 200 && shown.contains("There is no company that you may install it into."),
            "{shown}"
        );
        let (status, shown) = person.opens(&install_page(&hall, &foreign)).await;
        assert!(status == 404 && shown.contains("There is no company"), "{shown}");
        let sent = person.sends(&format!("/apps/{}/install", foreign.app), &[("company", &company)]).await;
        assert_eq!(sent.status(), 404);
        for path in [format!("/apps/{}/install", hidden.app), "/apps/app_none/install".into()] {
            let (status, shown) = person.opens(&path).await;
            assert!(status == 404 && shown.contains("There is no app"), "{shown}");
        }
    }
    let owner = Person::at(&hall, &hall.world.owner).await;
    let (status, _) = owner.opens("/apps/exp_1/install").await;
    assert_eq!(status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_makes_an_app_and_looks_after_it() {
    let hall = Hall::open().await;
    let owner = Person::at(&hall, &hall.world.owner).await;
    let company = hall.world.company.to_string();
    let (_, shown) = owner.opens("/developer").await;
    assert!(shown.contains("Bench Planner") && shown.contains("Make the app"), "{shown}");
    let new = [("company", company.as_str()), ("name", "Tool <Library>"), ("base_url", "nowhere")];
    let refused = owner.sends("/developer", &new).await;
    assert_eq!(refused.status(), 400);
    let told = refused.text().await.expect("a page");
    assert!(
        told.contains("`baseUrl` must be an address") && told.contains("value=\"Tool &#60;Library&#62;\""),
        "{told}"
    );
    let made = owner.sends("/developer", &[("company", company.as_str()), ("name", "Tool <Library>")]).await;
    assert_eq!(made.status(), 200);
    assert_eq!(made.headers()["cache-control"], "private, no-store");
    let told = made.text().await.expect("a page");
    let after = |text: &str, mark: &str| -> String {
        let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
        rest.split(['\n', '<', '"']).next().expect("a value").to_owned()
    };
    let (key, app) = (after(&told, "WHOP_API_KEY="), after(&told, "NEXT_PUBLIC_WHOP_APP_ID="));
    let viewer = "{ viewer { user { id } } }";
    hall.run_with(&key, None, viewer, json!({})).await.data();

    let place = format!("/developer/apps/{app}");
    let (_, shown) = owner.opens(&place).await;
    assert!(shown.contains("Tool &#60;Library&#62;") && !shown.contains(&key), "the key is not shown again");
    assert!(shown.contains(&format!("gh_…{}", &key[key.len() - 4..])));
    let settings = [
        ("name", "Tool Library"),
        ("description", "Lends tools."),
        ("status", "live"),
        ("base_url", "https://tools.example.com"),
        ("experience_path", "/e/[experienceId]"),
    ];
    leads_to(&owner.sends(&place, &settings).await, &format!("{place}?done=saved"));
    let (_, shown) = owner.opens(&format!("{place}?done=saved")).await;
    for words in
        ["The settings are saved.", "Lends tools.", "value=\"/e/[experienceId]\"", "value=\"live\" selected"]
    {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let refused =
        owner.sends(&place, &[("name", "Kept as typed"), ("status", "live"), ("discover_path", "x")]).await;
    assert_eq!(refused.status(), 400);
    let told = refused.text().await.expect("a page");
    assert!(
        told.contains("`discoverPath` must start with one `/`") && told.contains("value=\"Kept as typed\""),
        "{told}"
    );

    let permissions = format!("{place}/permissions");
    let asked = [("level:chat:read", "needed"), ("why:chat:read", "to sum up"), ("level:forum:read", "no")];
    leads_to(&owner.sends(&permissions, &asked).await, &format!("{place}?done=asked#permissions"));
    let (_, shown) = owner.opens(&place).await;
    assert!(shown.contains("value=\"to sum up\""), "{shown}");
    let refused = owner.sends(&permissions, &[("level:chat:read", "wished"), ("why:chat:read", " ")]).await;
    assert!(
        refused.status() == 400
            && refused.text().await.expect("a page").contains("`justification` must say why")
    );

    let key_id = after(&shown, "/developer/keys/").split('/').next().expect("an id").to_owned();
    let rotated =
        owner.sends(&format!("/developer/keys/{key_id}/rotate"), &[("app", &app), ("ending", "now")]).await;
    let told = rotated.text().await.expect("a page");
    assert!(told.contains("The old key has stopped working."), "{told}");
    let fresh = after(&told, "WHOP_API_KEY=");
    assert_eq!(hall.run_with(&key, None, viewer, json!({})).await.status, 401);
    hall.run_with(&fresh, None, viewer, json!({})).await.data();
    let (_, shown) = owner.opens(&place).await;
    let key_id = after(&shown, "/developer/keys/").split('/').next().expect("an id").to_owned();
    let revoked = owner.sends(&format!("/developer/keys/{key_id}/revoke"), &[("app", &app)]).await;
    leads_to(&revoked, &format!("{place}?done=revoked#keys"));
    assert_eq!(hall.run_with(&fresh, None, viewer, json!({})).await.status, 401);
    let another = owner.sends(&format!("{place}/keys"), &[]).await;
    let another = after(&another.text().await.expect("a page"), "WHOP_API_KEY=");
    hall.run_with(&another, None, viewer, json!({})).await.data();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_developer_says_where_signing_in_may_lead() {
    let hall = Hall::open().await;
    let owner = Person::at(&hall, &hall.world.owner).await;
    let place = format!("/developer/apps/{}", hall.world.app);
    let form = format!("{place}/redirect-uris");
    let (secret, public) = ("https://a.example/callback", "http://localhost:3000/callback");
    let lists = format!("\r\n{secret}\r\n  https://b.example/?tenant=1&x=y \r\n");
    let saved = owner.sends(&form, &[("secret", &lists), ("public", public)]).await;
    leads_to(&saved, &format!("{place}?done=addresses#sign-in"));
    let uris = async || {
        let uris = oauth::redirect_uris(&hall.running.hall, hall.world.app.clone()).await.expect("the app");
        uris.into_iter().map(|uri| (uri.uri, uri.is_public)).collect::<Vec<_>>()
    };
    let kept = [(public, true), (secret, false), ("https://b.example/?tenant=1&x=y", false)];
    let kept = kept.map(|(uri, is_public)| (uri.to_owned(), is_public));
    assert_eq!(uris().await, kept);
    let (_, shown) = owner.opens(&format!("{place}?done=addresses")).await;
    for words in [
        "The sign-in addresses are saved.",
        "https://a.example/callback\nhttps://b.example/?tenant=1&#38;x=y</textarea>",
        "http://localhost:3000/callback</textarea>",
    ] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    let many: String = (0..21).map(|number| format!("https://{number}.example/\n")).collect();
    for (secret, public, sentence) in [
        (
            "http://a.example/<callback>",
            "",
            "http is for `localhost`, `127.0.0.1` and `[::1]` alone; use https.",
        ),
        ("", "https://*.example/", "there are no wildcards"),
        ("https://a.example/", "https://a.example/", "`https://a.example/` stands in both lists"),
        (many.as_str(), "", "An app has at most 20 redirect URIs."),
    ] {
        let refused = owner.sends(&form, &[("secret", secret), ("public", public)]).await;
        assert_eq!(refused.status(), 400);
        let told = refused.text().await.expect("a page");
        assert!(told.contains(sentence), "{sentence} is not in {told}");
        let typed = secret.replace('<', "&#60;").replace('>', "&#62;");
        assert!(told.contains(&format!("{typed}</textarea>")), "what was typed is kept: {told}");
    }
    assert_eq!(uris().await, kept, "nothing was changed");

    let stranger = Person::at(&hall, &hall.world.stranger).await;
    let moderator = Person::at(&hall, &hall.world.moderator).await;
    let none = [("secret", ""), ("public", "")];
    let refused = stranger.sends(&form, &none).await;
    let unknown = stranger.sends("/developer/apps/app_none/redirect-uris", &none).await;
    assert_eq!((refused.status().as_u16(), unknown.status().as_u16()), (404, 404));
    assert!(refused.text().await.expect("a page").contains("There is no app"));
    assert_eq!(moderator.sends(&form, &none).await.status(), 403);
    assert_eq!(uris().await, kept);
    leads_to(&owner.sends(&form, &none).await, &format!("{place}?done=addresses#sign-in"));
    assert_eq!(uris().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_finds_no_developer_page() {
    let hall = Hall::open().await;
    let stranger = Person::at(&hall, &hall.world.stranger).await;
    let (status, shown) = stranger.opens("/developer").await;
    assert!(status == 200 && shown.contains("You are not an owner, an admin or an app manager"), "{shown}");
    let place = format!("/developer/apps/{}", hall.world.app);
    let (status, unknown) = stranger.opens("/developer/apps/app_none").await;
    assert_eq!(status, 404);
    let (status, shown) = stranger.opens(&place).await;
    assert_eq!(status, 404);
    let without_ids = |page: &str, id: &str| page.replace(id, "").replace(&form_token(page), "");
    assert_eq!(
        without_ids(&shown, hall.world.app.as_str()),
        without_ids(&unknown, "app_none"),
        "they read the same"
    );
    assert_eq!(stranger.sends(&place, &[("name", "Mine"), ("status", "live")]).await.status(), 404);
    assert_eq!(stranger.sends(&format!("{place}/keys"), &[]).await.status(), 404);
    assert_eq!(stranger.sends(&format!("{place}/permissions"), &[]).await.status(), 404);
    let moderator = Person::at(&hall, &hall.world.moderator).await;
    let (status, shown) = moderator.opens(&place).await;
    assert!(status == 403 && shown.contains("`developer:basic:read` is missing"), "{shown}");
}
