//! A small receiver of webhooks: takes requests on a port of its own, and answers as it is told to.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How long a webhook may be under way before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a request is answered.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// With these bytes; then the connection ends.
    Bytes(String),
    /// Not at all, until the other side gives up.
    Silence,
}

impl Answer {
    /// A whole answer without more than a status.
    pub(crate) fn status(status: u16) -> Self {
        Self::with(status, "", "")
    }

    /// A whole answer with further header lines and a body.
    pub(crate) fn with(status: u16, headers: &str, body: &str) -> Self {
        Self::Bytes(format!(
            "HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    /// By their names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Received {
    /// The id that is the same on every try.
    pub(crate) fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a webhook is JSON")
    }
}

/// What each path answers next.
type Answers = Arc<Mutex<HashMap<String, VecDeque<Answer>>>>;

/// The receiver. It ends with the test's runtime.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Received>,
    answers: Answers,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (told, requests) = mpsc::unbounded_channel();
        let answers = Answers::default();
        let answering = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (told, answers) = (told.clone(), Arc::clone(&answering));
                tokio::spawn(async move { converse(stream, &told, &answers).await });
            }
        });
        Self { address, requests, answers }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next requests to a path like this, one each; those after them are taken.
    pub(crate) fn answer_next(&self, path: &str, next: impl IntoIterator<Item = Answer>) {
        self.answers.lock().expect("whole").entry(path.to_owned()).or_default().extend(next);
    }

    /// The next request.
    pub(crate) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.requests.recv()).await;
        next.expect("in time").expect("the receiver runs")
    }

    /// Every request that came and was not looked at.
    pub(crate) fn rest(&mut self) -> Vec<Received> {
        std::iter::from_fn(|| self.requests.try_recv().ok()).collect()
    }
}

async fn converse(
    stream: TcpStream,
    told: &mpsc::UnboundedSender<Received>,
    answers: &Answers,
) -> Option<()> {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    let mut first = String::new();
    reading.read_line(&mut first).await.ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reading.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let mut body = vec![0; headers.get("content-length")?.parse().ok()?];
    reading.read_exact(&mut body).await.ok()?;
    let answer = answers.lock().expect("whole").get_mut(&path).and_then(VecDeque::pop_front);
    // Nobody may be listening any more.
    let _ = told.send(Received { path, headers, body: String::from_utf8_lossy(&body).into_owned() });
    match answer.unwrap_or_else(|| Answer::with(200, "", "taken")) {
        Answer::Bytes(bytes) => writing.write_all(bytes.as_bytes()).await.ok()?,
        Answer::Silence => {
            // Ends when the other side does.
            let _ = reading.read(&mut [0]).await;
        }
    }
    Some(())
}
