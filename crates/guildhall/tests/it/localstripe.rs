//! `localstripe`, a stateful fake of Stripe that others wrote, and the front through which it is asked.
//!
//! It charges, declines, asks for second steps, keeps customers and refunds, and signs its events as Stripe does. It has
//! no idempotency keys, lists intents of everyone alone, and refuses parameters that it does not know. So the front
//! answers keys as Stripe documents it, picks a customer's intents, and leaves those parameters out. It also keeps what
//! was asked, and answers badly when it is told to.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(60);
/// Parameters of Stripe's that it does not know.
const UNKNOWN: [&str; 3] = ["description", "return_url", "setup_future_usage"];
/// The secret key that it is asked with.
pub(crate) const KEY: &str = "sk_test_12345";

/// The fake: a process of its own, which ends with the test.
pub(crate) struct LocalStripe {
    pub(crate) origin: String,
    http: Client,
    _process: Child,
}

/// The program of its own Python, which `cargo xtask test` installs.
fn program() -> PathBuf {
    let usual = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/localstripe/bin/python");
    let program = std::env::var_os("LOCALSTRIPE_PYTHON").map_or_else(usual, PathBuf::from);
    let advice = "`cargo xtask test --only rust` installs it";
    assert!(program.is_file(), "localstripe is not installed at {}: {advice}", program.display());
    program
}

