//! `guildhall dev-proxy` as a process: beside an app's own server, against a Guildhall server.

use crate::process::{Home, one_sentence};
use crate::proxy_scene::{Asked, Raw, Upstream, read_until, send, soon};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};

/// A developer's proxy that listens.
struct Proxy {
    address: SocketAddr,
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    greeting: String,
}

impl Proxy {
    async fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary can be started");
        let mut said = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        let mut greeting = String::new();
        for _ in 0..3 {
            greeting.push_str(&soon(said.next_line()).await.expect("text").expect("a line"));
            greeting.push('\n');
        }
        let (_, rest) = greeting.split_once("http://localhost:").expect("where it is");
        let port: u16 = rest.split(',').next().expect("a port").parse().expect("a number");
        Self { address: ([127, 0, 0, 1], port).into(), child, said, greeting }
    }

    fn ask(&self, line: &str, headers: &str) -> impl Future<Output = Raw> + Send + use<> {
        let address = self.address;
        let text = format!(
            "{line} HTTP/1.1\r\nHost: localhost:{}\r\n{headers}Connection: close\r\n\r\n",
            address.port()
        );
        async move { send(address, text.as_bytes()).await }
    }

    async fn stop(mut self) -> Option<i32> {
        let id = self.child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-s", "INT", &id]).status().await;
        assert!(sent.expect("kill is there").success());
        soon(self.child.wait()).await.expect("it ends").code()
    }
}

fn standalone(home: &Home, upstream: &Upstream, server: &str, more: &[&str]) -> Command {
    let port = upstream.address.port().to_string();
    let mut command =
        home.over_data(&["dev-proxy", "--standalone", "--proxyPort", "0", "--upstreamPort", &port]);
    command.args(["--server", server]).args(more);
    command
}

fn token(asked: &Asked) -> Option<String> {
    asked.values("x-whop-user-token").first().map(|token| (*token).to_owned())
}

