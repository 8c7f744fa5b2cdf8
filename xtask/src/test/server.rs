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
    place: Place,
    log: PathBuf,
    directory: TempDir,
}

/// The program, and where its data lies.
#[derive(Debug)]
struct Place {
    program: PathBuf,
    data: PathBuf,
    database_url: Option<String>,
}

impl Place {
    /// The program over this data; no setting of the person who tests has a say.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GUILDHALL_") {
                command.env_remove(name);
            }
        }
        command.args(arguments).arg("--data-dir").arg(&self.data);
        if let Some(url) = &self.database_url {
            command.args(["--database-url", url]);
        }
        command
    }
}

impl Server {
    /// Serves a new demo world on a free port, on SQLite or in a PostgreSQL database, with further arguments.
    ///
    /// # Errors
    /// When it does not start; the end of its log says why.
    pub(super) async fn start(program: &Path, database_url: Option<&str>, more: &[&str]) -> Fallible<Self> {
        let directory = tempfile::Builder::new().prefix("guildhall-clients-").tempdir()?;
        let data = directory.path().join("data");
        let place = Place {
            program: program.to_owned(),
            data: data.clone(),
            database_url: database_url.map(str::to_owned),
        };
        let mut command = place.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]);
        // Nor has a guildhall.toml where the tests are started.
        command.current_dir(directory.path());
        command.args(more);
        let log = directory.path().join("log");
        let mut process = Process::start("guildhall serve", &mut command, log.clone())?;
        let is_open = async || std::fs::read_to_string(&log).is_ok_and(|text| text.contains(OPEN));
        process.until_ready(is_open).await?;
        let demo = DemoEnv::read(&data.join("demo.env"))?;
        let engine = if database_url.is_some() { "PostgreSQL" } else { "SQLite" };
        println!("    started a demo server on {engine} at {}", demo.get("WHOP_API_ORIGIN")?);
        Ok(Self { process, demo, place, log, directory })
    }

    /// A fresh user token of the demo world's customer inside its app.
    ///
    /// # Errors
    /// When the program does not print one.
    pub(super) async fn user_token(&self) -> Fallible<String> {
        let user = self.demo.get("DEMO_CUSTOMER_USER_ID")?;
        let app = self.demo.get("NEXT_PUBLIC_WHOP_APP_ID")?;
        let mut command = self.place.command(&["token", user, "--app", app]);
        let output = command.current_dir(self.directory.path()).kill_on_drop(true).output().await?;
        if !output.status.success() {
            return Err(format!("guildhall token: {}", String::from_utf8_lossy(&output.stderr).trim()).into());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// What names the program and its data to tests that also run its commands.
    pub(super) fn program(&self) -> [(&'static str, &Path); 2] {
        [("GUILDHALL", &self.place.program), ("GUILDHALL_DATA_DIR", &self.place.data)]
    }

    /// Where it writes its log.
    pub(super) fn log(&self) -> &Path {
        &self.log
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