impl LocalStripe {
    pub(crate) async fn start() -> Self {
        let free = TcpListener::bind("[::1]:0").await.expect("a free port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let mut process = Command::new(program())
            .args(["-u", "-m", "localstripe", "--from-scratch", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("it can be started");
        let mut said = BufReader::new(process.stdout.take().expect("it was piped")).lines();
        let open = async {
            loop {
                let line = said.next_line().await.expect("text").expect("localstripe runs");
                if line.contains("Running on") {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, open).await.expect("it starts in time");
        // What it says later is read, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Self { origin: format!("http://127.0.0.1:{port}"), http: Client::new(), _process: process }
    }

    /// Asks it as somebody else would, e.g. Stripe's own form in a browser.
    pub(crate) async fn ask(&self, method: Method, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let mut request = self.http.request(method, format!("{}{path}", self.origin)).bearer_auth(KEY);
        if !form.is_empty() {
            let body = serde_urlencoded::to_string(form).expect("a form");
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.unwrap_or_default())
    }

    async fn done(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let (status, body) = self.ask(Method::POST, path, form).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// What there is at a path.
    pub(crate) async fn look(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, &[]).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// How many things of a kind there are.
    pub(crate) async fn count(&self, path: &str) -> usize {
        let list = self.look(&format!("{path}?limit=100")).await;
        list["data"].as_array().expect("a list").len()
    }

    /// A card, as Stripe's form sends it.
    pub(crate) async fn card(&self, number: &str) -> String {
        let form = [
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2030"),
            ("card[cvc]", "123"),
        ];
        self.done("/v1/payment_methods", &form).await["id"].as_str().expect("an id").to_owned()
    }

    /// A card that a customer used before.
    pub(crate) async fn saved_card(&self, customer: &str, number: &str) -> String {
        let card = self.card(number).await;
        self.done(&format!("/v1/payment_methods/{card}/attach"), &[("customer", customer)]).await;
        card
    }

    /// Types a card into Stripe's form and sends it; answers the status.
    pub(crate) async fn type_card(&self, intent: &str, number: &str) -> u16 {
        let card = self.card(number).await;
        self.done(&format!("/v1/payment_intents/{intent}"), &[("payment_method", &card)]).await;
        self.ask(Method::POST, &format!("/v1/payment_intents/{intent}/confirm"), &[]).await.0
    }

    /// Types a card into Stripe's form that keeps one for later, and sends it; answers how the intent stands, or why not.
    pub(crate) async fn keep_card(&self, intent: &str, number: &str) -> String {
        let card = self.card(number).await;
        let path = format!("/v1/setup_intents/{intent}/confirm");
        let (_, body) = self.ask(Method::POST, &path, &[("payment_method", &card)]).await;
        let word = body["status"].as_str().or(body["error"]["code"].as_str());
        word.unwrap_or_else(|| panic!("{body}")).to_owned()
    }

    /// Takes the step that a bank asks for, or refuses to.
    pub(crate) async fn take_step(&self, intent: &str, succeeds: bool) {
        let secret = self.look(&format!("/v1/payment_intents/{intent}")).await["client_secret"].clone();
        let form = [
            ("client_secret", secret.as_str().expect("a secret")),
            ("success", if succeeds { "true" } else { "false" }),
        ];
        self.done(&format!("/v1/payment_intents/{intent}/_authenticate"), &form).await;
    }

    /// Has its events sent to an address.
    pub(crate) async fn send_events(&self, address: &str, secret: &str) {
        let path = format!("{}/_config/webhooks/test", self.origin);
        let form = serde_urlencoded::to_string([("url", address), ("secret", secret)]).expect("a form");
        let request =
            self.http.post(path).header("content-type", "application/x-www-form-urlencoded").body(form);
        assert!(request.send().await.expect("an answer").status().is_success());
    }
}

/// A question as it came to the front.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) form: BTreeMap<String, String>,
}

/// How the front answers badly.
#[derive(Debug, Clone)]
pub(crate) enum Bad {
    /// With these bytes, asking nobody.
    Bytes(String),
    /// Not at all, asking nobody, until the other side gives up.
    Silence,
    /// What was asked is done, and its answer gets lost.
    Lost,
}

impl Bad {
    /// An answer of Stripe's.
    pub(crate) fn answer(status: u16, body: &Value) -> Self {
        Self::Bytes(written(status, "", &body.to_string()))
    }

    /// An answer of Stripe's that says what is wrong.
    pub(crate) fn error(status: u16, error: &Value) -> Self {
        Self::answer(status, &json!({"error": error}))
    }
}

/// What was asked under a key, and the answer when it is there.
type Kept = (String, Option<(u16, String)>);

#[derive(Default)]
struct Desk {
    asked: Mutex<Vec<Asked>>,
    bad: Mutex<VecDeque<Bad>>,
    /// What is answered to every question of a method and path, instead of asking.
    said: Mutex<HashMap<(String, String), String>>,
    keys: Mutex<HashMap<String, Kept>>,
}

/// The front. It ends with the test's runtime.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    desk: Arc<Desk>,
}

impl Front {
    pub(crate) async fn before(local: &LocalStripe) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (desk, behind) =
            (Arc::new(Desk::default()), Arc::new((local.http.clone(), local.origin.clone())));
        let at = Arc::clone(&desk);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (desk, behind) = (Arc::clone(&at), Arc::clone(&behind));
                tokio::spawn(async move { converse(stream, &desk, &behind.0, &behind.1).await });
            }
        });
        Self { address, desk }
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next questions badly, one each.
    pub(crate) fn answer_badly(&self, next: impl IntoIterator<Item = Bad>) {
        self.desk.bad.lock().expect("whole").extend(next);
    }

    /// Answers every question of a method and path so, until [`Self::say_no_more`].
    pub(crate) fn say(&self, method: &str, path: &str, status: u16, body: &Value) {
        let answer = written(status, "", &body.to_string());
        self.desk.said.lock().expect("whole").insert((method.to_owned(), path.to_owned()), answer);
    }

    /// Has everything answered as it stands again.
    pub(crate) fn say_no_more(&self) {
        self.desk.said.lock().expect("whole").clear();
    }

    /// What was asked of a path since this was asked last.
    pub(crate) fn asked(&self, method: &str, path: &str) -> Vec<Asked> {
        let mut asked = self.desk.asked.lock().expect("whole");
        asked.extract_if(.., |one| one.method == method && one.path == path).collect()
    }
}

async fn converse(stream: TcpStream, desk: &Desk, http: &Client, origin: &str) -> Option<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    let mut first = String::new();
    reading.read_line(&mut first).await.ok()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reading.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(Some(0), |length| length.parse().ok())?;
    let mut body = vec![0; length];
    reading.read_exact(&mut body).await.ok()?;
    let body = String::from_utf8(body).ok()?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let form = if method == "GET" { query } else { &body };
    let form: Vec<(String, String)> = serde_urlencoded::from_str(form).ok()?;
    let asked = Asked {
        method: method.clone(),
        path: path.to_owned(),
        headers: headers.clone(),
        form: form.iter().cloned().collect(),
    };
    desk.asked.lock().expect("whole").push(asked);
    let bad = desk.bad.lock().expect("whole").pop_front();
    let said = desk.said.lock().expect("whole").get(&(method.clone(), path.to_owned())).cloned();
    let answer = match bad {
        Some(Bad::Bytes(bytes)) => bytes,
        Some(Bad::Silence) => {
            // Ends when the other side does.
            let _ = reading.read(&mut [0]).await;
            return None;
        }
        Some(Bad::Lost) => {
            answer(desk, http, origin, &method, path, &headers, &form).await;
            return None;
        }
        None => match said {
            Some(said) => said,
            None => answer(desk, http, origin, &method, path, &headers, &form).await,
        },
    };
    writing.write_all(answer.as_bytes()).await.ok()
}

