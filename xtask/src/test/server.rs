//! A server with a demo world of its own, for as long as its handle lives.

use crate::Fallible;
use crate::demo_env::DemoEnv;
use crate::process::Process;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::process::Command;

/// What the server prints when it answers and the demo world is made.
const OPEN: &str = "Guildhall is open at";

/// How many errors are printed.
const MOST_ERRORS: usize = 10;

/// A demo server that runs; it is killed, and its data removed, when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    process: Process,
    pub(super) demo: DemoEnv,
    log: PathBuf,
    _directory: TempDir,
}

impl Server {
    /// Serves a new demo world on a free port, on SQLite or in a PostgreSQL database, with further arguments.
    ///
    /// # Errors
    /// When it does not start; the end of its log says why.
    pub(super) async fn start(program: &Path, database_url: Option<&str>, more: &[&str]) -> Fallible<Self> {
        let directory = tempfile::Builder::new().prefix("guildhall-clients-").tempdir()?;
        let data = directory.path().join("data");
        let mut command = Command::new(program);
        // Neither a guildhall.toml nor a setting of the person who tests has a say.
        command.current_dir(directory.path());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GUILDHALL_") {
                command.env_remove(name);
            }
        }
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir"]).arg(&data);
        command.args(more);
        if let Some(url) = database_url {
            command.args(["--database-url", url]);
        }
        let log = directory.path().join("log");
        let mut process = Process::start("guildhall serve", &mut command, log.clone())?;
        let is_open = async || std::fs::read_to_string(&log).is_ok_and(|text| text.contains(OPEN));
        process.until_ready(is_open).await?;
        let demo = DemoEnv::read(&data.join("demo.env"))?;
        let engine = if database_url.is_some() { "PostgreSQL" } else { "SQLite" };
        println!("    started a demo server on {engine} at {}", demo.get("WHOP_API_ORIGIN")?);
        Ok(Self { process, demo, log, _directory: directory })
    }

    /// Prints the last of what the server logged as an error: a client is told no more than where it stands.
    pub(super) fn print_errors(&self) {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let errors: Vec<&str> = log.lines().filter(|line| line.contains(" ERROR ")).collect();
        for line in &errors[errors.len().saturating_sub(MOST_ERRORS)..] {
            println!("    server: {line}");
        }
    }

    /// Asks the server to stop, which it must do by itself.
    ///
    /// # Errors
    /// When it has to be killed.
    pub(super) async fn stop(self) -> Fallible<()> {
        self.process.stop().await
    }
}
