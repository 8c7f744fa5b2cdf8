//! The app's side: who it is, codes that count once, refresh tokens that change, and tokens that end.

use super::{CALLBACK, CHALLENGE, NONE, PUBLIC_CALLBACK, Scene, Seen, Tokens, VERIFIER, changed, encoded};
use super::{client, register, signed_in};
use crate::harness::{Hall, NOW_MS, config};
use crate::scene::MINUTE_MS;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guildhall::serve;
use guildhall_app::clock::{Clock, Random};
use guildhall_core::ids::Id;
use reqwest::Method;
use serde_json::{Value, json};
use std::num::NonZeroU32;

const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const REPLAYED: &str =
    "The code was used before. Somebody may have copied it, so every token that came of it is revoked.";
const REUSED: &str = "The refresh token was used before. Somebody may have copied it, so every token that came of it is revoked.";

impl Scene {
    /// A code for the demo app, and what it sends for it with something changed: what that is refused with.
    async fn refused_for(&self, change: &[(&str, &str)]) -> (u16, String, String) {
        let code = self.code_for(&self.asked()).await;
        self.token(&changed(&self.exchange(&code), change)).await.refusal()
    }
}

fn refusal(status: u16, error: &str, sentence: &str) -> (u16, String, String) {
    (status, error.to_owned(), sentence.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_exchanged_by_a_form_or_by_json() {
    let scene = Scene::open().await;
    let code = scene.code_for(&scene.asked()).await;
    let body: serde_json::Map<String, Value> =
        scene.exchange(&code).into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let seen = Seen::of(scene.at("/api/oauth/token").json(&body)).await;
    assert_eq!(seen.headers["cache-control"], "no-store");
    assert_eq!(seen.headers["access-control-allow-origin"], "*");
    let told = seen.json();
    let tokens = Tokens::of(&seen);
    assert!(tokens.access.starts_with("gho_") && tokens.refresh.starts_with("ghr_"), "{told}");
    let expected = json!({
        "access_token": tokens.access, "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": tokens.refresh, "scope": "read_user", "created_at": NOW_MS / 1000,
    });
    assert_eq!(told, expected);
    let code = scene.code_for(&scene.asked()).await;
    Tokens::of(&scene.token(&scene.exchange(&code)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_says_in_one_way_who_it_is() {
    let scene = Scene::open().await;
    let (app, key) = (scene.hall.world.app.as_str(), scene.hall.world.api_key.as_str());
    let foreign = scene.hall.foreign().await;
    let bare = [("client_id", NONE), ("client_secret", NONE)];
    let send = async |headers: &[(&str, String)], change: &[(&str, &str)]| {
        let code = scene.code_for(&scene.asked()).await;
        let body = encoded(&changed(&scene.exchange(&code), change));
        let mut request = scene.at("/api/oauth/token").body(body);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        Seen::of(request).await
    };
    let basic = |id: &str, secret: &str| {
        ("authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
    };
    Tokens::of(&send(&[basic(app, key)], &bare).await);
    Tokens::of(&send(&[basic(&app.replace('_', "%5F"), key)], &bare).await);
    Tokens::of(&send(&[basic(app, key)], &[("client_secret", NONE)]).await);
    let not_a_key = "`client_secret` is not a live API key of this app.";
    let two_ways = "The client says in two ways who it is.";
    let not_basic = "The header `Authorization` is not `Basic` with `client_id:client_secret` in base64.";
    for (headers, change, expected) in [
        (vec![basic(app, "wrong")], bare, refusal(401, "invalid_client", not_a_key)),
        (vec![basic(app, &foreign.key)], bare, refusal(401, "invalid_client", not_a_key)),
        (vec![basic(foreign.app.as_str(), key)], bare, refusal(401, "invalid_client", not_a_key)),
        (vec![basic(app, "")], bare, refusal(401, "invalid_client", not_a_key)),
        (vec![("authorization", format!("Bearer {key}"))], bare, refusal(401, "invalid_client", not_basic)),
        (vec![("authorization", "Basic %%%".into())], bare, refusal(401, "invalid_client", not_basic)),
        (vec![basic(app, key), basic(app, key)], bare, refusal(400, "invalid_request", two_ways)),
        (
            vec![basic(app, key)],
            [("client_id", app), ("client_secret", key)],
            refusal(400, "invalid_request", two_ways),
        ),
        (
            vec![basic(app, key)],
            [("client_id", foreign.app.as_str()), ("client_secret", NONE)],
            refusal(400, "invalid_request", "`client_id` is not the client of the header `Authorization`."),
        ),
        (vec![], bare, refusal(400, "invalid_request", "`client_id` is missing.")),
        (vec![], [("client_id", app), ("client_secret", "wrong")], refusal(401, "invalid_client", not_a_key)),
        (
            vec![],
            [("client_id", app), ("client_secret", NONE)],
            refusal(401, "invalid_client", "`client_secret` is missing: send an API key of the app."),
        ),
        (
            vec![],
            [("client_id", "mira"), ("client_secret", key)],
            refusal(401, "invalid_client", "`client_id` is not the id of an app."),
        ),
    ] {
        let seen = send(&headers, &change).await;
        assert_eq!(seen.refusal(), expected, "{headers:?} {change:?}");
        let how = seen.headers.get("www-authenticate").map(String::as_str);
        let wanted = (seen.status == 401).then_some("Basic realm=\"guildhall\", charset=\"UTF-8\"");
        assert_eq!(how, wanted, "{headers:?} {change:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_malformed_is_refused_by_its_sentence() {
    let scene = Scene::open().await;
    for (change, error, sentence) in [
        (("grant_type", NONE), "invalid_request", "`grant_type` is missing."),
        (
            ("grant_type", "password"),
            "unsupported_grant_type",
            "`grant_type` must be `authorization_code` or `refresh_token`.",
        ),
        (
            ("grant_type", "client_credentials"),
            "unsupported_grant_type",
            "`grant_type` must be `authorization_code` or `refresh_token`.",
        ),
        (("code", NONE), "invalid_request", "`code` is missing."),
        (("code", "unknown"), "invalid_grant", "There is no such code of this app."),
        (("redirect_uri", NONE), "invalid_request", "`redirect_uri` is missing."),
        (
            ("redirect_uri", "http://localhost:3000/api/oauth/callback/"),
            "invalid_grant",
            "`redirect_uri` is not the one that the code was sent to.",
        ),
        (
            ("redirect_uri", PUBLIC_CALLBACK),
            "invalid_grant",
            "`redirect_uri` is not the one that the code was sent to.",
        ),
        (
            ("code_verifier", "short"),
            "invalid_request",
            "`code_verifier` must be 43 to 128 letters, digits, `-`, `.`, `_` or `~`.",
        ),
        (("refresh_token", "a"), "", ""),
    ] {
        if error.is_empty() {
            let pairs = [("grant_type", "refresh_token"), ("code", NONE), change];
            let refused = scene.refused_for(&pairs).await;
            assert_eq!(refused, refusal(400, "invalid_grant", "There is no such refresh token of this app."));
            continue;
        }
        assert_eq!(scene.refused_for(&[change]).await, refusal(400, error, sentence), "{change:?}");
    }
    let twice = [("code", "a"), ("code", "b")];
    let sentence = "`code` stands there twice.";
    assert_eq!(scene.refused_for(&twice).await, refusal(400, "invalid_request", sentence));
    let send = async |path: &str, kind: Option<&str>, body: String| {
        let request = scene.at(path);
        let request = match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        };
        Seen::of(request.body(body)).await.refusal()
    };
    let form = "application/x-www-form-urlencoded";
    for (path, kind, body, sentence) in [
        (
            "/api/oauth/token",
            None,
            "a=b".into(),
            "Send a form or JSON, and say so: `Content-Type: application/x-www-form-urlencoded` or `application/json`.",
        ),
        (
            "/api/oauth/token",
            Some("text/plain"),
            "a=b".into(),
            "Send a form or JSON, and say so: `Content-Type: application/x-www-form-urlencoded` or `application/json`.",
        ),
        (
            "/api/oauth/token",
            Some("application/json"),
            "[]".into(),
            "The body is not a JSON object whose values are text.",
        ),
        (
            "/api/oauth/token",
            Some("application/json"),
            r#"{"client_id":1}"#.into(),
            "The body is not a JSON object whose values are text.",
        ),
        (
            "/api/oauth/token",
            Some("application/json"),
            r#"{"client_id":"a","client_id":"a"}"#.into(),
            "`client_id` stands there twice.",
        ),
        ("/api/oauth/token", Some(form), "a".repeat(64 * 1024 + 1), "The body is larger than 64 KiB."),
        (
            "/api/oauth/token?client_secret=a",
            Some(form),
            String::new(),
            "Send the parameters in the body: what stands in an address is kept in logs.",
        ),
    ] {
        assert_eq!(send(path, kind, body).await, refusal(400, "invalid_request", sentence));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_counts_once_and_its_replay_ends_what_came_of_it() {
    let scene = Scene::open().await;
    let code = scene.code_for(&scene.asked()).await;
    let untouched = scene.tokens().await;
    let tokens = Tokens::of(&scene.token(&scene.exchange(&code)).await);
    assert_eq!(scene.me(&tokens.access).await.status, 200);
    // Whatever else is wrong with it: it came a second time.
    let replay = changed(&scene.exchange(&code), &[("redirect_uri", PUBLIC_CALLBACK)]);
    assert_eq!(scene.token(&replay).await.refusal(), refusal(400, "invalid_grant", REPLAYED));
    assert_eq!(scene.me(&tokens.access).await.status, 401);
    let refreshed = scene.token(&scene.refresh(&tokens.refresh)).await.refusal();
    assert_eq!(refreshed, refusal(400, "invalid_grant", "The refresh token was revoked."));
    let third = scene.token(&scene.exchange(&code)).await.refusal();
    assert_eq!(third, refusal(400, "invalid_grant", "The code was revoked."));
    assert_eq!(scene.me(&untouched.access).await.status, 200, "another signing-in goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_after_five_minutes_and_is_forgotten_after_a_day() {
    let mut scene = Scene::open().await;
    let (early, late) = (scene.code_for(&scene.asked()).await, scene.code_for(&scene.asked()).await);
    scene.hall.clock.advance_ms(5 * MINUTE_MS - 1);
    Tokens::of(&scene.token(&scene.exchange(&early)).await);
    scene.hall.clock.advance_ms(1);
    let expired = refusal(400, "invalid_grant", "The code has expired.");
    assert_eq!(scene.token(&scene.exchange(&late)).await.refusal(), expired);
    scene.hall.clock.advance_ms(DAY_MS + 1);
    assert_eq!(scene.token(&scene.exchange(&late)).await.refusal(), expired);
    scene.cookie = signed_in(&scene.hall, &scene.hall.world.customer).await;
    scene.code_for(&scene.asked()).await;
    let unknown = refusal(400, "invalid_grant", "There is no such code of this app.");
    assert_eq!(scene.token(&scene.exchange(&late)).await.refusal(), unknown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_cannot_be_talked_away() {
    let scene = Scene::open().await;
    let plain = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let with = changed(&scene.asked(), &plain);
    let other = "a".repeat(43);
    let mismatch = "`code_verifier` is not the one of the `code_challenge`.";
    for (pairs, verifier, sentence) in [
        (&with, NONE, "`code_verifier` is missing: the code was asked for with a `code_challenge`."),
        (&with, &other, mismatch),
        (&with, CHALLENGE, mismatch),
        (
            &scene.asked(),
            VERIFIER,
            "`code_verifier` was sent, but the code was asked for without a `code_challenge`.",
        ),
    ] {
        let code = scene.code_for(pairs).await;
        let refused = scene.token(&changed(&scene.exchange(&code), &[("code_verifier", verifier)])).await;
        assert_eq!(refused.refusal(), refusal(400, "invalid_grant", sentence));
    }
    // A wrong verifier does not use the code up: whoever has the right one still gets in.
    let code = scene.code_for(&with).await;
    let wrong = changed(&scene.exchange(&code), &[("code_verifier", &other)]);
    assert_eq!(scene.token(&wrong).await.status, 400);
    Tokens::of(&scene.token(&changed(&scene.exchange(&code), &[("code_verifier", VERIFIER)])).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_proves_itself_by_its_verifier_alone() {
    let scene = Scene::open().await;
    let code = scene.code_for(&scene.publicly_asked()).await;
    let without = changed(&scene.public_exchange(&code), &[("code_verifier", NONE)]);
    assert_eq!(scene.token(&without).await.refusal().1, "invalid_grant");
    let wrong = changed(&scene.public_exchange(&code), &[("client_secret", "wrong")]);
    assert_eq!(scene.token(&wrong).await.refusal().1, "invalid_client", "a secret that is sent is right");
    let tokens = Tokens::of(&scene.token(&scene.public_exchange(&code)).await);
    let refresh = changed(&scene.refresh(&tokens.refresh), &[("client_secret", NONE)]);
    let tokens = Tokens::of(&scene.token(&refresh).await);
    assert_eq!(scene.me(&tokens.access).await.status, 200);

    // What went to where a secret is kept needs it, also with a verifier.
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code = scene.code_for(&changed(&scene.asked(), &pkce)).await;
    let bare = changed(&scene.exchange(&code), &[("client_secret", NONE), ("code_verifier", VERIFIER)]);
    let missing = "`client_secret` is missing: send an API key of the app.";
    assert_eq!(scene.token(&bare).await.refusal(), refusal(401, "invalid_client", missing));
    let tokens = scene.tokens().await;
    let bare = changed(&scene.refresh(&tokens.refresh), &[("client_secret", NONE)]);
    assert_eq!(scene.token(&bare).await.refusal(), refusal(401, "invalid_client", missing));
    // An app that registered nothing public is told so for anything.
    let foreign = scene.hall.foreign().await;
    let bare = changed(&bare, &[("client_id", foreign.app.as_str())]);
    assert_eq!(scene.token(&bare).await.refusal(), refusal(401, "invalid_client", missing));
    let nobody = changed(&bare, &[("client_id", "app_unknown")]);
    assert_eq!(scene.token(&nobody).await.refusal(), refusal(401, "invalid_client", missing));
}

#[tokio::test(flavor = "multi_thread")]
async fn any_page_may_ask_for_tokens() {
    let scene = Scene::open().await;
    for path in ["/api/oauth/token", "/api/oauth/revoke", "/api/v5/me"] {
        let request = client().request(Method::OPTIONS, format!("{}{path}", scene.hall.running.origin));
        let request = request.header("origin", "https://spa.example.com");
        let seen = Seen::of(request.header("access-control-request-method", "POST")).await;
        assert_eq!((seen.status, seen.headers["access-control-allow-origin"].as_str()), (204, "*"), "{path}");
        assert!(seen.headers["access-control-allow-headers"].contains("authorization"), "{path}");
        assert!(!seen.headers.contains_key("access-control-allow-credentials"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_app_got_is_nothing_in_the_hands_of_another() {
    let scene = Scene::open().await;
    let foreign = scene.hall.foreign().await;
    register(&scene.hall, &foreign.app, CALLBACK, false).await;
    let as_foreign = [("client_id", foreign.app.as_str()), ("client_secret", foreign.key.as_str())];
    let code = scene.code_for(&scene.asked()).await;
    let stolen = scene.token(&changed(&scene.exchange(&code), &as_foreign)).await.refusal();
    assert_eq!(stolen, refusal(400, "invalid_grant", "There is no such code of this app."));
    let tokens = Tokens::of(&scene.token(&scene.exchange(&code)).await);
    let replayed = scene.token(&changed(&scene.exchange(&code), &as_foreign)).await.refusal();
    assert_eq!(replayed.2, "There is no such code of this app.");
    let stolen = scene.token(&changed(&scene.refresh(&tokens.refresh), &as_foreign)).await.refusal();
    assert_eq!(stolen, refusal(400, "invalid_grant", "There is no such refresh token of this app."));
    for token in [&tokens.access, &tokens.refresh] {
        let mut pairs = as_foreign.to_vec();
        pairs.push(("token", token));
        let request = scene.at("/api/oauth/revoke").body(encoded(&pairs));
        let seen = Seen::of(request.header("content-type", "application/x-www-form-urlencoded")).await;
        assert_eq!(seen.refusal(), refusal(400, "invalid_grant", "There is no such token of this app."));
    }
    // None of that ended anything, and neither kind of token stands for the other, or for a code.
    assert_eq!(scene.me(&tokens.access).await.status, 200);
    assert_eq!(scene.me(&tokens.refresh).await.status, 401);
    assert_eq!(scene.token(&scene.refresh(&tokens.access)).await.refusal().1, "invalid_grant");
    assert_eq!(scene.token(&scene.exchange(&tokens.refresh)).await.refusal().1, "invalid_grant");
    Tokens::of(&scene.token(&scene.refresh(&tokens.refresh)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_counts_once_and_its_reuse_ends_the_family() {
    let scene = Scene::open().await;
    let first = scene.tokens().await;
    let second = Tokens::of(&scene.token(&scene.refresh(&first.refresh)).await);
    let third = Tokens::of(&scene.token(&scene.refresh(&second.refresh)).await);
    assert_ne!(first.refresh, second.refresh);
    for access in [&first.access, &second.access, &third.access] {
        assert_eq!(scene.me(access).await.status, 200);
    }
    let reused = scene.token(&scene.refresh(&first.refresh)).await.refusal();
    assert_eq!(reused, refusal(400, "invalid_grant", REUSED));
    for access in [&first.access, &second.access, &third.access] {
        assert_eq!(scene.me(access).await.status, 401);
    }
    let last = scene.token(&scene.refresh(&third.refresh)).await.refusal();
    assert_eq!(last, refusal(400, "invalid_grant", "The refresh token was revoked."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_remembers_a_token_that_it_never_gave() {
    let scene = Scene::open().await;
    let tokens = scene.tokens().await;
    // The same family, another end: nobody got that, so somebody saw another of its tokens.
    let mut forged = tokens.refresh.clone();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    assert_eq!(scene.token(&scene.refresh(&forged)).await.refusal().2, REUSED);
    assert_eq!(scene.me(&tokens.access).await.status, 401);
    for odd in ["ghr_", "ghr_AAAA", "ghr_%%%", "nothing", &tokens.refresh[4..]] {
        let refused = scene.token(&scene.refresh(odd)).await.refusal();
        assert_eq!(refused, refusal(400, "invalid_grant", "There is no such refresh token of this app."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_in_time_and_few_access_tokens_live_beside_each_other() {
    let scene = Scene::open().await;
    let first = scene.tokens().await;
    scene.hall.clock.advance_ms(HOUR_MS - 1);
    assert_eq!(scene.me(&first.access).await.status, 200);
    scene.hall.clock.advance_ms(1);
    assert_eq!(scene.me(&first.access).await.status, 401);
    let mut all = vec![Tokens::of(&scene.token(&scene.refresh(&first.refresh)).await)];
    for _ in 0..10 {
        scene.hall.clock.advance_ms(1);
        let last = &all[all.len() - 1].refresh;
        all.push(Tokens::of(&scene.token(&scene.refresh(last)).await));
    }
    let mut live = Vec::new();
    for tokens in &all {
        live.push(scene.me(&tokens.access).await.status == 200);
    }
    assert_eq!(live, [[false].as_slice(), [true; 10].as_slice()].concat(), "the oldest gave way");
    let last = all.pop().expect("tokens").refresh;
    let more = scene.token(&changed(&scene.refresh(&last), &[("scope", "write_everything")])).await;
    assert_eq!(more.refusal().1, "invalid_scope");
    scene.hall.clock.advance_ms(30 * DAY_MS - 1);
    let renewed = changed(&scene.refresh(&last), &[("scope", "read_user")]);
    let renewed = Tokens::of(&scene.token(&renewed).await);
    scene.hall.clock.advance_ms(30 * DAY_MS);
    let expired = scene.token(&scene.refresh(&renewed.refresh)).await.refusal();
    assert_eq!(expired, refusal(400, "invalid_grant", "The refresh token has expired."));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_at_once_one_wins() {
    let scene = Scene::open().await;
    let code = scene.code_for(&scene.asked()).await;
    let exchange = scene.exchange(&code);
    let all = futures_of(20, || scene.token(&exchange)).await;
    let won: Vec<&Seen> = all.iter().filter(|seen| seen.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(
        all.iter().filter(|seen| seen.status == 400 && seen.refusal().1 == "invalid_grant").count(),
        19
    );
    assert_eq!(scene.me(&Tokens::of(won[0]).access).await.status, 401, "the others were replays");

    let tokens = scene.tokens().await;
    let refresh = scene.refresh(&tokens.refresh);
    let all = futures_of(20, || scene.token(&refresh)).await;
    let won: Vec<&Seen> = all.iter().filter(|seen| seen.status == 200).collect();
    assert_eq!(won.len(), 1);
    assert_eq!(scene.me(&Tokens::of(won[0]).access).await.status, 401);
}

/// The answers of so many asked at once.
async fn futures_of<F: Future<Output = Seen>>(count: usize, ask: impl Fn() -> F) -> Vec<Seen> {
    let mut waiting: Vec<_> = (0..count).map(|_| Box::pin(ask())).collect();
    let mut answers: Vec<Option<Seen>> = (0..count).map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, answer) in waiting.iter_mut().zip(&mut answers) {
            if answer.is_none()
                && let std::task::Poll::Ready(seen) = future.as_mut().poll(context)
            {
                *answer = Some(seen);
            }
        }
        match answers.iter().all(Option::is_some) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    answers.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_gives_tokens_back() {
    let scene = Scene::open().await;
    let revoke = async |token: &str, change: &[(&str, &str)]| {
        let pairs = [
            ("token", token),
            ("token_type_hint", "access_token"),
            ("client_id", scene.hall.world.app.as_str()),
            ("client_secret", &scene.hall.world.api_key),
        ];
        let request = scene.at("/api/oauth/revoke").body(encoded(&changed(&pairs, change)));
        Seen::of(request.header("content-type", "application/x-www-form-urlencoded")).await
    };
    let tokens = scene.tokens().await;
    assert_eq!(revoke(&tokens.access, &[("client_secret", NONE)]).await.refusal().1, "invalid_client");
    assert_eq!(revoke(&tokens.refresh, &[("client_secret", NONE)]).await.refusal().1, "invalid_client");
    assert_eq!(revoke(&tokens.access, &[("token", NONE)]).await.refusal().2, "`token` is missing.");
    assert_eq!(revoke(&tokens.access, &[]).await.status, 200);
    assert_eq!(scene.me(&tokens.access).await.status, 401);
    let tokens = Tokens::of(&scene.token(&scene.refresh(&tokens.refresh)).await);
    assert_eq!(scene.me(&tokens.access).await.status, 200, "an access token ends by itself");
    assert_eq!(revoke(&tokens.refresh, &[]).await.status, 200);
    assert_eq!(scene.me(&tokens.access).await.status, 401, "a refresh token with everything");
    for gone in [&tokens.access, &tokens.refresh, "nothing", "ghr_AAAA"] {
        assert_eq!(revoke(gone, &[]).await.status, 200, "revoked already");
    }
    let code = scene.code_for(&scene.publicly_asked()).await;
    let public = Tokens::of(&scene.token(&scene.public_exchange(&code)).await);
    for token in [&public.access, &public.refresh] {
        assert_eq!(revoke(token, &[("client_secret", NONE)]).await.status, 200);
    }
    assert_eq!(scene.me(&public.access).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_read_where_to_go() {
    let hall = Hall::open().await;
    let origin = &hall.running.origin;
    for place in ["oauth-authorization-server", "openid-configuration"] {
        let seen = Seen::of(client().get(format!("{origin}/.well-known/{place}"))).await;
        assert_eq!((seen.status, seen.headers["access-control-allow-origin"].as_str()), (200, "*"));
        assert_eq!(seen.headers["cache-control"], "public, max-age=300");
        let told = seen.json();
        assert_eq!(told["issuer"], *origin);
        assert_eq!(told["authorization_endpoint"], format!("{origin}/oauth"));
        assert_eq!(told["token_endpoint"], format!("{origin}/api/oauth/token"));
        assert_eq!(told["revocation_endpoint"], format!("{origin}/api/oauth/revoke"));
        assert_eq!(told["userinfo_endpoint"], format!("{origin}/api/v5/me"));
        assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(told["scopes_supported"], json!(["read_user"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn these_routes_are_counted_too() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let mut config = config(&directory);
    config.requests_per_minute = NonZeroU32::new(2);
    let running = serve::start(&config, Clock::frozen(NOW_MS), Random::seeded(7), false).await;
    let running = running.expect("the hall opens");
    let ask = async |path: &str| Seen::of(client().post(format!("{}{path}", running.origin))).await.status;
    assert_eq!(ask("/api/oauth/token").await, 400);
    assert_eq!(ask("/api/oauth/revoke").await, 400);
    for path in ["/api/oauth/token", "/api/oauth/revoke", "/api/v5/me", "/oauth"] {
        assert_eq!(ask(path).await, 429, "{path}");
    }
}