/// Answers as Stripe does for a key: what was done under it is told again, and nothing is done twice.
async fn answer(
    desk: &Desk,
    http: &Client,
    origin: &str,
    method: &str,
    path: &str,
    headers: &BTreeMap<String, String>,
    form: &[(String, String)],
) -> String {
    let Some(key) = headers.get("idempotency-key") else {
        let (status, body) = forward(http, origin, method, path, form).await;
        return written(status, "", &body);
    };
    let asked = format!("{path} {form:?}");
    let known = desk.keys.lock().expect("whole").get(key).cloned();
    let trouble = |status, kind: &str| {
        written(status, "", &json!({"error": {"type": kind, "message": kind}}).to_string())
    };
    match known {
        Some((before, _)) if before != asked => return trouble(400, "idempotency_error"),
        Some((_, None)) => return trouble(409, "idempotency_key_in_use"),
        Some((_, Some((status, body)))) => return written(status, "idempotent-replayed: true\r\n", &body),
        None => desk.keys.lock().expect("whole").insert(key.clone(), (asked.clone(), None)),
    };
    let (status, body) = forward(http, origin, method, path, form).await;
    desk.keys.lock().expect("whole").insert(key.clone(), (asked, Some((status, body.clone()))));
    written(status, "", &body)
}

async fn forward(
    http: &Client,
    origin: &str,
    method: &str,
    path: &str,
    form: &[(String, String)],
) -> (u16, String) {
    let is_list = method == "GET" && ["/v1/payment_intents", "/v1/setup_intents"].contains(&path);
    let unknown = |name: &str| UNKNOWN.contains(&name) || (is_list && name != "limit");
    let known: Vec<_> = form.iter().filter(|(name, _)| !unknown(name)).collect();
    let form_text = serde_urlencoded::to_string(&known).expect("a form");
    let request = match method {
        "GET" => http.get(format!("{origin}{path}?{form_text}")),
        _ => http
            .post(format!("{origin}{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form_text),
    };
    let response = request.bearer_auth(KEY).send().await.expect("localstripe answers");
    let (status, body) = (response.status().as_u16(), response.text().await.expect("text"));
    match form.iter().find(|(name, _)| name == "customer") {
        Some((_, customer)) if is_list && status == 200 => {
            let mut list: Value = serde_json::from_str(&body).expect("JSON");
            list["data"].as_array_mut().expect("a list").retain(|intent| intent["customer"] == **customer);
            (status, list.to_string())
        }
        _ => (status, body),
    }
}

fn written(status: u16, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
