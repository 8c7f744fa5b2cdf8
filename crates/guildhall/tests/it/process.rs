//! The real binary as a process of its own, on the engine that the environment asks for.

use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// How long anything here may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// A data directory of one's own, and the schema that goes with it on PostgreSQL.
pub(crate) struct Home {
    directory: TempDir,
    schema: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("test_home_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self { directory: tempfile::tempdir().expect("a temporary directory"), schema }
    }

    /// The data directory, which the first start makes.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A place beside the data directory.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The schema, when the tests run on PostgreSQL.
    pub(crate) fn postgres(&self) -> Option<(String, &str)> {
        std::env::var("TEST_DATABASE_URL").ok().map(|url| (url, self.schema.as_str()))
    }

    /// A command of the binary that sees nothing of the tests' own environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
        command
            .args(arguments)
            .env_clear()
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// The same over this home's data.
    pub(crate) fn over_data(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.arg("--data-dir").arg(self.data_dir());
        if let Some((url, schema)) = self.postgres() {
            command.args(["--database-url", &url, "--database-schema", schema]);
        }
        command
    }

    /// Serves on a free port, with further arguments.
    pub(crate) async fn serve(&self, more: &[&str]) -> Server {
        let mut command = self.over_data(&["serve", "--listen", "127.0.0.1:0"]);
        Server::start(command.args(more)).await
    }

    /// What `demo.env` says.
    pub(crate) fn demo(&self) -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(self.data_dir().join("demo.env")).expect("demo.env");
        let pairs = text.lines().filter_map(|line| line.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
    }
}

/// Runs a command to its end.
pub(crate) async fn run(command: &mut Command) -> Output {
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    output.expect("the command ends").expect("the binary can be started")
}

/// Runs a command that must end with 1 and one sentence; answers the sentence.
pub(crate) async fn one_sentence(command: &mut Command) -> String {
    let output = run(command).await;
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{told}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 1, "not one sentence: {told}");
    let sentence = lines[0].strip_prefix("guildhall: ").unwrap_or_else(|| panic!("who says so? {told}"));
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    sentence.to_owned()
}

/// A server that answers.
pub(crate) struct Server {
    pub(crate) origin: String,
    child: Child,
    log: mpsc::UnboundedReceiver<String>,
}

impl Server {
    /// Starts it and waits until it says that it is open.
    pub(crate) async fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary can be started");
        let mut said = BufReader::new(child.stdout.take().expect("it was piped")).lines();
        let mut logged = BufReader::new(child.stderr.take().expect("it was piped")).lines();
        // Both readers end with the process, which the test ends.
        let (told, log) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(Some(line)) = logged.next_line().await {
                // Nobody may be listening to the log.
                let _ = told.send(line);
            }
        });
        let first = tokio::time::timeout(PATIENCE, said.next_line()).await.expect("it starts in time");
        let Ok(Some(first)) = first else { panic!("it did not start: {:?}", drain(log).await) };
        let origin = first.strip_prefix("Guildhall is open at ").expect("where it is open").to_owned();
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Self { origin, child, log }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends a signal such as `TERM`.
    pub(crate) async fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().await;
        assert!(sent.expect("kill is there").success());
    }

    /// Waits until the log says something.
    pub(crate) async fn logged(&mut self, words: &str) {
        let wait = async {
            while let Some(line) = self.log.recv().await {
                if line.contains(words) {
                    return true;
                }
            }
            false
        };
        assert!(
            tokio::time::timeout(PATIENCE, wait).await.expect("it is said in time"),
            "never said \"{words}\""
        );
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .expect("it ends in time")
            .expect("it can be waited for")
    }

    /// Ends it as a power cut does, and waits until what it held is free.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// Stops it as an operator does.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM").await;
        let status = self.ended().await;
        assert!(status.success(), "{status}: {:?}", drain(self.log).await);
    }
}

async fn drain(mut log: mpsc::UnboundedReceiver<String>) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = log.recv().await {
        lines.push(line);
    }
    lines
}

/// Someone who calls a server.
#[derive(Clone)]
pub(crate) struct Caller {
    http: Client,
    key: String,
}

impl Caller {
    pub(crate) fn new(key: &str) -> Self {
        Self { http: Client::new(), key: key.to_owned() }
    }

    /// What a document was answered; `None` when the server was gone before its answer was complete.
    pub(crate) async fn ask(
        &self,
        origin: &str,
        user: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Option<Value> {
        let body = json!({"query": query, "variables": variables});
        let mut request =
            self.http.post(format!("{origin}/public-graphql")).bearer_auth(&self.key).json(&body);
        if let Some(user) = user {
            request = request.header("x-on-behalf-of", user);
        }
        request.send().await.ok()?.json().await.ok()
    }

    /// The data of an answer without errors.
    pub(crate) async fn data(
        &self,
        origin: &str,
        user: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Value {
        let answered = self.ask(origin, user, query, variables).await.expect("an answer");
        assert!(answered.get("errors").is_none(), "refused: {answered}");
        answered["data"].clone()
    }
}

/// The permissions of a file.
pub(crate) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("the file is there").permissions().mode() & 0o777
}
