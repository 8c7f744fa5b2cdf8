//! A small SMTP server: takes mails on a port of its own, and refuses when it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How long a mail may be under way before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    /// Headers and body, without the dots of the protocol.
    pub(crate) text: String,
}

/// The server. It ends with the test's runtime.
pub(crate) struct Smtp {
    pub(crate) address: SocketAddr,
    mails: mpsc::UnboundedReceiver<Received>,
    /// What the next receivers are answered with; empty for consent.
    refusals: Arc<Mutex<Vec<&'static str>>>,
}

impl Smtp {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (told, mails) = mpsc::unbounded_channel();
        let refusals: Arc<Mutex<Vec<&'static str>>> = Arc::default();
        let refusing = Arc::clone(&refusals);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (told, refusals) = (told.clone(), Arc::clone(&refusing));
                tokio::spawn(async move { converse(stream, &told, &refusals).await });
            }
        });
        Self { address, mails, refusals }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Refuses the next receiver with this reply.
    pub(crate) fn refuse_next(&self, reply: &'static str) {
        self.refusals.lock().expect("whole").push(reply);
    }

    /// The next mail that comes.
    pub(crate) async fn next(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.mails.recv()).await.expect("in time").expect("the server runs")
    }

    /// Whether everything that came was looked at.
    pub(crate) fn is_empty(&self) -> bool {
        self.mails.is_empty()
    }
}

async fn converse(
    stream: TcpStream,
    told: &mpsc::UnboundedSender<Received>,
    refusals: &Mutex<Vec<&'static str>>,
) -> Option<()> {
    let (reading, mut writing) = stream.into_split();
    let mut lines = BufReader::new(reading).lines();
    let mut mail = Received::default();
    writing.write_all(b"220 sink\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let command = line.to_ascii_uppercase();
        let reply = if command.starts_with("EHLO") {
            "250-sink\r\n250 8BITMIME"
        } else if let Some(path) = command.starts_with("MAIL FROM:").then(|| path(&line)) {
            mail = Received { from: path, ..Received::default() };
            "250 ok"
        } else if let Some(path) = command.starts_with("RCPT TO:").then(|| path(&line)) {
            mail.to.push(path);
            refusals.lock().expect("whole").pop().unwrap_or("250 ok")
        } else if command == "DATA" {
            writing.write_all(b"354 go on\r\n").await.ok()?;
            while let Some(line) = lines.next_line().await.ok()?.filter(|line| line != ".") {
                mail.text += line.strip_prefix('.').unwrap_or(&line);
                mail.text.push('\n');
            }
            // Nobody may be listening any more.
            let _ = told.send(mail.clone());
            "250 taken"
        } else if command == "QUIT" {
            "221 bye"
        } else {
            "250 ok"
        };
        writing.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
    }
    Some(())
}

/// What stands between the angle brackets.
fn path(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(String::new, |(path, _)| path.to_owned())
}