async fn asked(proxy: &Proxy, upstream: &mut Upstream, line: &str, headers: &str) -> (Asked, Raw) {
    let answered = tokio::spawn(proxy.ask(line, headers));
    let asked = upstream.next().await;
    let seen = Asked { head: asked.head.clone(), rest: Vec::new(), stream: asked.stream };
    let (head, mut stream) = (seen.head, seen.stream);
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nX-Frame-Options: DENY\r\ncontent-length: 2\r\n\r\nok")
        .await
        .expect("it is heard");
    let answered = answered.await.expect("answered");
    (Asked { head, rest: Vec::new(), stream }, answered)
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_come_from_the_address_the_cookie_or_a_named_user() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let demo = home.demo();
    let mut upstream = Upstream::start().await;
    let proxy =
        Proxy::start(&mut standalone(&home, &upstream, &server.origin, &["--user", "customer"])).await;
    let looker = format!(
        "It is seen by {} inside {}.",
        demo["DEMO_CUSTOMER_USER_ID"], demo["NEXT_PUBLIC_WHOP_APP_ID"]
    );
    assert!(proxy.greeting.contains(&looker), "{}", proxy.greeting);

    let (first, answered) =
        asked(&proxy, &mut upstream, "GET /x?y=z", "Cookie: a=b\r\nx-whop-user-token: forged\r\n").await;
    assert_eq!(first.request_line(), "GET /x?y=z HTTP/1.1");
    let own = token(&first).expect("the user's token");
    assert_ne!(own, "forged");
    assert_eq!(first.values("cookie"), [format!("a=b; whop_user_token={own}")]);
    assert_eq!(first.values("x-whop-app-id"), [demo["NEXT_PUBLIC_WHOP_APP_ID"].as_str()]);
    assert_eq!(first.values("host"), [format!("localhost:{}", proxy.address.port())]);
    assert_eq!((answered.body(), answered.value("x-frame-options")), ("ok", None));

    let body = json!({"query": "{ viewer { user { id } } }"}).to_string();
    let post = format!(
        "POST /_whop/public-graphql/viewer HTTP/1.1\r\nHost: localhost:{0}\r\nOrigin: http://localhost:{0}\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\nContent-Length: {1}\r\nConnection: close\r\n\r\n{body}",
        proxy.address.port(),
        body.len()
    );
    let viewer: Value =
        serde_json::from_str(send(proxy.address, post.as_bytes()).await.body()).expect("JSON");
    assert_eq!(viewer["data"]["viewer"]["user"]["id"], demo["DEMO_CUSTOMER_USER_ID"]);

    // The address wins, and is kept; the cookie wins over the named user.
    let (second, answered) = asked(&proxy, &mut upstream, "GET /?whop-dev-user-token=a.b.c", "").await;
    assert_eq!(token(&second).as_deref(), Some("a.b.c"));
    let set = answered.value("set-cookie").expect("a cookie");
    assert!(set.starts_with("whop-dev-user-token=a.b.c; Path=/; HttpOnly"), "{set}");
    let (third, answered) =
        asked(&proxy, &mut upstream, "GET /", "Cookie: whop-dev-user-token=a.b.c\r\n").await;
    assert_eq!((token(&third).as_deref(), answered.value("set-cookie")), (Some("a.b.c"), None));
    assert_eq!(third.values("cookie"), ["whop_user_token=a.b.c"]);
    let (fourth, answered) = asked(&proxy, &mut upstream, "GET /?whop-dev-user-token=a%3B%20b", "").await;
    assert_eq!((token(&fourth), answered.value("set-cookie")), (Some(own), None), "no token by its letters");

    // Other sites, and other names for this machine, get nobody's.
    let evil = "Origin: http://evil.example\r\nContent-Length: 0\r\n";
    let (fifth, _) = asked(&proxy, &mut upstream, "POST /", evil).await;
    assert_eq!(token(&fifth), None);
    let rebound =
        format!("GET / HTTP/1.1\r\nHost: evil.example:{}\r\nConnection: close\r\n\r\n", proxy.address.port());
    let address = proxy.address;
    let answered = tokio::spawn(async move { send(address, rebound.as_bytes()).await });
    let sixth = upstream.next().await;
    assert_eq!(token(&sixth), None);
    sixth.answer_text("").await;
    answered.await.expect("answered");

    assert_eq!(proxy.ask("GET /_whop/ws/developer", "").await.status(), 501);
    assert_eq!(proxy.ask("GET /_whop/api/nothing", "").await.status(), 404);
    assert_eq!(proxy.ask("GET /_whop/else", "").await.status(), 404);
    let script = proxy.ask("GET /_whop/analytics/analytics-v1.js", "").await;
    assert_eq!((script.status(), script.value("content-type")), (200, Some("application/javascript")));
    assert_eq!(proxy.stop().await, Some(0));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_pass_and_what_is_missing_is_said() {
    let home = Home::new();
    let mut upstream = Upstream::start().await;
    let proxy = Proxy::start(&mut standalone(&home, &upstream, "http://127.0.0.1:1", &[])).await;
    assert!(proxy.greeting.contains("It is seen by nobody: add ?whop-dev-user-token="), "{}", proxy.greeting);
    let mut browser = TcpStream::connect(proxy.address).await.expect("connected");
    let head = format!(
        "GET /hot HTTP/1.1\r\nHost: localhost:{}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        proxy.address.port()
    );
    browser.write_all(head.as_bytes()).await.expect("sent");
    let mut asked = upstream.next().await;
    let agreed =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nreload";
    asked.stream.write_all(agreed).await.expect("sent");
    read_until(&mut browser, &mut Vec::new(), "reload").await;
    browser.write_all(b"thanks").await.expect("sent");
    asked.read_until("thanks").await;
    drop(browser);

    let missing = proxy.ask("GET /_whop/public-graphql/x", "").await;
    assert_eq!(missing.status(), 502);
    let sentence = "The Guildhall server at http://127.0.0.1:1 does not answer.";
    assert!(missing.body().contains(sentence), "{missing:?}");
    assert_eq!(proxy.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apps_server_is_started_and_ended_with_the_proxy() {
    let home = Home::new();
    // It ends by itself when nobody is left to end it, and says on which port it should be.
    let command = "echo port $PORT; echo $$ > pid; exec sleep 600";
    let mut start = home.over_data(&["dev-proxy", "--proxyPort", "0", "--command", command]);
    let mut proxy = Proxy::start(start.env("PATH", std::env::var_os("PATH").unwrap_or_default())).await;
    let line = soon(proxy.said.next_line()).await.expect("text").expect("a line");
    let port = line.strip_prefix("port ").expect("the port it was given").to_owned();
    assert!(proxy.greeting.contains(&format!("Its own server gets port {port};")), "{}", proxy.greeting);
    let answered = proxy.ask("GET /", "").await;
    assert_eq!(answered.status(), 502);
    assert!(answered.body().contains(&format!("Your app does not answer on port {port}")), "{answered:?}");
    let file = home.beside("pid");
    let pid = loop {
        match std::fs::read_to_string(&file) {
            Ok(pid) if pid.ends_with('\n') => break pid.trim().to_owned(),
            _ => tokio::task::yield_now().await,
        }
    };
    assert_eq!(proxy.stop().await, Some(0));
    let alive = Command::new("kill").args(["-0", &pid]).stderr(Stdio::null()).status().await;
    assert!(!alive.expect("kill is there").success(), "the app's server was left behind");

    // When the app's server ends by itself, so does the proxy, in the same way.
    let mut start = home.over_data(&["dev-proxy", "--proxyPort", "0", "--command", "exit 7"]);
    let mut proxy = Proxy::start(start.env("PATH", std::env::var_os("PATH").unwrap_or_default())).await;
    assert_eq!(soon(proxy.child.wait()).await.expect("it ends").code(), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_an_authority_of_its_own_is_trusted() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let server = home.serve(&["--demo", "--tls"]).await;
    assert!(server.origin.starts_with("https://"), "{}", server.origin);
    let upstream = Upstream::start().await;
    let me = async |command: &mut Command| {
        let proxy = Proxy::start(command).await;
        let answered = proxy.ask("GET /_whop/api/v5/me", "").await;
        proxy.stop().await;
        answered
    };
    let beside = |home: &Home, more: &[&str]| {
        let mut command = standalone(home, &upstream, &server.origin, more);
        command.env_remove("NODE_EXTRA_CA_CERTS");
        command
    };
    // Over the server's data directory it is found there.
    let answered = me(&mut beside(&home, &["--user", "customer"])).await;
    assert_eq!(answered.status(), 200, "{answered:?}");
    assert!(answered.body().contains(&home.demo()["DEMO_CUSTOMER_USER_ID"]), "{answered:?}");
    // Elsewhere it is named, as Node is told.
    let authority = home.data_dir().join("tls").join("ca.pem");
    let named = authority.to_str().expect("text");
    let answered = me(&mut beside(&elsewhere, &["--ca", named])).await;
    assert_eq!(answered.status(), 401, "nobody is named: {answered:?}");
    let answered = me(beside(&elsewhere, &[]).env("NODE_EXTRA_CA_CERTS", &authority)).await;
    assert_eq!(answered.status(), 401, "{answered:?}");
    let answered = me(&mut beside(&elsewhere, &[])).await;
    assert_eq!(answered.status(), 502);
    assert!(answered.body().contains("cannot be trusted"), "{answered:?}");
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    for (file, words) in [
        ("nowhere.pem", "cannot read the certificates in"),
        (manifest, "there are no certificates in the file of authorities"),
    ] {
        let sentence = one_sentence(&mut beside(&elsewhere, &["--ca", file])).await;
        assert!(sentence.contains(words), "{sentence}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_one_sentence() {
    let home = Home::new();
    let busy = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = busy.local_addr().expect("its address").port().to_string();
    let sentence = one_sentence(&mut home.over_data(&["dev-proxy", "--proxyPort", &port])).await;
    assert!(sentence.starts_with(&format!("cannot listen on 127.0.0.1:{port}: ")), "{sentence}");
    let table: [(&[&str], &str); 4] = [
        (&["--server", "nonsense"], "\"nonsense\" is no origin such as http://127.0.0.1:8003"),
        (&["--user", "customer"], "there is no demo world in "),
        (&["--user", "user_1"], "--user needs --app: which app is looked at"),
        (&["--user", "user_1", "--app", "app_1"], "There is no app `app_1`"),
    ];
    for (arguments, expected) in table {
        let mut command = home.over_data(&["dev-proxy", "--standalone", "--proxyPort", "0"]);
        let sentence = one_sentence(command.args(arguments)).await;
        assert!(sentence.contains(expected), "{sentence}");
    }
}
