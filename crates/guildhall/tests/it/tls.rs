//! HTTPS: the authority of one's own and who trusts it, certificates from files, callers who speak otherwise.

use crate::harness::{NOW_MS, config};
use crate::process::{Caller, Home, Server, mode, one_sentence};
use guildhall::config::Config;
use guildhall::serve::{self, Running};
use guildhall_app::clock::{Clock, Random};
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, Issuer, KeyPair};
use reqwest::tls::TlsInfo;
use reqwest::{Certificate, Client};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

const VIEWER: &str = "{ viewer { user { id } } }";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A client that trusts one authority and nobody else.
fn trusting(pem: &str) -> Client {
    client_for(pem, None)
}

/// The same, finding a host at the server's address.
fn client_for(pem: &str, host: Option<(&str, &Running)>) -> Client {
    let authority = Certificate::from_pem(pem.as_bytes()).expect("a certificate");
    let mut client = Client::builder().tls_certs_only([authority]);
    if let Some((host, running)) = host {
        client = client.resolve(host, running.address);
    }
    client.build().expect("a client")
}

async fn is_answered(client: &Client, origin: &str) -> bool {
    match client.get(format!("{origin}/healthz")).send().await {
        Ok(response) => response.status() == 200,
        Err(error) => {
            let why = format!("{error:?}");
            assert!(error.is_connect() && why.contains("InvalidCertificate"), "another reason: {why}");
            false
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn start(config: &Config, clock: &Clock) -> Running {
    serve::start(config, clock.clone(), Random::seeded(7), false).await.expect("the hall opens")
}

/// A clock that stands still at the time that clients believe it is.
fn frozen_now() -> Clock {
    Clock::frozen(Clock::system().now_ms())
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_trust_the_authority_are_answered_and_nobody_else() {
    let home = Home::new();
    let server = home.serve(&["--demo", "--tls"]).await;
    assert!(server.origin.starts_with("https://127.0.0.1:"), "{}", server.origin);
    let demo = home.demo();
    assert_eq!(demo["WHOP_API_ORIGIN"], server.origin);
    assert_eq!(demo["WHOP_WEBSOCKET_ORIGIN"], server.origin);
    let file = home.data_dir().join("tls/ca.pem");
    assert_eq!(Path::new(&demo["NODE_EXTRA_CA_CERTS"]), file);
    assert!(file.is_absolute());
    assert_eq!(mode(&home.data_dir().join("tls/authority.pem")), 0o600);
    let pem = read(&file);
    assert!(!pem.contains("PRIVATE"), "{pem}");

    let client = trusting(&pem);
    let response = client
        .post(format!("{}/public-graphql", server.origin))
        .bearer_auth(&demo["WHOP_API_KEY"])
        .json(&json!({"query": VIEWER}))
        .send()
        .await
        .expect("an answer");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["data"]["viewer"]["user"]["id"], demo["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]);
    assert!(!is_answered(&Client::new(), &server.origin).await, "trusted by the whole machine");
    let other = CertifiedIssuer::self_signed(authority("Another"), KeyPair::generate().expect("a key"));
    assert!(!is_answered(&trusting(&other.expect("a certificate").pem()), &server.origin).await);
    server.stop().await;

    let plain = home.serve(&["--demo"]).await;
    assert!(plain.origin.starts_with("http://"), "{}", plain.origin);
    assert!(!home.demo().contains_key("NODE_EXTRA_CA_CERTS"));
    let caller = Caller::new(&demo["WHOP_API_KEY"]);
    assert!(caller.ask(&plain.origin, None, VIEWER, json!({})).await.is_some(), "as before");
    plain.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_is_kept_while_it_vouches_for_every_name() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let clock = frozen_now();
    let mut config = Config { tls: true, ..config(&directory) };
    let file = directory.path().join("tls/ca.pem");
    let first = start(&config, &clock).await;
    let port = first.address.port();
    let told = first.authority.clone().expect("its own authority");
    assert!(told.is_new && told.file == file, "{told:?}");
    let advice = told.how_to_trust(&first.origin);
    for words in
        [&format!("NODE_EXTRA_CA_CERTS=\"{}\"", file.display()), "127.0.0.1, ::1", "macOS", "Firefox"]
    {
        assert!(advice.contains(words), "does not say {words}: {advice}");
    }
    let pem = read(&file);
    let client = client_for(&pem, Some(("localhost", &first)));
    assert!(is_answered(&client, &format!("https://localhost:{port}")).await);
    let client = client_for(&pem, Some(("app_notes.apps.localhost", &first)));
    let answered =
        client.get(format!("https://app_notes.apps.localhost:{port}/")).send().await.expect("trusted");
    assert_eq!(answered.status(), 404, "there is no such app");
    let elsewhere = client_for(&pem, Some(("hall.example", &first)));
    assert!(!is_answered(&elsewhere, &format!("https://hall.example:{port}")).await);
    first.stop().await.expect("it stops");

    // A lost copy is written again.
    std::fs::remove_file(&file).expect("removed");
    let second = start(&config, &clock).await;
    assert_eq!(read(&file), pem);
    let told = second.authority.clone().expect("its own authority");
    assert!(!told.is_new && !told.how_to_trust(&second.origin).contains("macOS"), "said once");
    assert!(is_answered(&trusting(&pem), &second.origin).await);
    second.stop().await.expect("it stops");

    config.public_origin = Some("https://hall.example".into());
    let third = start(&config, &clock).await;
    let renewed = read(&file);
    assert_ne!(renewed, pem, "the former authority may not vouch for the new name");
    assert!(third.authority.as_ref().is_some_and(|told| told.is_new));
    let origin = format!("https://hall.example:{}", third.address.port());
    assert!(is_answered(&client_for(&renewed, Some(("hall.example", &third))), &origin).await);
    third.stop().await.expect("it stops");

    config.public_origin = None;
    start(&config, &clock).await.stop().await.expect("it stops");
    assert_eq!(read(&file), renewed, "it vouches for fewer names as well");
    clock.advance_ms(3300 * DAY_MS);
    start(&config, &clock).await.stop().await.expect("it stops");
    assert_ne!(read(&file), renewed, "an authority that nears its end is replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_is_none_is_left_as_it_is() {
    let home = Home::new();
    let file = home.data_dir().join("tls/authority.pem");
    std::fs::create_dir_all(home.data_dir().join("tls")).expect("a directory");
    for garbage in
        [&b"mine"[..], b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        std::fs::write(&file, garbage).expect("written");
        let mut serve = home.over_data(&["serve", "--tls", "--listen", "127.0.0.1:0"]);
        let sentence = one_sentence(&mut serve).await;
        let expected = format!("{} holds no certificate authority; move it away", file.display());
        assert!(sentence.starts_with(&expected), "{sentence}");
        assert_eq!(std::fs::read(&file).expect("the file"), garbage);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_ones_own_is_renewed_before_it_ends() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let clock = Clock::frozen(NOW_MS);
    let running = start(&Config { tls: true, ..config(&directory) }, &clock).await;
    // What is shown after each number of days, to a caller who takes anything.
    let shown = async || {
        let client = Client::builder().tls_info(true).tls_danger_accept_invalid_certs(true);
        let address = format!("{}/healthz", running.origin);
        let response = client.build().expect("a client").get(address).send().await.expect("an answer");
        let info = response.extensions().get::<TlsInfo>().expect("about its TLS");
        let der = info.peer_certificate().expect("a certificate").to_vec();
        let (_, read) = x509_parser::parse_x509_certificate(&der).expect("sound");
        let (from, to) = (read.validity().not_before.timestamp(), read.validity().not_after.timestamp());
        (from * 1000, to * 1000)
    };
    assert_eq!(shown().await, (NOW_MS - DAY_MS, NOW_MS + 90 * DAY_MS));
    clock.advance_ms(59 * DAY_MS);
    assert_eq!(shown().await, (NOW_MS - DAY_MS, NOW_MS + 90 * DAY_MS));
    clock.advance_ms(DAY_MS);
    assert_eq!(shown().await, (NOW_MS + 59 * DAY_MS, NOW_MS + 150 * DAY_MS));
    running.stop().await.expect("it stops");
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
}

/// Writes a certificate for a name under an authority, and its key.
fn write_certificate(directory: &TempDir, name: &str, issuer: &Issuer<'_, KeyPair>) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([name.to_owned()]).expect("a name");
    let certificate = params.signed_by(&key, issuer).expect("a certificate");
    std::fs::write(directory.path().join("key.pem"), key.serialize_pem()).expect("written");
    std::fs::write(directory.path().join("certificate.pem"), certificate.pem()).expect("written");
}

fn with_files(directory: &TempDir) -> Config {
    Config {
        tls_certificate: Some(directory.path().join("certificate.pem")),
        tls_key: Some(directory.path().join("key.pem")),
        ..config(directory)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_from_files_are_used_and_read_again_when_they_change() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let new = |name| CertifiedIssuer::self_signed(authority(name), KeyPair::generate().expect("a key"));
    let (former, later) = (new("Former").expect("sound"), new("Later").expect("sound"));
    write_certificate(&directory, "127.0.0.1", &former);
    let clock = frozen_now();
    let running = start(&with_files(&directory), &clock).await;
    assert!(running.origin.starts_with("https://") && running.authority.is_none());
    assert!(!directory.path().join("tls").exists(), "no authority is made that nobody needs");
    assert!(is_answered(&trusting(&former.pem()), &running.origin).await);

    // Half a renewal changes nothing, and neither does what is no certificate at all.
    let key = read(&directory.path().join("key.pem"));
    std::fs::write(directory.path().join("key.pem"), KeyPair::generate().expect("a key").serialize_pem())
        .expect("written");
    clock.advance_ms(1000);
    assert!(is_answered(&trusting(&former.pem()), &running.origin).await);
    std::fs::write(directory.path().join("certificate.pem"), "half a fi").expect("written");
    clock.advance_ms(1000);
    assert!(is_answered(&trusting(&former.pem()), &running.origin).await);

    write_certificate(&directory, "127.0.0.1", &later);
    assert_ne!(read(&directory.path().join("key.pem")), key);
    assert!(is_answered(&trusting(&former.pem()), &running.origin).await, "looked at once a second");
    clock.advance_ms(1000);
    assert!(is_answered(&trusting(&later.pem()), &running.origin).await);
    assert!(!is_answered(&trusting(&former.pem()), &running.origin).await);
    running.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_the_authoritys_key_can_vouch_for_no_other_name() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let clock = frozen_now();
    start(&Config { tls: true, ..config(&directory) }, &clock).await.stop().await.expect("it stops");
    let stolen = read(&directory.path().join("tls/authority.pem"));
    let key = PrivateKeyDer::from_pem_slice(stolen.as_bytes()).expect("its key");
    let certificate = CertificateDer::from_pem_slice(stolen.as_bytes()).expect("its certificate");
    let issuer = Issuer::from_ca_cert_der(&certificate, KeyPair::try_from(&key).expect("a key"));
    let issuer = issuer.expect("an authority");
    let pem = read(&directory.path().join("tls/ca.pem"));
    for (name, trusted) in
        [("localhost", true), ("bank.example", false), ("127.0.0.1", true), ("192.0.2.7", false)]
    {
        write_certificate(&directory, name, &issuer);
        let running = start(&with_files(&directory), &clock).await;
        let reached = match name.parse::<std::net::Ipv4Addr>() {
            // An address cannot be made to lead elsewhere; by the handshake alone it need not.
            Ok(_) => connect(&running.address.to_string(), &pem, name).await.is_ok(),
            Err(_) => {
                let client = client_for(&pem, Some((name, &running)));
                is_answered(&client, &format!("https://{name}:{}", running.address.port())).await
            }
        };
        assert_eq!(reached, trusted, "{name}");
        running.stop().await.expect("it stops");
    }
}

/// A connection to an address, believed to be one to `name`.
async fn connect(address: &str, pem: &str, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("usual versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.expect("connected");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    TlsConnector::from(Arc::new(client)).connect(name, stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_cannot_be_used_is_one_sentence() {
    let home = Home::new();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let issuer = CertifiedIssuer::self_signed(authority("Sound"), KeyPair::generate().expect("a key"));
    write_certificate(&directory, "localhost", &issuer.expect("sound"));
    let file = |name: &str, text: &str| {
        let path = directory.path().join(name);
        if !text.is_empty() {
            std::fs::write(&path, text).expect("written");
        }
        path.display().to_string()
    };
    let (certificate, key) = (file("certificate.pem", ""), file("key.pem", ""));
    let (missing, garbage) = (file("missing.pem", ""), file("garbage.pem", "mine"));
    let other_key = file("other.pem", &KeyPair::generate().expect("a key").serialize_pem());
    let hollow = file("hollow.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let hollow_key = file("hollow-key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    for (flags, expected) in [
        (
            vec!["--tls-certificate", &certificate],
            "tls_certificate is set but tls_key is not: set both or neither".to_owned(),
        ),
        (
            vec!["--tls-key", &key, "--tls"],
            "tls_key is set but tls_certificate is not: set both or neither".to_owned(),
        ),
        (
            vec!["--tls-certificate", &missing, "--tls-key", &key],
            format!("tls_certificate: cannot read {missing}: "),
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", &missing],
            format!("tls_key: cannot read {missing}: "),
        ),
        (
            vec!["--tls-certificate", &garbage, "--tls-key", &key],
            format!("tls_certificate: {garbage} holds no certificate in PEM form"),
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", &certificate],
            format!("tls_key: {certificate} holds no private key in PEM form"),
        ),
        (
            vec!["--tls-certificate", &hollow, "--tls-key", &key],
            format!("tls_certificate: what {hollow} holds first is no certificate"),
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", &hollow_key],
            format!("tls_key: the key in {hollow_key} is of a kind that cannot be used"),
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", &other_key],
            format!("tls_key: the key in {other_key} is not that of the certificate in {certificate}"),
        ),
        (
            vec!["--tls", "--public-origin", "http://hall.example"],
            "public_origin must start with https:// when HTTPS is served, and is \"http://hall.example\""
                .into(),
        ),
    ] {
        let mut serve = home.over_data(&["serve", "--listen", "127.0.0.1:0"]);
        let sentence = one_sentence(serve.args(flags)).await;
        assert!(sentence.starts_with(&expected), "{sentence}");
        assert!(!home.data_dir().exists(), "a start that was refused leaves no data behind");
    }
    let mut serve = home.over_data(&["serve", "--tls", "--listen", "127.0.0.1:0"]);
    let sentence = one_sentence(serve.args(["--public-origin", "https://b\u{fc}cher.example"])).await;
    assert!(
        sentence.starts_with("public_origin: no certificate can name \"b\u{fc}cher.example\""),
        "{sentence}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_speak_no_tls_harm_nobody() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let running = start(&Config { tls: true, ..config(&directory) }, &frozen_now()).await;
    let client = trusting(&read(&directory.path().join("tls/ca.pem")));
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(TcpStream::connect(running.address).await.expect("connected"));
    }
    // One hangs in the middle of its handshake.
    silent[0].write_all(&[22, 3, 1]).await.expect("sent");
    assert!(is_answered(&client, &running.origin).await, "silent callers do not block others");

    let plain = running.origin.replace("https://", "http://");
    let response = Client::new().post(format!("{plain}/public-graphql")).body("{}").send().await;
    let response = response.expect("a plain answer to a plain question");
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["errors"][0]["message"], "This port speaks HTTPS: write https:// instead of http://.");
    for garbage in [&b"\0\xff\r\n\r\n"[..], &[22, 3, 1, 0, 4, 0xff, 0xff, 0xff, 0xff], &[22; 20_000]] {
        let mut stream = TcpStream::connect(running.address).await.expect("connected");
        // It may be cut off before all is sent; the end is what matters.
        let _ = stream.write_all(garbage).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
        assert!(is_answered(&client, &running.origin).await, "{:?}", &garbage[..4]);
    }
    running.stop().await.expect("it stops, whoever hangs on");
    for mut stream in silent {
        // An end or a reset: the server waited for none of them.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_asked_over_tls_is_answered_before_it_stops() {
    let home = Home::new();
    let mut server: Server = home.serve(&["--demo", "--tls", "--log", "info"]).await;
    let key = home.demo()["WHOP_API_KEY"].clone();
    let address = server.origin.trim_start_matches("https://").to_owned();
    let pem = read(&home.data_dir().join("tls/ca.pem"));
    let mut stream = connect(&address, &pem, "127.0.0.1").await.expect("a handshake");
    let body = json!({"query": VIEWER}).to_string();
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
    server.signal("TERM").await;
    server.logged("stopping").await;
    stream.write_all(body.as_bytes()).await.expect("it still listens");
    let mut answer = String::new();
    // An end without TLS's own goodbye would be an error here.
    stream.read_to_string(&mut answer).await.expect("an answer, and an orderly end");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert!(answer.contains(&home.demo()["NEXT_PUBLIC_WHOP_AGENT_USER_ID"]), "{answer}");
    assert_eq!(server.ended().await.code(), Some(0));
}
