//! The command line at its boundary: what starts, what does not and why, and how it stops.

use crate::harness::{Hall, config};
use crate::process::{Caller, Home, Server, mode, one_sentence, run};
use guildhall::serve;
use guildhall_app::clock::{Clock, Random};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command as Plain;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const VIEWER: &str = "{ viewer { user { id } } }";

/// The id of the demo app's agent, as the server tells it.
async fn viewer(server: &Server, home: &Home) -> Value {
    let caller = Caller::new(&home.demo()["WHOP_API_KEY"]);
    caller.data(&server.origin, None, VIEWER, json!({})).await["viewer"]["user"]["id"].clone()
}

/// Starts the demo, asserts that it answers as it should, and stops it.
async fn opens_and_closes(home: &Home) {
    let server = home.serve(&["--demo"]).await;
    assert_eq!(viewer(&server, home).await, home.demo()["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]);
    server.stop().await;
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_is_one_sentence() {
    let home = Home::new();
    let busy = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = busy.local_addr().expect("its address").to_string();
    let sentence = one_sentence(&mut home.over_data(&["serve", "--demo", "--listen", &address])).await;
    assert!(sentence.starts_with(&format!("cannot listen on {address}: ")), "{sentence}");
    drop(busy);
    opens_and_closes(&home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_cannot_be_used_is_one_sentence() {
    let home = Home::new();
    let data = home.data_dir();
    let serve = || home.over_data(&["serve", "--listen", "127.0.0.1:0"]);
    std::fs::write(&data, "mine").expect("a file");
    let sentence = one_sentence(&mut serve()).await;
    assert!(sentence.starts_with(&format!("cannot make the data directory {}: ", text(&data))), "{sentence}");
    assert_eq!(
        std::fs::read_to_string(&data).expect("the file"),
        "mine",
        "what is in the way stays as it is"
    );
    std::fs::remove_file(&data).expect("removed");

    std::fs::create_dir_all(data.join("guildhall.lock")).expect("a directory in the way");
    let sentence = one_sentence(&mut serve()).await;
    assert!(
        sentence.starts_with(&format!("cannot write to the data directory {}: ", text(&data))),
        "{sentence}"
    );
    std::fs::remove_dir(data.join("guildhall.lock")).expect("removed");

    std::fs::write(data.join("files"), "mine").expect("a file in the way");
    let sentence = one_sentence(&mut serve()).await;
    assert!(
        sentence.starts_with(&format!("cannot use the files directory {}", text(&data.join("files")))),
        "{sentence}"
    );
    std::fs::remove_file(data.join("files")).expect("removed");

    std::fs::create_dir(data.join("demo.env")).expect("a directory in the way");
    let sentence = one_sentence(&mut home.over_data(&["serve", "--demo", "--listen", "127.0.0.1:0"])).await;
    assert!(sentence.starts_with(&format!("cannot write {}: ", text(&data.join("demo.env")))), "{sentence}");
    std::fs::remove_dir(data.join("demo.env")).expect("removed");

    if home.postgres().is_none() {
        let file = data.join("guildhall.sqlite3");
        for name in ["guildhall.sqlite3", "guildhall.sqlite3-wal", "guildhall.sqlite3-shm"] {
            // The latter two are there only while the file is open.
            let _ = std::fs::remove_file(data.join(name));
        }
        let garbage = "this is no database ".repeat(500);
        std::fs::write(&file, &garbage).expect("garbage");
        let sentence = one_sentence(&mut serve()).await;
        assert!(sentence.contains(&text(&file)), "{sentence}");
        assert_eq!(
            std::fs::read_to_string(&file).expect("the file"),
            garbage,
            "what is no database stays as it is"
        );
        std::fs::remove_file(&file).expect("removed");
    }
    opens_and_closes(&home).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_data_directory_has_one_server() {
    let home = Home::new();
    let server = home.serve(&["--demo"]).await;
    let sentence = one_sentence(&mut home.over_data(&["serve", "--demo", "--listen", "127.0.0.1:0"])).await;
    let expected =
        format!("another guildhall is using the data directory {}; stop it, or", text(&home.data_dir()));
    assert!(sentence.starts_with(&expected), "{sentence}");
    let sentence = one_sentence(&mut home.over_data(&["fill", "--messages", "1"])).await;
    assert!(sentence.starts_with("another guildhall is using the data directory"), "{sentence}");
    assert_eq!(viewer(&server, &home).await, home.demo()["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]);
    // To look into the ledger beside it is fine.
    assert!(run(&mut home.over_data(&["ledger", "audit"])).await.status.success());
    server.stop().await;
}

/// Sets the newest version that the database knows of: one ahead of ours, or ours again.
fn change_version(home: &Home, sql: &str) -> bool {
    let mut command = match home.postgres() {
        Some((url, schema)) => {
            let mut command = Plain::new("psql");
            command.args([
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                &url,
                "-c",
                &format!("set search_path to {schema}; {sql}"),
            ]);
            command
        }
        None => {
            const RUN: &str = "import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute(sys.argv[2])
connection.commit()";
            let mut command = Plain::new("python3");
            command.args(["-c", RUN]).arg(home.data_dir().join("guildhall.sqlite3")).arg(sql);
            command
        }
    };
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            true
        }
        Err(error) => {
            eprintln!("skipped, since {:?} is not here: {error}", command.get_program());
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_newer_is_left_alone() {
    let home = Home::new();
    opens_and_closes(&home).await;
    let before = home.demo();
    let bump =
        "insert into schema_migrations (version, name, applied_at) values (9999, 'from the future', 0)";
    if !change_version(&home, bump) {
        return;
    }
    for arguments in [&["serve", "--demo", "--listen", "127.0.0.1:0"][..], &["ledger", "audit"], &["fill"]] {
        let sentence = one_sentence(&mut home.over_data(arguments)).await;
        assert!(sentence.contains("newer") && sentence.contains("9999"), "{sentence}");
    }
    assert!(change_version(&home, "delete from schema_migrations where version = 9999"));
    opens_and_closes(&home).await;
    assert_eq!(home.demo()["WHOP_API_KEY"], before["WHOP_API_KEY"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_settings_is_one_sentence_that_names_it() {
    let home = Home::new();
    let file = home.beside("hall.toml");
    let from_file = |toml: &str| {
        std::fs::write(&file, toml).expect("written");
        home.command(&["serve", "--config", &text(&file)])
    };
    for (toml, words) in [
        ("lisen = \"127.0.0.1:0\"", "`lisen` in "),
        ("listen = \"somewhere\"", "must be an address and a port"),
        ("listen = 5", "must be text"),
        ("requests_per_minute = \"many\"", "must be a whole number from 0 to"),
        ("log_format = \"xml\"", "must be \"text\" or \"json\""),
        ("[listen]\nport = 1", "must be text"),
        ("listen = ", "is not TOML"),
    ] {
        let sentence = one_sentence(&mut from_file(toml)).await;
        assert!(sentence.contains(words) && sentence.contains(&text(&file)), "{toml}: {sentence}");
    }
    let missing = one_sentence(&mut home.command(&["serve", "--config", "missing.toml"])).await;
    assert!(missing.starts_with("cannot read missing.toml: "), "{missing}");
    for (flags, words) in [
        (
            ["--listen", "somewhere"],
            "--listen must be an address and a port such as 127.0.0.1:8003, not \"somewhere\"",
        ),
        (["--public-origin", "hall.example.com"], "--public-origin must be an origin such as https://"),
        (["--requests-per-minute", "-0.5"], "--requests-per-minute must be a whole number"),
        (["--log", "a=b=c"], "--log must be a level or a log filter"),
        (["--database-url", "mysql://me:secret@x"], "--database-url must start with postgres://"),
        (["--database-url", "postgres://me:secret@127.0.0.1:1/x"], "cannot "),
        (["--data-dir", " "], "--data-dir must be text and not empty"),
    ] {
        let flag = format!("{}={}", flags[0], flags[1]);
        let sentence = one_sentence(&mut home.command(&["serve", &flag])).await;
        assert!(sentence.contains(words) && !sentence.contains("secret"), "{flags:?}: {sentence}");
    }
    for (name, value, words) in [
        (
            "GUILDHALL_LISTN",
            "x",
            "GUILDHALL_LISTN: there is no setting \"listn\" (there are: allow_private_apps, apps_domain,",
        ),
        ("GUILDHALL_LARGEST_UPLOAD_MIB", "big", "GUILDHALL_LARGEST_UPLOAD_MIB must be a whole number"),
        ("GUILDHALL_CONFIG", "missing.toml", "cannot read missing.toml"),
    ] {
        let sentence = one_sentence(home.command(&["ledger", "audit"]).env(name, value)).await;
        assert!(sentence.starts_with(words), "{sentence}");
    }
    assert!(!home.data_dir().exists(), "a start that was refused leaves no data behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_where_it_is_started_the_environment_and_flags_are_heard() {
    let home = Home::new();
    std::fs::write(
        home.beside("guildhall.toml"),
        "listen = \"127.0.0.1:1\"\nlog = \"error\"\npublic_origin = \"https://a.example\"",
    )
    .expect("written");
    let mut command = home.over_data(&["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::start(command.env("GUILDHALL_PUBLIC_ORIGIN", "https://b.example/")).await;
    assert_eq!(server.origin, "https://b.example");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_demo_start_finds_the_same_world() {
    let home = Home::new();
    let first = home.serve(&["--demo"]).await;
    let before = home.demo();
    first.stop().await;
    let file = home.data_dir().join("demo.env");
    assert_eq!(mode(&file), 0o600);

    let second = home.serve(&["--demo"]).await;
    let mut after = home.demo();
    assert_eq!(after["WHOP_API_ORIGIN"], second.origin);
    for moved in ["WHOP_API_ORIGIN", "WHOP_WEBSOCKET_ORIGIN", "WHOP_USER_TOKEN_JWKS_URL"] {
        after.insert(moved.into(), before[moved].clone());
    }
    assert_eq!(after, before, "the same world, the same key");
    assert_eq!(viewer(&second, &home).await, before["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]);
    second.stop().await;

    // A lost file is written anew, with a new key; the old one was somebody's and works on.
    std::fs::remove_file(&file).expect("removed");
    // What a crash left behind must not lend the new file its permissions.
    std::fs::write(home.data_dir().join("demo.env.part"), "left behind").expect("written");
    let third = home.serve(&["--demo"]).await;
    let renewed = home.demo();
    assert_ne!(renewed["WHOP_API_KEY"], before["WHOP_API_KEY"]);
    assert_eq!(renewed["NEXT_PUBLIC_WHOP_COMPANY_ID"], before["NEXT_PUBLIC_WHOP_COMPANY_ID"]);
    assert_eq!(mode(&file), 0o600);
    assert_eq!(viewer(&third, &home).await, before["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]);
    third.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demos_file_is_read_by_a_shell() {
    let home = Home::new();
    home.serve(&["--demo"]).await.stop().await;
    let script = format!("set -eua; . '{}'; set +a; env", text(&home.data_dir().join("demo.env")));
    let output =
        Plain::new("sh").args(["-c", &script]).env_clear().env("PATH", "/usr/bin:/bin").output().expect("sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = String::from_utf8(output.stdout).expect("text");
    let demo = home.demo();
    for name in [
        "WHOP_API_ORIGIN",
        "WHOP_WEBSOCKET_ORIGIN",
        "WHOP_API_KEY",
        "NEXT_PUBLIC_WHOP_APP_ID",
        "NEXT_PUBLIC_WHOP_AGENT_USER_ID",
        "NEXT_PUBLIC_WHOP_COMPANY_ID",
        "DEMO_OWNER_USER_ID",
        "DEMO_MODERATOR_USER_ID",
        "DEMO_CUSTOMER_USER_ID",
        "DEMO_STRANGER_USER_ID",
        "DEMO_ACCESS_PASS_ID",
        "DEMO_PAID_ACCESS_PASS_ID",
        "DEMO_PLAN_ID",
        "DEMO_CHAT_EXPERIENCE_ID",
        "DEMO_FORUM_EXPERIENCE_ID",
        "DEMO_APP_EXPERIENCE_ID",
    ] {
        assert!(
            read.lines().any(|line| line == format!("{name}={}", demo[name])),
            "{name} is not in:\n{read}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_asked_is_answered_before_it_stops() {
    let home = Home::new();
    let mut server = home.serve(&["--demo", "--log", "info"]).await;
    let (key, address) =
        (home.demo()["WHOP_API_KEY"].clone(), server.origin.trim_start_matches("http://").to_owned());
    let body = json!({"query": VIEWER}).to_string();
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(&address).await.expect("connected");
        let head = format!(
            "POST /public-graphql HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        // The server asks for the body only once it is at work on the request.
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).await.expect("an answer");
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        waiting.push(stream);
    }
    server.signal("TERM").await;
    server.logged("stopping").await;
    for mut stream in waiting {
        stream.write_all(body.as_bytes()).await.expect("it still listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer, and the end");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains(&home.demo()["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]), "{answer}");
    }
    server.logged("stopped").await;
    assert_eq!(server.ended().await.code(), Some(0));
    assert!(TcpStream::connect(&address).await.is_err(), "nobody listens any more");
    let mut again = home.serve(&[]).await;
    again.signal("INT").await;
    assert_eq!(again.ended().await.code(), Some(0), "Ctrl-C stops it as well");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_says_what_there_is() {
    let home = Home::new();
    let table: [(&[&str], &[&str]); 12] = [
        (
            &["--help"],
            &[
                "An open, self-hostable server for paid communities",
                "serve",
                "ledger",
                "chat",
                "apps",
                "keys",
                "token",
                "fill",
                "schema",
            ],
        ),
        (
            &["serve", "--help"],
            &[
                "--listen",
                "127.0.0.1:8003",
                "--data-dir",
                "./guildhall-data",
                "--database-url",
                "--config",
                "--demo",
                "GUILDHALL_",
                "--requests-per-minute",
                "none with --demo",
                "--public-origin",
                "demo.env",
                "--tls",
                "--tls-certificate",
                "--tls-key",
            ],
        ),
        (&["ledger", "--help"], &["audit", "Prove that every transfer"]),
        (&["ledger", "audit", "--help"], &["--data-dir", "--database-url", "sum to zero"]),
        (&["chat", "--help"], &["exp_", "--who-can-post", "--cooldown-seconds", "--banned-words"]),
        (
            &["apps", "--help"],
            &["list", "create", "keys", "add-key", "rotate-key", "revoke-key", "install", "uninstall"],
        ),
        (&["apps", "install", "--help"], &["--grant", "--grant-nothing", "chat:read", "biz_"]),
        (&["keys", "--help"], &["list", "rotate", "user tokens"]),
        (&["keys", "rotate", "--help"], &["--at-once", "published", "--data-dir"]),
        (&["token", "--help"], &["--app", "user_", "x-whop-user-token"]),
        (&["fill", "--help"], &["--messages", "--memberships", "--data-dir"]),
        (&["schema", "--help"], &["Print the GraphQL schema"]),
    ];
    for (arguments, words) in table {
        let output = run(&mut home.command(arguments)).await;
        assert!(output.status.success(), "{arguments:?}");
        let told = String::from_utf8(output.stdout).expect("text");
        for word in words {
            assert!(told.contains(word), "{arguments:?} does not say \"{word}\":\n{told}");
        }
    }
    let schema = run(&mut home.command(&["schema"])).await;
    let committed = include_str!("../../../guildhall-graphql/schema.graphql");
    assert_eq!(String::from_utf8_lossy(&schema.stdout), committed);
    let version = run(&mut home.command(&["--version"])).await;
    assert_eq!(
        String::from_utf8_lossy(&version.stdout).trim(),
        format!("guildhall {}", env!("CARGO_PKG_VERSION"))
    );
    for mistake in [&["sevre"][..], &["serve", "--port", "1"], &["ledger"], &[]] {
        let output = run(&mut home.command(mistake)).await;
        assert_eq!(output.status.code(), Some(2), "{mistake:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: guildhall"), "{mistake:?}");
    }
}

async fn fetch(address: &str, header: Option<(&str, &[u8])>) -> Response {
    let mut request = Client::new().get(address);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    request.send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn health_figures_and_request_ids_are_told() {
    let hall = Hall::open().await;
    let origin = &hall.running.origin;
    for (path, said) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let response = fetch(&format!("{origin}{path}"), None).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.text().await.expect("text"), said);
    }
    let figures = fetch(&format!("{origin}/metrics"), None).await;
    assert!(
        figures.headers()["content-type"].to_str().expect("text").starts_with("text/plain; version=0.0.4")
    );
    let figures = figures.text().await.expect("text");
    for figure in ["guildhall_store_writes_total", "guildhall_store_commits_total"] {
        let line = figures.lines().find(|line| line.starts_with(&format!("{figure} "))).expect(figure);
        let value: u64 = line.rsplit(' ').next().expect("a value").parse().expect("a number");
        assert!(value > 0, "{line}");
        assert!(figures.contains(&format!("# TYPE {figure} counter")), "{figures}");
    }

    let id = async |given: Option<&[u8]>| {
        let response = fetch(&format!("{origin}/nothing"), given.map(|id| ("x-request-id", id))).await;
        response.headers()["x-request-id"].to_str().expect("text").to_owned()
    };
    let (one, other) = (id(None).await, id(None).await);
    assert!(one.starts_with("req-") && one != other, "{one} {other}");
    assert_eq!(id(Some(b"from-the_proxy.1")).await, "from-the_proxy.1");
    for garbage in [&b"two words"[..], b"\xff\xfe", &[b'x'; 65], b"a\"b", b""] {
        assert!(id(Some(garbage)).await.starts_with("req-"), "{garbage:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_told_when_to_come_back_but_not_in_the_demo() {
    for with_demo in [false, true] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = config(&directory);
        config.requests_per_minute = NonZeroU32::new(3);
        let running =
            serve::start(&config, Clock::system(), Random::System, with_demo).await.expect("the hall opens");
        let address = format!("{}/public-graphql?query=%7B__typename%7D", running.origin);
        for number in 0..3 {
            assert_eq!(fetch(&address, None).await.status(), 200, "request {number}");
        }
        let fourth = fetch(&address, None).await;
        if with_demo {
            assert_eq!(fourth.status(), 200);
        } else {
            assert_eq!(fourth.status(), 429);
            let wait: u64 = fourth.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
            assert!((1..=60).contains(&wait), "{wait}");
            let body: Value = fourth.json().await.expect("JSON");
            assert_eq!(body["errors"][0]["extensions"]["code"], "RATE_LIMITED");
            let sentence = body["errors"][0]["message"].as_str().expect("a sentence");
            assert!(sentence.contains(&format!("wait {wait} seconds")), "{sentence}");
            let other = fetch(&address, Some(("authorization", b"Bearer another"))).await;
            assert_eq!(other.status(), 401, "another credential has its own measure");
            assert_eq!(fetch(&format!("{}/healthz", running.origin), None).await.status(), 200);
        }
        running.stop().await.expect("it stops");
    }
}
