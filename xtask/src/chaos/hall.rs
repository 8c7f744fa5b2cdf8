//! The servers that are killed and come up again, and the commands of an operator beside them.

use crate::Fallible;
use crate::clock::pause;
use crate::demo_env::DemoEnv;
use crate::process::{Process, complete, free_address};
use std::cell::RefCell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// How long a command beside the servers may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// One hall: a program over one database, served once or twice.
#[derive(Debug)]
pub(super) struct Hall {
    program: PathBuf,
    directory: PathBuf,
    database_url: Option<String>,
    http: reqwest::Client,
    servers: Vec<Served>,
}

/// One of its servers; `None` while it is dead.
#[derive(Debug)]
struct Served {
    number: usize,
    address: SocketAddr,
    process: RefCell<Option<Process>>,
    starts: RefCell<u32>,
}

impl Hall {
    /// Makes the demo world and serves it: by two servers on PostgreSQL, by one on SQLite.
    pub(super) async fn open(
        program: &Path,
        directory: &Path,
        database_url: Option<String>,
    ) -> Fallible<Self> {
        let count = if database_url.is_some() { 2 } else { 1 };
        let mut servers = Vec::new();
        for number in 0..count {
            let address = free_address()?;
            servers.push(Served { number, address, process: RefCell::default(), starts: RefCell::default() });
        }
        let hall = Self {
            program: program.to_owned(),
            directory: directory.to_owned(),
            database_url,
            http: reqwest::Client::new(),
            servers,
        };
        for number in 0..count {
            hall.start(number).await?;
        }
        Ok(hall)
    }

    pub(super) fn demo(&self) -> Fallible<DemoEnv> {
        DemoEnv::read(&self.data_dir(0).join("demo.env"))
    }

    /// Where the server is whose turn it is.
    pub(super) fn origin(&self, turn: usize) -> String {
        format!("http://{}", self.servers[turn % self.servers.len()].address)
    }

    fn data_dir(&self, server: usize) -> PathBuf {
        self.directory.join(format!("data-{server}"))
    }

    fn command_of(&self, server: usize, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).env_clear().current_dir(&self.directory);
        command.arg("--data-dir").arg(self.data_dir(server));
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        command
    }

    async fn start(&self, number: usize) -> Fallible<()> {
        let served = &self.servers[number];
        let start = self.servers[number].starts.replace_with(|starts| *starts + 1);
        let log = self.directory.join(format!("server-{number}-{start}.log"));
        let address = served.address.to_string();
        // Of buyers, who are many, it is said where each is, as a proxy says it.
        let proxy = "127.0.0.0/8";
        let words = ["serve", "--demo", "--log", "warn", "--listen", &address, "--trusted-proxies", proxy];
        let mut process = Process::start("guildhall serve", &mut self.command_of(number, &words), log)?;
        let ready = format!("http://{address}/readyz");
        let is_ready =
            async || self.http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success());
        process.until_ready(is_ready).await?;
        served.process.replace(Some(process));
        Ok(())
    }

    /// Kills the server whose turn it is, as a power cut does, and starts it again.
    pub(super) async fn kill(&self, turn: usize) -> Fallible<()> {
        let number = turn % self.servers.len();
        let process = self.servers[number].process.take().ok_or("a server is killed while it is dead")?;
        process.kill().await?;
        self.start(number).await
    }

    /// Kills every server and starts it again.
    pub(super) async fn restart(&self) -> Fallible<()> {
        for number in 0..self.servers.len() {
            self.kill(number).await?;
        }
        Ok(())
    }

    /// Runs a command beside the servers; what it printed.
    pub(super) async fn run(&self, words: &[&str]) -> Fallible<String> {
        complete(&format!("guildhall {}", words.join(" ")), &mut self.command_of(0, words), LIMIT).await
    }

    /// Begins a command beside the servers and kills it, unless it was faster.
    pub(super) async fn run_and_kill(&self, words: &[&str], after: Duration) -> Fallible<()> {
        let log = std::fs::File::create(self.directory.join("killed.log"))?;
        let mut child =
            self.command_of(0, words).stdout(log.try_clone()?).stderr(log).kill_on_drop(true).spawn()?;
        tokio::select! {
            ended = child.wait() => {
                ended?;
            }
            () = pause(after) => child.kill().await?,
        }
        Ok(())
    }

    /// Ends the servers as an operator does; fails when one of them ever panicked.
    pub(super) async fn close(self) -> Fallible<()> {
        for served in &self.servers {
            if let Some(process) = served.process.take() {
                process.stop().await?;
            }
            for start in 0..*served.starts.borrow() {
                let log = self.directory.join(format!("server-{}-{start}.log", served.number));
                let text = std::fs::read_to_string(&log)?;
                if let Some(line) = text.lines().find(|line| line.contains("panicked")) {
                    return Err(format!("a server panicked: {line}").into());
                }
                if let Some(line) = text.lines().find(|line| line.contains(" ERROR ")) {
                    println!("    a server logged: {line}");
                }
            }
        }
        Ok(())
    }
}
