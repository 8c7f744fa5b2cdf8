//! The person's side: the question, what it is answered, and where answers must not go.

use super::{
    CALLBACK, CHALLENGE, NONE, PUBLIC_CALLBACK, Scene, Seen, Tokens, changed, form, register, signed_in,
};
use crate::harness::Hall;
use crate::process::{Home, one_sentence, run};
use guildhall_app::Error;
use guildhall_app::oauth;
use guildhall_app::principal::Principal;
use guildhall_core::ids::Id;
use guildhall_core::oauth::RedirectUri;
use reqwest::Method;

/// Parameters that stand in the place of others.
type Change<'a> = &'a [(&'a str, &'a str)];

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_once_and_the_app_learns_who_it_is() {
    let scene = Scene::open().await;
    let page = scene.ask(&scene.asked()).await;
    assert_eq!(page.status, 200);
    for told in [
        "Sign in to Bench Planner?",
        "Your name, username and profile picture",
        "Your e-mail address",
        "Bench Planner would like to know who you are.",
        "Signed in as <strong>Mira Okafor</strong> (@mira)",
        "You will go on to <strong>localhost:3000</strong>",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let policy = &page.headers["content-security-policy"];
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(policy.contains("form-action 'self' https: http:"), "{policy}");
    assert_eq!(page.headers["cache-control"], "private, no-store");

    let answer = scene.decide(&page, "allow").await;
    let brought = answer.brought_to(CALLBACK);
    assert_eq!(brought.keys().collect::<Vec<_>>(), ["code", "state"], "published clients refuse an issuer");
    assert_eq!(brought["state"], "a state");
    assert_eq!(answer.headers["cache-control"], "private, no-store");
    let tokens = Tokens::of(&scene.token(&scene.exchange(&brought["code"])).await);
    assert_eq!(scene.me(&tokens.access).await.json()["username"], "mira");

    let again = scene.ask(&scene.asked()).await.brought_to(CALLBACK);
    assert!(again.contains_key("code") && again["code"] != brought["code"], "not asked again");
    let silently = scene.ask(&changed(&scene.asked(), &[("prompt", "none")])).await;
    assert!(silently.brought_to(CALLBACK).contains_key("code"));
    let wanted = scene.ask(&changed(&scene.asked(), &[("prompt", "consent")])).await;
    assert_eq!(wanted.status, 200, "asked again because the app wants it");
    let slash = format!("/oauth/?{}", super::encoded(&scene.asked()));
    let slash = Seen::of(scene.request(Method::GET, &slash)).await;
    assert!(slash.brought_to(CALLBACK).contains_key("code"), "as published clients write it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_says_no_or_is_somebody_else() {
    let scene = Scene::open().await;
    let page = scene.ask(&scene.asked()).await;
    let cancelled = scene.decide(&page, "cancel").await.brought_to(CALLBACK);
    assert_eq!(cancelled["error"], "access_denied");
    assert_eq!(cancelled["error_description"], "The person did not allow it.");
    assert_eq!((cancelled["state"].as_str(), cancelled.get("code")), ("a state", None));
    let odd = scene.decide(&page, "perhaps").await;
    assert_eq!(odd.status, 400);
    assert!(odd.text.contains("must be `allow`, `cancel` or `switch`"), "{}", odd.text);
    let page = scene.ask(&scene.asked()).await;
    assert_eq!(page.status, 200, "a no is not remembered as a yes");
    let switched = scene.decide(&page, "switch").await;
    let place = switched.location.expect("a place");
    assert!(place.starts_with("/sign-in?return_to=%2Foauth%3Fclient_id%3Dapp_"), "{place}");
    assert!(switched.headers["set-cookie"].contains("Max-Age=0"));
    let ended = scene.ask(&scene.asked()).await;
    assert_eq!(ended.location.as_deref(), Some(place.as_str()), "the session has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_signs_in_first() {
    let mut scene = Scene::open().await;
    scene.cookie = String::new();
    let led = scene.ask(&scene.asked()).await;
    assert_eq!(led.status, 303);
    let place = led.location.expect("a place");
    assert!(place.starts_with("/sign-in?return_to=%2Foauth%3Fclient_id%3Dapp_"), "{place}");
    let refused = scene.ask(&changed(&scene.asked(), &[("prompt", "none")])).await.brought_to(CALLBACK);
    assert_eq!((refused["error"].as_str(), refused["state"].as_str()), ("login_required", "a state"));
    let long = "a".repeat(1950);
    let refused = scene.ask(&changed(&scene.asked(), &[("state", &long)])).await.brought_to(CALLBACK);
    assert_eq!(refused["error_description"], "The request is longer than 2000 bytes.");
    scene.cookie = signed_in(&scene.hall, &scene.hall.world.customer).await;
    let refused = scene.ask(&changed(&scene.asked(), &[("prompt", "none")])).await.brought_to(CALLBACK);
    assert_eq!(refused["error"], "consent_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_comes_from_a_form_is_led_on_by_a_page() {
    let scene = Scene::open().await;
    scene.code_for(&scene.asked()).await;
    let path = format!("/oauth?{}", super::encoded(&changed(&scene.asked(), &[("state", "\"><script>")])));
    let page = Seen::of(scene.request(Method::GET, &path).header("sec-fetch-site", "same-origin")).await;
    assert_eq!(page.status, 200);
    let refresh = format!("<meta http-equiv=\"refresh\" content=\"0; url={CALLBACK}?code=");
    assert!(page.text.contains(&refresh), "{}", page.text);
    assert!(!page.text.contains("<script"), "{}", page.text);
    let direct = Seen::of(scene.request(Method::GET, &path).header("sec-fetch-site", "cross-site")).await;
    assert_eq!(direct.brought_to(CALLBACK)["state"], "\"><script>");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_nowhere_but_to_the_registered_address() {
    let scene = Scene::open().await;
    register(&scene.hall, &scene.hall.world.app, "https://app.example.com/callback", false).await;
    let foreign = scene.hall.foreign().await;
    register(&scene.hall, &foreign.app, "https://elsewhere.example/callback", false).await;
    scene.code_for(&scene.asked()).await;
    for uri in [
        "https://app.example.com/callback/",
        "https://app.example.com/callback/more",
        "https://app.example.com/callback/../other",
        "https://app.example.com/x/../callback",
        "https://app.example.com/./callback",
        "https://app.example.com//callback",
        "https://app.example.com/callback?next=https://evil.example",
        "https://app.example.com/callback?",
        "https://app.example.com/callback#",
        "https://app.example.com/callback#https://evil.example",
        "https://app.example.com/Callback",
        "https://App.example.com/callback",
        "HTTPS://app.example.com/callback",
        "http://app.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com:8443/callback",
        "https://app.example.com./callback",
        "https://evil.app.example.com/callback",
        "https://app.example.com.evil.example/callback",
        "https://app.example.com@evil.example/callback",
        "https://evil@app.example.com/callback",
        "https://app.example.com\\@evil.example/callback",
        "https://app.example.com%2f@evil.example/callback",
        "https://app.example.com/call%62ack",
        "https://app.example.com/callback%00",
        "https://app.example.com/callback\0",
        "https://app.example.com/callback\r\nSet-Cookie: a=b",
        "https://app.example.com/callback ",
        " https://app.example.com/callback",
        "https:app.example.com/callback",
        "//app.example.com/callback",
        "/callback",
        "app.example.com/callback",
        "https://ａpp.example.com/callback",
        "https://evil.example/callback",
        "https://elsewhere.example/callback",
        "https://*/callback",
        "*",
        "javascript:alert(1)",
        "data:text/html,hello",
        "http://localhost:3001/api/oauth/callback",
        "http://localhost/api/oauth/callback",
        "http://127.0.0.1:3000/api/oauth/callback",
        "null",
    ] {
        let seen = scene.ask(&changed(&scene.asked(), &[("redirect_uri", uri)])).await;
        assert_eq!((seen.status, &seen.location), (400, &None), "{uri}");
        assert!(seen.text.contains("exactly as it is registered"), "{uri}: {}", seen.text);
    }
    let fine = changed(&scene.asked(), &[("redirect_uri", "https://app.example.com/callback")]);
    assert!(scene.ask(&fine).await.brought_to("https://app.example.com/callback").contains_key("code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_known_app_and_address_nothing_goes_anywhere() {
    let scene = Scene::open().await;
    let foreign = scene.hall.foreign().await;
    let twice = |name, value| {
        let mut pairs = scene.asked();
        pairs.push((name, value));
        pairs
    };
    let table = [
        (changed(&scene.asked(), &[("client_id", NONE)]), "`client_id` is missing."),
        (changed(&scene.asked(), &[("redirect_uri", NONE)]), "`redirect_uri` is missing."),
        (changed(&scene.asked(), &[("client_id", "app_unknown")]), "There is no app `app_unknown`."),
        (changed(&scene.asked(), &[("client_id", "biz_1")]), "`biz_1` is not an app id"),
        (changed(&scene.asked(), &[("client_id", foreign.app.as_str())]), "none of the app"),
        (twice("client_id", foreign.app.as_str()), "`client_id` stands there twice."),
        (twice("client_id", scene.hall.world.app.as_str()), "`client_id` stands there twice."),
        (twice("redirect_uri", "https://evil.example/callback"), "`redirect_uri` stands there twice."),
        (twice("redirect_uri", CALLBACK), "`redirect_uri` stands there twice."),
        (vec![], "`client_id` is missing."),
    ];
    for (pairs, sentence) in table {
        for change in [&[][..], &[("prompt", "none")], &[("response_type", "nonsense")]] {
            let seen = scene.ask(&changed(&pairs, change)).await;
            assert_eq!((seen.status, &seen.location), (400, &None), "{pairs:?}");
            let text = seen.text.replace("&#39;", "'");
            assert!(text.contains(sentence), "{sentence}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_else_is_wrong_goes_back_to_the_app() {
    let mut scene = Scene::open().await;
    let pkce = ("code_challenge", CHALLENGE);
    let table: &[(Change<'_>, &str, &str)] = &[
        (&[("response_type", "token")], "unsupported_response_type", "`response_type` must be `code`."),
        (&[("response_type", NONE)], "invalid_request", "`response_type` is missing."),
        (
            &[("response_mode", "fragment")],
            "invalid_request",
            "`response_mode` must be `query`, or left out.",
        ),
        (
            &[("scope", "openid")],
            "invalid_scope",
            "There is no scope `openid`: this server knows `read_user`.",
        ),
        (&[("prompt", "login")], "invalid_request", "`prompt` must be `none` or `consent`, or left out."),
        (
            &[("request", "e30.e30.")],
            "request_not_supported",
            "`request` is not known here: send plain parameters.",
        ),
        (
            &[pkce],
            "invalid_request",
            "`code_challenge_method` must be `S256`: `plain`, which is meant when it is left out, is not known here.",
        ),
        (
            &[pkce, ("code_challenge_method", "plain")],
            "invalid_request",
            "`code_challenge_method` must be `S256`: `plain`, which is meant when it is left out, is not known here.",
        ),
        (
            &[("redirect_uri", PUBLIC_CALLBACK)],
            "invalid_request",
            "This redirect URI is a public client's: PKCE (`code_challenge` and `code_challenge_method=S256`) is required.",
        ),
    ];
    let cookie = scene.cookie.clone();
    for (change, error, sentence) in table {
        let named = change.iter().find(|(name, _)| *name == "redirect_uri");
        let callback = named.map_or(CALLBACK, |(_, uri)| uri);
        let mut answers = Vec::new();
        for cookie in [cookie.clone(), String::new()] {
            scene.cookie = cookie;
            let pairs = changed(&scene.asked(), change);
            answers.push(scene.ask(&pairs).await.brought_to(callback));
        }
        assert_eq!(answers[0], answers[1], "who looks does not matter");
        let brought = &answers[0];
        assert_eq!((brought["error"].as_str(), brought["error_description"].as_str()), (*error, *sentence));
        assert_eq!(brought["state"], "a state", "{change:?}");
        let issuer = change.contains(&pkce).then_some(&scene.hall.running.origin);
        assert_eq!(brought.get("iss"), issuer, "{change:?}");
    }
    let mut twice = scene.asked();
    twice.push(("state", "another"));
    let brought = scene.ask(&twice).await.brought_to(CALLBACK);
    assert_eq!(brought["error_description"], "`state` stands there twice.");
    assert_eq!(brought.get("state"), None, "neither counts");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_persons_own_form_allows() {
    let scene = Scene::open().await;
    let page = scene.ask(&scene.asked()).await;
    let (action, _) = form(&page.text);
    let other = Scene { cookie: signed_in(&scene.hall, &scene.hall.world.owner).await, hall: scene.hall };
    let others = other.ask(&other.asked()).await;
    let (_, others_csrf) = form(&others.text);
    let scene = Scene { cookie: scene.cookie, hall: other.hall };
    let send = async |body: String, header: (&'static str, &'static str)| {
        let request = scene.request(Method::POST, &action).header(header.0, header.1);
        Seen::of(request.header("content-type", "application/x-www-form-urlencoded").body(body)).await
    };
    let (_, csrf) = form(&page.text);
    let quiet = ("x-nothing", "1");
    for (body, header) in [
        ("decision=allow".to_owned(), quiet),
        (format!("decision=allow&csrf={others_csrf}"), quiet),
        (format!("decision=allow&csrf={csrf}"), ("origin", "https://evil.example")),
        (format!("decision=allow&csrf={csrf}"), ("sec-fetch-site", "cross-site")),
    ] {
        let seen = send(body, header).await;
        assert_eq!((seen.status, seen.location), (403, None));
    }
    // The parameters are read again with the answer: another address in them leads nowhere.
    let action = action.replace("callback", "callbacks");
    let request = scene.request(Method::POST, &action);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let seen = Seen::of(request.body(format!("decision=allow&csrf={csrf}"))).await;
    assert_eq!((seen.status, seen.location), (400, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_allowed_can_be_taken_back() {
    let scene = Scene::open().await;
    let empty = Seen::of(scene.request(Method::GET, "/account/apps")).await;
    assert!(empty.text.contains("You have not signed in to any app"), "{}", empty.text);
    let tokens = scene.tokens().await;
    let page = Seen::of(scene.request(Method::GET, "/account/apps")).await;
    assert!(
        page.text.contains("Bench Planner") && page.text.contains("Allowed today. It sees: your name,"),
        "{}",
        page.text
    );
    let (action, csrf) = form(&page.text);
    assert_eq!(action, format!("/account/apps/{}/disallow", scene.hall.world.app));
    let send = async |cookie: &str, csrf: &str| {
        let request = super::client().post(format!("{}{action}", scene.hall.running.origin));
        let request = request.header("cookie", cookie).body(format!("csrf={csrf}"));
        Seen::of(request.header("content-type", "application/x-www-form-urlencoded")).await
    };
    assert_eq!(send(&scene.cookie, "nothing").await.status, 403);
    assert_eq!(scene.me(&tokens.access).await.status, 200);
    assert_eq!(send(&scene.cookie, &csrf).await.location.as_deref(), Some("/account/apps"));
    assert_eq!(scene.me(&tokens.access).await.status, 401);
    let refreshed = scene.token(&scene.refresh(&tokens.refresh)).await.refusal();
    assert_eq!((refreshed.0, refreshed.2.as_str()), (400, "The refresh token was revoked."));
    assert_eq!(scene.ask(&scene.asked()).await.status, 200, "asked again");
    let nothing = send(&scene.cookie, &csrf).await;
    assert_eq!(nothing.status, 404);
    assert!(nothing.text.contains("There is no app with access to your account"), "{}", nothing.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_persons_own_device_every_public_request_is_asked() {
    let scene = Scene::open().await;
    scene.code_for(&scene.publicly_asked()).await;
    assert_eq!(scene.ask(&scene.publicly_asked()).await.status, 200, "any program there could have sent it");
    register(&scene.hall, &scene.hall.world.app, "https://spa.example.com/", true).await;
    let elsewhere = changed(&scene.publicly_asked(), &[("redirect_uri", "https://spa.example.com/")]);
    let brought = scene.ask(&elsewhere).await.brought_to("https://spa.example.com/");
    assert_eq!(brought["iss"], scene.hall.running.origin);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_after_an_app_says_where_answers_go() {
    let hall = Hall::open().await;
    let (inside, app) = (&hall.running.hall, &hall.world.app);
    let set = async |user, uris: &[&str]| {
        let uris = uris.iter().map(|uri| RedirectUri::parse(uri, false).expect("an address")).collect();
        let principal = Principal { user: Some(user), is_person: true, ..Principal::default() };
        oauth::set_redirect_uris(inside, &principal, app.clone(), uris).await
    };
    let owner = hall.world.owner.clone();
    set(owner.clone(), &["https://b.example/", "https://a.example/"]).await.expect("the owner may");
    let stand = async || -> Vec<String> {
        let uris = oauth::redirect_uris(inside, app.clone()).await.expect("the app is there");
        uris.into_iter().map(|uri| uri.uri).collect()
    };
    assert_eq!(stand().await, ["https://a.example/", "https://b.example/"], "these and no others");
    let refused = set(hall.world.moderator.clone(), &[]).await.expect_err("may not");
    assert!(matches!(&refused, Error::Forbidden(told) if told.contains("developer:update_app")), "{refused}");
    for user in [&hall.world.customer, &hall.world.stranger] {
        let refused = set(user.clone(), &[]).await.expect_err("may not");
        assert!(matches!(&refused, Error::NotFound(told) if told.contains("There is no app")), "{refused}");
    }
    let many: Vec<String> = (0..21).map(|number| format!("https://{number}.example/")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let refused = set(owner.clone(), &many).await.expect_err("too many");
    assert_eq!(refused.to_string(), "An app has at most 20 redirect URIs.");
    assert_eq!(stand().await.len(), 2, "nothing was changed");
    set(owner, &many[..20]).await.expect("twenty fit");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_registers_addresses() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let app = home.demo()["NEXT_PUBLIC_WHOP_APP_ID"].clone();
    let said = async |arguments: &[&str]| {
        let output = run(&mut home.over_data(arguments)).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let listed = said(&["oauth", "redirect", "list", &app]).await;
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert!(listed.contains("http://localhost:3000/callback  (public: PKCE, no secret)"), "{listed}");
    let added = said(&["oauth", "redirect", "add", &app, "https://a.example/callback"]).await;
    assert!(added.lines().any(|line| line == "https://a.example/callback"), "{added}");
    let public = said(&["oauth", "redirect", "add", "--public", &app, "https://a.example/callback"]).await;
    assert!(public.contains("https://a.example/callback  (public"), "{public}");
    let removed = said(&["oauth", "redirect", "remove", &app, "https://a.example/callback"]).await;
    assert_eq!(removed, listed);
    for (arguments, sentence) in [
        (vec!["remove", &app, "https://a.example/callback"], "The app has no such redirect URI."),
        (vec!["add", &app, "http://a.example/"], "http is for `localhost`"),
        (vec!["add", "app_unknown", "https://a.example/"], "There is no app `app_unknown`"),
        (vec!["list", "mira"], "`mira` is not an app id"),
    ] {
        let told =
            one_sentence(&mut home.over_data(&[&["oauth", "redirect"][..], &arguments].concat())).await;
        assert!(told.contains(sentence), "{told}");
    }
    server.stop().await;
}
