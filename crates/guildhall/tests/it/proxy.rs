//! Apps on origins of their own: who is known there and how, what passes through as it comes, and what the hub frames.

use crate::harness::Hall;
use crate::proxy_scene::{Asked, Raw, Stage, Upstream, add_app, authority, framed, read_until, send, soon};
use crate::scene::MINUTE_MS;
use guildhall_app::app::{self, AppUpdate, Change};
use guildhall_app::{Principal, signing_key};
use guildhall_client::{UserTokenOptions, verify_user_token_at};
use guildhall_core::ids::Id;
use guildhall_core::signing_key::Rotation;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Whom a token that reached the app is of, as a published client finds out.
async fn bearer(stage: &Stage, asked: &Asked) -> String {
    let tokens = asked.values("x-whop-user-token");
    assert_eq!(tokens.len(), 1, "{}", asked.head);
    let keys = signing_key::published(&stage.hall.running.hall).await.expect("keys");
    let now = stage.hall.clock.now_ms() / 1000;
    let verified = keys["keys"].as_array().expect("keys").iter().find_map(|key| {
        let public_key = key.to_string();
        let options = UserTokenOptions { app_id: stage.app.as_str(), public_key: &public_key };
        verify_user_token_at(tokens[0], options, now).ok()
    });
    verified.expect("one of the server's keys").user_id
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_in_the_frame_is_told_who_looks() {
    let mut stage = Stage::set().await;
    let customer = stage.hall.world.customer.clone();
    let hub_cookie = stage.signed_in(&customer).await;
    let path = format!("/experiences/{}", stage.experience);
    let page = stage.hub(&path, &hub_cookie).await;
    let policy = page.value("content-security-policy").expect("a policy").to_owned();
    let apps = format!("; frame-src http://*.apps.localhost:{}", stage.address().port());
    assert!(policy.ends_with(&apps), "{policy}");
    assert!(page.body().contains("Notes &#38; &#60;more&#62;"), "{}", page.body());

    let frame = framed(&page);
    let target = frame.strip_prefix(&stage.origin()).expect("on the app's origin");
    let entered = stage.ask(&format!("GET {target}"), &stage.referred_by_hub()).await;
    assert_eq!((entered.status(), entered.value("location")), (303, Some(path.as_str())));
    let set = entered.value("set-cookie").expect("a cookie");
    assert!(set.ends_with("; Path=/; HttpOnly; Max-Age=86400; SameSite=None; Secure; Partitioned"), "{set}");
    let cookie = set.split(';').next().expect("a pair").to_owned();

    let headers = format!("Cookie: a=b; {cookie}; {hub_cookie}; c=d\r\nAccept: text/html\r\n");
    let answered = tokio::spawn(stage.ask(&format!("GET {path}?x=%2F"), &headers));
    let asked = stage.upstream.next().await;
    assert_eq!(asked.request_line(), format!("GET {path}?x=%2F HTTP/1.1"));
    assert_eq!(asked.values("host"), [stage.upstream.address.to_string()]);
    assert_eq!(asked.values("cookie"), ["a=b; c=d"]);
    assert_eq!(asked.values("x-forwarded-host"), [stage.authority()]);
    assert_eq!(asked.values("x-forwarded-proto"), ["http"]);
    assert_eq!(asked.values("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(bearer(&stage, &asked).await, customer.as_str());
    asked.answer_text("hello").await;
    let answered = answered.await.expect("answered");
    assert_eq!((answered.status(), answered.body()), (200, "hello"));

    let (hall, clock) = (Arc::clone(&stage.hall.running.hall), stage.hall.clock.clone());
    // The token is kept while it has half an hour to live, and made by the key that signs.
    let mut token_now = async |cookie: &str| {
        let answered = tokio::spawn(stage.ask("GET /", &format!("Cookie: {cookie}\r\n")));
        let asked = stage.upstream.next().await;
        let token = asked.values("x-whop-user-token").first().map(|token| (*token).to_owned());
        asked.answer_text("").await;
        answered.await.expect("answered");
        token
    };
    let first = token_now(&cookie).await.expect("a token");
    clock.advance_ms(30 * MINUTE_MS);
    assert_eq!(token_now(&cookie).await.as_ref(), Some(&first));
    clock.advance_ms(1000);
    let second = token_now(&cookie).await.expect("a token");
    assert_ne!(second, first);
    signing_key::rotate(&hall, Rotation::AtOnce).await.expect("rotated");
    assert_ne!(token_now(&cookie).await.expect("a token"), second);
    assert_eq!(token_now("").await, None, "nobody is known without the cookie");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_counts_once_on_its_host_and_from_the_hub() {
    let stage = Stage::set().await;
    let (other, _) = add_app(&stage.hall, "http://127.0.0.1:1").await;
    let cookie = stage.signed_in(&stage.hall.world.customer).await;
    let used =
        "This way into the app was used already, or is too old: open the app again from its community.";
    let refused = async |target: &str, headers: &str, status: u16, sentence: &str| {
        let raw = stage.ask(&format!("GET {target}"), headers).await;
        assert_eq!(raw.status(), status, "{raw:?}");
        assert!(raw.body().contains(sentence) && raw.value("set-cookie").is_none(), "{raw:?}");
    };
    let hub = stage.referred_by_hub();
    let elsewhere = "An app is entered from a page of its community.";
    let first = stage.frame(&cookie).await;
    for from in ["", "Referer: http://evil.example/\r\n", &format!("Referer: {}/\r\n", stage.origin())] {
        refused(&first, from, 403, elsewhere).await;
    }
    // On another app's host it is none.
    let text = format!(
        "GET {first} HTTP/1.1\r\nHost: {}\r\n{hub}Connection: close\r\n\r\n",
        authority(&stage.hall, &other)
    );
    assert_eq!(send(stage.address(), text.as_bytes()).await.status(), 401);
    stage.enter(&first).await;
    refused(&first, &hub, 401, used).await;
    refused("/_whop/enter?ticket=nonsense&to=/", &hub, 401, used).await;
    refused("/_whop/enter?to=/", &hub, 400, "An app is entered with a ticket.").await;
    refused("/_whop/enter?ticket=a&ticket=b", &hub, 400, "An app is entered with a ticket.").await;
    let late = stage.frame(&cookie).await;
    stage.hall.clock.advance_ms(30_000);
    refused(&late, &hub, 401, used).await;
    let posted = stage.ask("POST /_whop/enter?ticket=x", &format!("{hub}Content-Length: 0\r\n")).await;
    assert_eq!(posted.status(), 405);

    // Of many who bring one ticket at once, one enters.
    let one = stage.frame(&cookie).await;
    let bring = || tokio::spawn(stage.ask(&format!("GET {one}"), &hub));
    let brought: Vec<_> = (0..8).map(|_| bring()).collect();
    let mut statuses = Vec::new();
    for each in brought {
        statuses.push(each.await.expect("answered").status());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn entering_leads_nowhere_else() {
    let stage = Stage::set().await;
    let cookie = stage.signed_in(&stage.hall.world.customer).await;
    for to in
        ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/%0d%0aSet-Cookie:+a=b"]
    {
        let frame = stage.frame(&cookie).await;
        let (ticket, _) = frame.split_once("&to=").expect("two parameters");
        let raw = stage.ask(&format!("GET {ticket}&to={to}"), &stage.referred_by_hub()).await;
        assert_eq!((raw.status(), raw.value("location")), (303, Some("/")), "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_is_good_for_one_app_and_ends_with_its_session() {
    let mut stage = Stage::set().await;
    let mut second = Upstream::start().await;
    let (other, _) = add_app(&stage.hall, &second.url()).await;
    let hub_cookie = stage.signed_in(&stage.hall.world.customer).await;
    let frame = stage.frame(&hub_cookie).await;
    let cookie = stage.enter(&frame).await;
    let knows = async |stage: &mut Stage| {
        let answered = tokio::spawn(stage.ask("GET /", &format!("Cookie: {cookie}\r\n")));
        let asked = stage.upstream.next().await;
        let known = !asked.values("x-whop-user-token").is_empty();
        asked.answer_text("").await;
        answered.await.expect("answered");
        known
    };
    assert!(knows(&mut stage).await);
    let text = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n",
        authority(&stage.hall, &other)
    );
    let address = stage.address();
    let answered = tokio::spawn(async move { send(address, text.as_bytes()).await });
    let asked = second.next().await;
    assert_eq!(asked.values("x-whop-user-token"), [""; 0], "another app's cookie");
    assert_eq!(asked.values("cookie"), [""; 0], "nor does the other app see it");
    asked.answer_text("").await;
    answered.await.expect("answered");

    // A browser that has a lasting cookie keeps it.
    let frame = stage.frame(&hub_cookie).await;
    let headers = format!("{}Cookie: {cookie}\r\n", stage.referred_by_hub());
    let again = stage.ask(&format!("GET {frame}"), &headers).await;
    assert_eq!((again.status(), again.value("set-cookie")), (303, None));

    // Signing out ends it at once.
    let home = stage.hub("/", &hub_cookie).await;
    let (_, rest) = home.body().split_once("name=\"csrf\" value=\"").expect("a form");
    let form = format!("csrf={}", rest.split('"').next().expect("a value"));
    let text = format!(
        "POST /sign-out HTTP/1.1\r\nHost: {address}\r\nCookie: {hub_cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    assert_eq!(send(address, text.as_bytes()).await.status(), 303);
    assert!(!knows(&mut stage).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_ends_after_a_day() {
    let mut stage = Stage::set().await;
    let cookie = stage.looking(&stage.hall.world.customer).await;
    for (after_ms, known) in [(24 * 60 * MINUTE_MS - 1, true), (1, false)] {
        stage.hall.clock.advance_ms(after_ms);
        let answered = tokio::spawn(stage.ask("GET /", &format!("Cookie: {cookie}\r\n")));
        let asked = stage.upstream.next().await;
        assert_eq!(!asked.values("x-whop-user-token").is_empty(), known);
        asked.answer_text("").await;
        answered.await.expect("answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_frames_an_app_for_those_with_access_alone() {
    let stage = Stage::set().await;
    let world = stage.hall.world.clone();
    let experience = format!("/experiences/{}", stage.experience);
    let dashboard = format!("/dashboard/{}/{}", world.company, stage.app);
    let open = format!("/apps/{}/open", stage.app);
    let table = [
        (&world.customer, [200, 404, 200]),
        (&world.stranger, [404, 404, 404]),
        (&world.moderator, [200, 200, 200]),
        (&world.owner, [200, 200, 200]),
    ];
    for (user, statuses) in table {
        let cookie = stage.signed_in(user).await;
        for (path, status) in [&experience, &dashboard, &open].into_iter().zip(statuses) {
            let page = stage.hub(path, &cookie).await;
            assert_eq!(page.status(), status, "{user} at {path}: {page:?}");
            assert_eq!(page.body().contains("<iframe"), status == 200);
        }
    }
    let owner = stage.signed_in(&world.owner).await;
    let to = |page: &Raw| framed(page).split_once("&to=").expect("a path").1.replace("%2F", "/");
    assert_eq!(to(&stage.hub(&dashboard, &owner).await), format!("/dashboard/{}", world.company));
    assert_eq!(to(&stage.hub(&open, &owner).await), "/discover");
    for path in [&experience, &dashboard, &open] {
        let page = stage.hub(path, "").await;
        let sign_in = format!("/sign-in?return_to={}", path.replace('/', "%2F"));
        assert_eq!((page.status(), page.value("location")), (303, Some(sign_in.as_str())));
    }
    for path in ["/experiences/exp_unknown", "/apps/app_unknown/open", "/dashboard/biz_unknown/app_unknown"] {
        assert_eq!(stage.hub(path, &owner).await.status(), 404, "{path}");
    }
    for path in ["/experiences/x", "/apps/x/open", "/dashboard/x/app_1"] {
        assert_eq!(stage.hub(path, &owner).await.status(), 400, "{path}");
    }
    let chat = stage.hub(&format!("/experiences/{}", world.chat_experience), &owner).await;
    assert_eq!(chat.status(), 501);
}

/// The path to which the frame of a page leads on the app's origin.
fn path_of(page: &Raw) -> String {
    let frame = framed(page);
    let (_, query) = frame.split_once('?').expect("parameters");
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("parameters");
    pairs.into_iter().find(|(name, _)| name == "to").expect("a path").1
}

#[tokio::test(flavor = "multi_thread")]
async fn views_are_at_the_apps_own_paths_and_links_lead_into_them() {
    let stage = Stage::set().await;
    let world = &stage.hall.world;
    let owner = stage.signed_in(&world.owner).await;
    let experience = format!("/experiences/{}", stage.experience);
    let dashboard = format!("/dashboard/{}/{}", world.company, stage.app);
    let open = format!("/apps/{}/open", stage.app);
    let leads = async |from: String, to: String| {
        let page = stage.hub(&from, &owner).await;
        assert_eq!(page.status(), 200, "{from}: {page:?}");
        assert_eq!(path_of(&page), to, "{from}");
    };
    // An app that says nothing has the usual paths, which have no place for what a link says.
    leads(format!("{experience}/notes/7"), format!("/experiences/{}", stage.experience)).await;
    leads(format!("{dashboard}/settings"), format!("/dashboard/{}", world.company)).await;
    let update = AppUpdate {
        experience_path: Change::Set("/c/[companyId]/e/[experienceId]/[restPath]?from=hub".into()),
        dashboard_path: Change::Set("/team/[restPath]?of=[companyId]".into()),
        discover_path: Change::Set("/about/[companyId]".into()),
        ..AppUpdate::default()
    };
    let principal = Principal::in_person(world.owner.clone());
    let updated = app::update(&stage.hall.running.hall, &principal, stage.app.clone(), update).await;
    updated.expect("the owner may");
    let place = format!("/c/{}/e/{}", world.company, stage.experience);
    leads(experience.clone(), format!("{place}?from=hub")).await;
    leads(format!("{experience}/notes/7?ignored=1"), format!("{place}/notes/7?from=hub")).await;
    leads(
        format!("{experience}//evil.example/%3Fa%3Db%23c"),
        format!("{place}/evil.example/%3Fa%3Db%23c?from=hub"),
    )
    .await;
    leads(dashboard.clone(), format!("/team?of={}", world.company)).await;
    leads(format!("{dashboard}/people/new"), format!("/team/people/new?of={}", world.company)).await;
    leads(open, "/about".into()).await;
    for link in ["..", "a/../../b", "%2e%2e/b", "a%2F..%2Fb", "a%5C..%5Cb"] {
        for place in [&experience, &dashboard] {
            let page = stage.hub(&format!("{place}/{link}"), &owner).await;
            assert_eq!(page.status(), 400, "{link}");
            assert!(page.body().contains("A link into an app must not lead upwards."), "{page:?}");
        }
    }
    // A link that is followed arrives where it leads.
    let page = stage.hub(&format!("{experience}/notes/7"), &owner).await;
    let frame = framed(&page);
    let target = frame.strip_prefix(&stage.origin()).expect("on the app's origin");
    let entered = stage.ask(&format!("GET {target}"), &stage.referred_by_hub()).await;
    assert_eq!(entered.value("location"), Some(format!("{place}/notes/7?from=hub").as_str()));
    // It tells nothing to who has no access, and leads others back after they signed in.
    let stranger = stage.signed_in(&world.stranger).await;
    assert_eq!(stage.hub(&format!("{experience}/notes/7"), &stranger).await.status(), 404);
    let nobody = stage.hub(&format!("{experience}/notes/7"), "").await;
    let sign_in = format!("/sign-in?return_to=%2Fexperiences%2F{}%2Fnotes%2F7", stage.experience);
    assert_eq!((nobody.status(), nobody.value("location")), (303, Some(sign_in.as_str())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apps_pages_read_who_looks() {
    let stage = Stage::set().await;
    let cookie = stage.looking(&stage.hall.world.customer).await;
    let me = async |headers: &str| stage.ask("GET /_whop/api/v5/me", headers).await;
    let answered = me(&format!("Cookie: {cookie}\r\n")).await;
    assert_eq!((answered.status(), answered.value("cache-control")), (200, Some("no-store")));
    assert_eq!(answered.value("access-control-allow-origin"), None, "it is said to one person");
    let told: Value = serde_json::from_str(answered.body()).expect("JSON");
    assert_eq!(told["id"], stage.hall.world.customer.as_str());
    // As `viewer` shows it to a person inside an app.
    assert_eq!((&told["username"], &told["email"]), (&json!("mira"), &json!("mira@example.com")));
    let own = format!("Authorization: Bearer {}\r\n", stage.hall.world.api_key);
    assert_eq!(me(&format!("{own}Cookie: {cookie}\r\n")).await.body(), answered.body());
    let nobody = me("").await;
    assert_eq!(nobody.status(), 401);
    assert!(nobody.body().contains("or a user token as `x-whop-user-token`"), "{nobody:?}");
    assert_eq!(me(&format!("Cookie: {cookie}\r\nSec-Fetch-Site: same-site\r\n")).await.status(), 403);
    // The same with a token at the hall itself.
    let hall = &stage.hall.running.hall;
    let token = guildhall_app::user_token::mint(hall, stage.app.clone(), stage.hall.world.customer.clone());
    let token = token.await.expect("a token");
    let at_hall = async |headers: &str| {
        let text = format!(
            "GET /api/v5/me HTTP/1.1\r\nHost: {}\r\n{headers}Connection: close\r\n\r\n",
            stage.address()
        );
        send(stage.address(), text.as_bytes()).await
    };
    assert_eq!(at_hall(&format!("x-whop-user-token: {token}\r\n")).await.body(), answered.body());
    let refused = at_hall("x-whop-user-token: nonsense\r\n").await;
    assert_eq!(refused.status(), 401);
    assert!(refused.body().contains("invalid_token"), "{refused:?}");
    let refused = at_hall(&format!("{own}x-whop-user-token: {token}\r\n")).await;
    assert!(refused.status() == 401 && refused.body().contains("no API key opens it"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_on_an_apps_origin_is_limited_for_each_person() {
    let stage = Stage::set_in(Hall::open_limited(3).await, "").await;
    let viewer = "/_whop/public-graphql?query=%7Bviewer%7Buser%7Bid%7D%7D%7D";
    let me = "/_whop/api/v5/me";
    let customer = stage.looking(&stage.hall.world.customer).await;
    let owner = stage.looking(&stage.hall.world.owner).await;
    let ask = async |cookie: &str, path: &str, headers: &str| {
        let headers = format!("Cookie: {cookie}\r\n{headers}");
        stage.ask(&format!("GET {path}"), &headers).await
    };
    // What else says who asks begins no count of its own.
    for (path, headers) in
        [(viewer, ""), (me, "Authorization: Bearer x\r\n"), (viewer, "x-whop-user-token: y\r\n")]
    {
        assert_eq!(ask(&customer, path, headers).await.status(), 200, "{path}");
    }
    for (path, headers) in [(viewer, ""), (me, ""), (me, "Authorization: Bearer z\r\n")] {
        let refused = ask(&customer, path, headers).await;
        assert_eq!(refused.status(), 429, "{path}: {refused:?}");
        assert!(refused.value("retry-after").is_some(), "{refused:?}");
    }
    assert_eq!(ask(&owner, viewer, "").await.status(), 200, "another person has a count of their own");
    for _ in 0..3 {
        assert_eq!(ask("", me, "").await.status(), 401);
    }
    let refused = ask("", me, "Authorization: Bearer new\r\n").await;
    assert_eq!(refused.status(), 429, "who is nobody is counted by address");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_pass_as_they_come() {
    let mut stage = Stage::set().await;
    let mut browser = TcpStream::connect(stage.address()).await.expect("connected");
    let head = format!(
        "POST /upload HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5\r\nfirst\r\n",
        stage.authority()
    );
    browser.write_all(head.as_bytes()).await.expect("sent");
    let mut asked = stage.upstream.next().await;
    assert_eq!(asked.values("transfer-encoding"), ["chunked"]);
    assert_eq!(asked.values("expect"), [""; 0]);
    // The app has the first part while the browser still holds the second.
    asked.read_until("first\r\n").await;
    browser.write_all(b"6\r\nsecond\r\n").await.expect("sent");
    asked.read_until("second\r\n").await;
    // And answers before it has the last.
    asked
        .stream
        .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        .await
        .expect("sent");
    let mut got = Vec::new();
    let answer = read_until(&mut browser, &mut got, "one\r\n").await;
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    browser.write_all(b"0\r\n\r\n").await.expect("sent");
    asked.read_until("0\r\n\r\n").await;
    asked.stream.write_all(b"3\r\ntwo\r\n0\r\n\r\n").await.expect("sent");
    read_until(&mut browser, &mut got, "two\r\n0\r\n\r\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_reads_slowly_slows_the_app() {
    const MUCH: usize = 64 * 1024 * 1024;
    let mut stage = Stage::set().await;
    let mut browser = TcpStream::connect(stage.address()).await.expect("connected");
    let head = format!("GET /film HTTP/1.1\r\nHost: {}\r\n\r\n", stage.authority());
    browser.write_all(head.as_bytes()).await.expect("sent");
    let mut asked = stage.upstream.next().await;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {MUCH}\r\n\r\n");
    asked.stream.write_all(head.as_bytes()).await.expect("sent");
    let (told, mut written) = tokio::sync::watch::channel(0);
    let writing = tokio::spawn(async move {
        let part = vec![b'x'; 256 * 1024];
        for _ in 0..MUCH / part.len() {
            asked.stream.write_all(&part).await.expect("it is taken");
            told.send_modify(|written| *written += part.len());
        }
    });
    // Nothing is read, so the writing comes to rest when what lies between is full: a second without a change.
    while tokio::time::timeout(Duration::from_secs(1), written.changed()).await.is_ok() {}
    let held = *written.borrow();
    assert!(held < MUCH / 2, "{held} bytes were taken from the app and given to nobody");
    let mut buffer = vec![0; 1024 * 1024];
    let mut read = 0;
    while read < MUCH {
        let more = soon(browser.read(&mut buffer)).await.expect("it can be read");
        assert!(more > 0, "it broke off after {read} bytes");
        read += more;
    }
    writing.await.expect("all was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_hears_when_the_browser_goes_away() {
    let mut stage = Stage::set().await;
    let mut browser = TcpStream::connect(stage.address()).await.expect("connected");
    let head = format!("GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", stage.authority());
    browser.write_all(head.as_bytes()).await.expect("sent");
    let mut asked = stage.upstream.next().await;
    asked.stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nfirst").await.expect("sent");
    read_until(&mut browser, &mut Vec::new(), "first\r\n").await;
    drop(browser);
    let mut byte = [0];
    assert!(matches!(soon(asked.stream.read(&mut byte)).await, Ok(0) | Err(_)), "the app is hung up on");
}

const HANDSHAKE: &str =
    "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/// Opens a socket to the app's origin, up to the app's agreement.
async fn open_socket(stage: &mut Stage, headers: &str) -> (TcpStream, Asked) {
    let mut browser = TcpStream::connect(stage.address()).await.expect("connected");
    let head = format!(
        "GET /socket HTTP/1.1\r\nHost: {}\r\nConnection: keep-alive, Upgrade\r\n{HANDSHAKE}{headers}\r\n",
        stage.authority()
    );
    browser.write_all(head.as_bytes()).await.expect("sent");
    let mut asked = stage.upstream.next().await;
    assert_eq!(asked.values("upgrade"), ["websocket"]);
    assert_eq!(asked.values("connection"), ["Upgrade"]);
    assert_eq!(asked.values("sec-websocket-key"), ["dGhlIHNhbXBsZSBub25jZQ=="]);
    let agreed = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    asked.stream.write_all(agreed.as_bytes()).await.expect("sent");
    let mut got = Vec::new();
    let answer = read_until(&mut browser, &mut got, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    let answer = Raw(answer);
    assert_eq!(answer.value("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(answer.value("upgrade"), Some("websocket"));
    (browser, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_pass_both_ways_until_one_side_or_the_server_ends() {
    let mut stage = Stage::set().await;
    let cookie = stage.looking(&stage.hall.world.customer).await;
    let headers = format!("Cookie: {cookie}\r\nOrigin: {}\r\n", stage.origin());
    let (mut browser, mut asked) = open_socket(&mut stage, &headers).await;
    assert_eq!(bearer(&stage, &asked).await, stage.hall.world.customer.as_str());
    browser.write_all(b"ping").await.expect("sent");
    asked.read_until("ping").await;
    asked.stream.write_all(b"pong").await.expect("sent");
    read_until(&mut browser, &mut Vec::new(), "pong").await;
    drop(asked);
    assert_eq!(soon(browser.read(&mut [0])).await.expect("an orderly end"), 0);

    let evil = format!("Cookie: {cookie}\r\nOrigin: http://evil.example\r\n");
    let (browser, mut asked) = open_socket(&mut stage, &evil).await;
    assert_eq!(asked.values("x-whop-user-token"), [""; 0], "another site opened it");
    drop(browser);
    assert!(matches!(soon(asked.stream.read(&mut [0])).await, Ok(0) | Err(_)));

    let (mut browser, mut asked) = open_socket(&mut stage, "").await;
    soon(stage.hall.running.stop()).await.expect("the server stops");
    assert!(matches!(soon(browser.read(&mut [0])).await, Ok(0) | Err(_)));
    assert!(matches!(soon(asked.stream.read(&mut [0])).await, Ok(0) | Err(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_and_cookies_stay_on_the_apps_origin() {
    let mut stage = Stage::set_in(Hall::open().await, "/base").await;
    let origin = stage.origin();
    let here = stage.upstream.url();
    let table = [
        (format!("{here}/base/next?a=b"), format!("{origin}/next?a=b")),
        ("/base/next".into(), "/next".into()),
        ("next".into(), "next".into()),
        ("https://accounts.example/login".into(), "https://accounts.example/login".into()),
        ("http://127.0.0.1:1/secret".into(), "http://127.0.0.1:1/secret".into()),
    ];
    for (told, expected) in table {
        let answered = tokio::spawn(stage.ask("GET /start", ""));
        let asked = stage.upstream.next().await;
        assert_eq!(asked.request_line(), "GET /base/start HTTP/1.1");
        asked
            .answer(&format!(
                "HTTP/1.1 302 Found\r\nLocation: {told}\r\nSet-Cookie: a=1; Domain=localhost\r\nSet-Cookie: guildhall_app=x\r\nX-Frame-Options: DENY\r\ncontent-length: 0\r\n\r\n"
            ))
            .await;
        let answered = answered.await.expect("answered");
        assert_eq!((answered.status(), answered.value("location")), (302, Some(expected.as_str())));
        assert_eq!(crate::proxy_scene::values(&answered.0, "set-cookie"), ["a=1"]);
        assert_eq!(answered.value("x-frame-options"), None);
        let framers = answered.value("content-security-policy").expect("a policy");
        let port = stage.address().port();
        assert_eq!(
            framers,
            format!("frame-ancestors 'self' http://127.0.0.1:{port} http://localhost:{port}")
        );
        assert!(stage.upstream.is_left_alone(), "a redirect is not followed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_on_an_apps_origin_is_asked_as_the_person_who_looks() {
    let mut stage = Stage::set().await;
    let customer = stage.hall.world.customer.clone();
    let cookie = stage.looking(&customer).await;
    let body = json!({"query": "{ viewer { user { id } } }"}).to_string();
    let post = async |headers: &str| {
        let head = format!(
            "POST /_whop/public-graphql/viewer HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
            stage.authority(),
            body.len()
        );
        send(stage.address(), head.as_bytes()).await
    };
    let own = format!("Origin: {}\r\n", stage.origin());
    let read = |raw: &Raw| -> Value { serde_json::from_str(raw.body()).expect("JSON") };
    let answered = post(&format!("{own}Cookie: {cookie}\r\n")).await;
    assert_eq!(read(&answered)["data"]["viewer"]["user"]["id"], customer.as_str(), "{answered:?}");

    // Whatever else says who asks counts for nothing.
    let owners = guildhall_app::user_token::mint(
        &stage.hall.running.hall,
        stage.app.clone(),
        stage.hall.world.owner.clone(),
    );
    let owners = owners.await.expect("a token");
    let claims = [
        format!("x-whop-user-token: {owners}\r\n"),
        format!("x_whop_user_token: {owners}\r\n"),
        format!("Authorization: Bearer {}\r\n", stage.hall.world.api_key),
        format!(
            "Authorization: Bearer {}\r\nx-on-behalf-of: {}\r\n",
            stage.hall.world.api_key, stage.hall.world.owner
        ),
    ];
    for claim in &claims {
        let answered = post(&format!("{claim}{own}Cookie: {cookie}\r\n{claim}")).await;
        assert_eq!(
            read(&answered)["data"]["viewer"]["user"]["id"],
            customer.as_str(),
            "{claim}: {answered:?}"
        );
        let answered = post(&format!("{claim}{own}")).await;
        assert_eq!(read(&answered)["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{claim}");
    }
    // Another site, and above all another app in the same page of the hub, speaks for nobody.
    for origin in
        ["", "Origin: null\r\n", "Origin: http://evil.apps.localhost\r\n", "Sec-Fetch-Site: same-site\r\n"]
    {
        let answered = post(&format!("{origin}Cookie: {cookie}\r\n")).await;
        assert_eq!(answered.status(), 403, "{origin}");
        assert!(answered.body().contains("Only the app's own pages may ask here"), "{answered:?}");
    }
    let with = |path: &str| stage.ask(&format!("GET {path}"), &format!("Cookie: {cookie}\r\n"));
    assert_eq!(with("/_whop/api/nothing").await.status(), 404);
    let sockets = with("/_whop/ws/developer").await;
    assert_eq!(sockets.status(), 501);
    assert!(sockets.body().contains("This server has no sockets yet"), "{sockets:?}");
    for path in ["/_whop", "/_whop/", "/_whop/else", "/_whop/public-graphqlx", "/_whop/api"] {
        assert_eq!(with(path).await.status(), 404, "{path}");
    }
    assert!(stage.upstream.is_left_alone(), "nothing under /_whop reaches the app");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_does_not_answer_is_explained_to_its_team() {
    let stage = Stage::set().await;
    let (gone, _) = add_app(&stage.hall, "http://127.0.0.1:1").await;
    let (none, _) = add_app(&stage.hall, "gopher://127.0.0.1").await;
    let stage = Stage { app: gone, ..stage };
    let told = "The app does not answer at the moment. Try again in a while.";
    let explained = "The app does not answer. Its base URL is http://127.0.0.1:1. The host `127.0.0.1` cannot be reached: ";
    let answered = stage.ask("GET /", "").await;
    assert_eq!(answered.status(), 502);
    assert!(answered.body().contains(told), "{answered:?}");
    let cookie_of = async |user| {
        let page = stage.hub(&format!("/apps/{}/open", stage.app), &stage.signed_in(user).await).await;
        let frame = framed(&page);
        stage.enter(frame.strip_prefix(&stage.origin()).expect("on the app's origin")).await
    };
    for (user, sentence) in [(&stage.hall.world.customer, told), (&stage.hall.world.owner, explained)] {
        let answered = stage.ask("GET /", &format!("Cookie: {}\r\n", cookie_of(user).await)).await;
        assert_eq!(answered.status(), 502);
        assert!(answered.body().contains(sentence), "{answered:?}");
    }
    let page = stage.ask("GET /", "Accept: text/html\r\n").await;
    assert!(page.body().starts_with("<!doctype html>") && page.body().contains(told), "{page:?}");
    let stage = Stage { app: none, ..stage };
    assert_eq!(stage.ask("GET /", "").await.status(), 502);
}
