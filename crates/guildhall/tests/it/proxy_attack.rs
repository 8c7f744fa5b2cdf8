//! Attacks on the app proxy: hosts and paths that are not what they seem, requests within requests, tokens of others,
//! base URLs that lead inside.

use crate::harness::Hall;
use crate::proxy_scene::{Stage, add_app, send, soon};
use guildhall::config::Config;
use guildhall_app::user_token;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn only_the_very_host_of_an_app_is_the_apps() {
    let mut stage = Stage::set().await;
    let (address, port) = (stage.address(), stage.address().port());
    let label = stage.authority().split('.').next().expect("a label").to_owned();
    let host = |host: &str| format!("Host: {host}\r\n");
    let own = stage.authority();
    // Request target, headers, status.
    let table = [
        ("/".to_owned(), host(&format!("{label}.apps.localhost.:{port}")), 421),
        ("/".into(), host(&format!("{label}.apps.localhost")), 421),
        ("/".into(), host(&format!("{label}.apps.localhost:1")), 421),
        ("/".into(), host(&format!("x.{label}.apps.localhost:{port}")), 421),
        ("/".into(), host(&format!("apps.localhost:{port}")), 421),
        ("/".into(), host(&format!("{label}%2eapps.localhost:{port}")), 400),
        ("/".into(), host(&format!("{label}.apps.localhost:{port}:80")), 400),
        ("/".into(), host(&format!("x@{own}")), 400),
        ("/".into(), host(&format!("{own}/x")), 400),
        ("/".into(), host(&format!("{own}, localhost")), 400),
        ("/".into(), host(&format!("{label}\u{e4}.apps.localhost:{port}")), 400),
        ("/".into(), format!("{}{}", host(&own), host(&own)), 400),
        ("/".into(), format!("{}{}", host("localhost"), host(&own)), 400),
        (format!("http://{own}/"), host("localhost"), 400),
        ("http://localhost/".into(), host(&own), 400),
        (format!("http://u:p@{own}/"), host(&format!("u:p@{own}")), 400),
        ("/".into(), host(&format!("app_unknown.apps.localhost:{port}")), 404),
        ("/".into(), host("evil.example"), 200),
        // On an app's host nothing of the hub's is to be found, and the other way round.
        ("/".into(), host("localhost"), 200),
    ];
    for (target, headers, status) in table {
        let text = format!("GET {target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
        let answered = send(address, text.as_bytes()).await;
        assert_eq!(answered.status(), status, "{target} {headers}: {answered:?}");
        assert!(status == 200 || !answered.0.contains("This hall is open"), "{headers}");
    }
    assert!(stage.upstream.is_left_alone());
    for (target, spelled) in [("/".to_owned(), own.to_uppercase()), (format!("http://{own}/"), own.clone())] {
        let text = format!("GET {target} HTTP/1.1\r\nHost: {spelled}\r\nConnection: close\r\n\r\n");
        let answered = tokio::spawn(async move { send(address, text.as_bytes()).await });
        let asked = stage.upstream.next().await;
        assert_eq!(asked.request_line(), "GET / HTTP/1.1");
        assert_eq!(asked.values("x-forwarded-host"), [own.as_str()], "as it is, not as it was spelled");
        asked.answer_text("").await;
        answered.await.expect("answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_lead_to_the_app_alone_and_not_above_its_base() {
    let mut stage = Stage::set_in(Hall::open().await, "/base").await;
    for path in [
        "/..",
        "/../admin",
        "/a/../../admin",
        "/%2e%2e/admin",
        "/.%2E/admin",
        "/..%2fadmin",
        "/..%5cadmin",
        "/./x",
        "/..;/x",
    ] {
        let answered = stage.ask(&format!("GET {path}"), "").await;
        assert_eq!(answered.status(), 400, "{path}: {answered:?}");
    }
    let connect =
        format!("CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", stage.authority());
    assert_eq!(send(stage.address(), connect.as_bytes()).await.status(), 400);
    let star = stage.ask("OPTIONS *", "").await;
    assert_eq!(star.status(), 400, "{star:?}");
    assert!(stage.upstream.is_left_alone());
    let table = [
        ("//evil.example/x", "/base//evil.example/x"),
        ("/%5fwhop/public-graphql", "/base/%5fwhop/public-graphql"),
        ("/healthz", "/base/healthz"),
        ("/@fs/a..b?to=../..", "/base/@fs/a..b?to=../.."),
        ("/x?whop-dev-user-token=t", "/base/x?whop-dev-user-token=t"),
    ];
    for (path, target) in table {
        let answered = tokio::spawn(stage.ask(&format!("GET {path}"), ""));
        let asked = stage.upstream.next().await;
        assert_eq!(asked.request_line(), format!("GET {target} HTTP/1.1"));
        assert_eq!(asked.values("host"), [stage.upstream.address.to_string()]);
        assert_eq!(asked.values("x-whop-user-token"), [""; 0]);
        asked.answer_text("").await;
        let answered = answered.await.expect("answered");
        assert_eq!(answered.value("set-cookie"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_brings_a_token_of_somebody_else() {
    let mut stage = Stage::set().await;
    let world = stage.hall.world.clone();
    let owners = user_token::mint(&stage.hall.running.hall, stage.app.clone(), world.owner.clone());
    let owners = owners.await.expect("a token");
    let cookie = stage.looking(&world.customer).await;
    let spellings = [
        "x-whop-user-token",
        "X-Whop-User-Token",
        "X-WHOP-USER-TOKEN",
        "x_whop_user_token",
        "X-Whop_User-Token",
    ];
    let mut cases: Vec<String> = spellings.iter().map(|name| format!("{name}: {owners}\r\n")).collect();
    cases.push(cases.concat());
    cases.push(format!("x-whop-user-token: {owners}\r\nConnection: close, x-whop-user-token, cookie\r\n"));
    cases.push(format!("Cookie: whop-dev-user-token={owners}\r\n"));
    for case in &cases {
        for (cookies, known) in [("".to_owned(), false), (format!("Cookie: {cookie}\r\n"), true)] {
            let answered = tokio::spawn(stage.ask("GET /", &format!("{case}{cookies}")));
            let asked = stage.upstream.next().await;
            let tokens = asked.values("x-whop-user-token");
            assert_eq!(tokens.len(), usize::from(known), "{case}: {}", asked.head);
            assert!(tokens.iter().all(|token| *token != owners), "{case}");
            assert!(
                !asked
                    .head
                    .to_lowercase()
                    .replace('_', "-")
                    .replace("x-whop-user-token", "",)
                    .contains("x-whop-user"),
                "{}",
                asked.head
            );
            let spelled = asked
                .head
                .lines()
                .filter(|line| line.to_lowercase().replace('_', "-").starts_with("x-whop-user-token"));
            assert_eq!(spelled.count(), usize::from(known), "{}", asked.head);
            asked.answer_text("").await;
            answered.await.expect("answered");
        }
    }
    // Nor does an app learn the token of its person by echoing.
    let answered = tokio::spawn(stage.ask("GET /", &format!("Cookie: {cookie}\r\n")));
    let asked = stage.upstream.next().await;
    asked.answer("HTTP/1.1 200 OK\r\nx-whop-user-token: echoed\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(answered.await.expect("answered").value("x-whop-user-token"), None);
    // Requests that another site causes bring none, whatever cookie the browser sends along.
    for (line, headers) in [
        ("POST /delete", "Origin: http://evil.example\r\nContent-Length: 0\r\n"),
        ("POST /delete", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nContent-Length: 0\r\n"),
        ("GET /me.json", "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\n"),
    ] {
        let answered = tokio::spawn(stage.ask(line, &format!("{headers}Cookie: {cookie}\r\n")));
        let asked = stage.upstream.next().await;
        assert_eq!(asked.values("x-whop-user-token"), [""; 0], "{headers}");
        asked.answer_text("").await;
        answered.await.expect("answered");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_is_one_request() {
    let mut stage = Stage::set().await;
    let host = stage.authority();
    let inner = format!("GET /smuggled HTTP/1.1\r\nHost: {host}\r\nX-A: b\r\n\r\n");
    let post = |headers: &str, body: &str| format!("POST / HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n{body}");
    let refused = [
        post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
        post("Content-Length: +5\r\n", "hello"),
        post("Content-Length: 0x5\r\n", "hello"),
        post("Transfer-Encoding: gzip\r\n", "hello"),
        post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"),
        post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"),
        post("X-Folded: a\r\n b\r\nContent-Length: 0\r\n", ""),
        post("X-\u{0}: a\r\nContent-Length: 0\r\n", ""),
        post("X-Line: a\rX-Other: b\r\nContent-Length: 0\r\n", ""),
        format!("POST / HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}"),
        format!("GET /a b HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        format!("GET / HTTP/9.9\r\nHost: {host}\r\n\r\n"),
    ];
    for text in refused {
        let answered = send(stage.address(), text.as_bytes()).await;
        assert_eq!(answered.status(), 400, "{text:?}: {answered:?}");
    }
    assert!(stage.upstream.is_left_alone());

    // Where a length and chunks disagree, chunks count, and the app sees nothing else.
    for headers in [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nConnection: close, transfer-encoding, content-length\r\n",
    ] {
        let address = stage.address();
        let text =
            post(&format!("{headers}Connection: close\r\n"), &format!("5\r\nhello\r\n0\r\n\r\n{inner}"));
        let answered = tokio::spawn(async move { send(address, text.as_bytes()).await });
        let mut asked = stage.upstream.next().await;
        assert_eq!(asked.values("content-length"), [""; 0], "{}", asked.head);
        assert_eq!(asked.values("transfer-encoding"), ["chunked"]);
        assert_eq!(asked.values("connection"), ["close"]);
        assert_eq!(asked.read_until("0\r\n\r\n").await, "5\r\nhello\r\n0\r\n\r\n");
        asked.answer_text("").await;
        answered.await.expect("answered");
        assert!(stage.upstream.is_left_alone(), "what came after is not a request of the app's");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_a_connection_of_its_own() {
    let mut stage = Stage::set().await;
    let mut browser = TcpStream::connect(stage.address()).await.expect("connected");
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", stage.authority());
    let both = format!("{}{}", request("/one"), request("/two"));
    browser.write_all(both.as_bytes()).await.expect("sent");
    // An app that answers more than it was asked answers nobody else with it.
    let asked = stage.upstream.next().await;
    assert_eq!(asked.request_line(), "GET /one HTTP/1.1");
    asked
        .answer("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\noneHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison")
        .await;
    let asked = stage.upstream.next().await;
    assert_eq!(asked.request_line(), "GET /two HTTP/1.1");
    asked.answer_text("two").await;
    let mut got = Vec::new();
    let answer = crate::proxy_scene::read_until(&mut browser, &mut got, "two").await;
    assert!(!answer.contains("poison"), "{answer}");
    drop(browser);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_sockets_are_upgrades_and_only_when_asked_for() {
    let mut stage = Stage::set().await;
    let h2c = "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n";
    let answered = tokio::spawn(stage.ask("GET /", h2c));
    let asked = stage.upstream.next().await;
    assert_eq!(asked.values("upgrade"), [""; 0]);
    assert_eq!(asked.values("http2-settings"), [""; 0]);
    assert_eq!(asked.values("connection"), ["close"]);
    asked.answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n").await;
    assert_eq!(answered.await.expect("answered").status(), 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_are_502() {
    let mut stage = Stage::set().await;
    let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(2_000_000));
    for garbage in [
        "",
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        long.as_str(),
    ] {
        let answered = tokio::spawn(stage.ask("GET /", ""));
        stage.upstream.next().await.answer(garbage).await;
        assert_eq!(answered.await.expect("answered").status(), 502, "{garbage:.40}");
    }
    // One that breaks off is broken off.
    let answered = tokio::spawn(stage.ask("GET /", ""));
    stage.upstream.next().await.answer("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
    let answered = answered.await.expect("answered");
    assert_eq!((answered.status(), answered.body()), (200, "half"));
}

#[tokio::test(flavor = "multi_thread")]
async fn base_urls_lead_inside_only_where_that_is_allowed() {
    let closed = Hall::open_with(|config| Config { allow_private_apps: Some(false), ..config }).await;
    let mut stage = Stage::set_in(closed, "").await;
    let port = stage.upstream.address.port();
    let cookie = stage.signed_in(&stage.hall.world.owner).await;
    let urls = [
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://0x7f.1:{port}"),
        format!("http://[::1]:{port}"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://0.0.0.0:{port}"),
        "http://169.254.169.254".to_owned(),
        format!("https://127.0.0.1:{port}"),
    ];
    for url in urls {
        let (app, _) = add_app(&stage.hall, &url).await;
        stage.app = app;
        let page = stage.hub(&format!("/apps/{}/open", stage.app), &cookie).await;
        let frame = crate::proxy_scene::framed(&page);
        let own = stage.enter(frame.strip_prefix(&stage.origin()).expect("on the app's origin")).await;
        let answered = stage.ask("GET /latest/meta-data", &format!("Cookie: {own}\r\n")).await;
        assert_eq!(answered.status(), 502, "{url}: {answered:?}");
        let told = answered.body();
        assert!(
            told.contains("is not an address of the public internet") || told.contains("cannot be resolved"),
            "{url}: {told}"
        );
    }
    assert!(stage.upstream.is_left_alone());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_end_holds_nobody_up() {
    let stage = Stage::set().await;
    let mut endless = TcpStream::connect(stage.address()).await.expect("connected");
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\nX: {}", stage.authority(), "x".repeat(1_000_000));
    // It may be hung up on before it has said everything.
    let _ = endless.write_all(head.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = soon(endless.read_to_end(&mut answer)).await;
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 431 "));
}
