//! The servers that a task needs. Each is started, waited for and ended by its own handle; none outlives the task.

use crate::Fallible;
use crate::clock::{clock, pause};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// How long a server may take from its start to its first answer.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a server may take to end after it was asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const PROBE_INTERVAL: Duration = Duration::from_millis(20);

/// A server that runs beside the task, its output in a log file.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a server; it is killed when the handle is dropped without `stop`.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: PathBuf) -> Fallible<Self> {
        let output = std::fs::File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stderr(output.try_clone()?)
            .stdout(output)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot start {name}: {error}"))?;
        Ok(Self { name, child, log })
    }

    /// Waits until `probe` says yes; fails when the process ends before, or does not get there in a minute.
    pub(crate) async fn until_ready(&mut self, probe: impl AsyncFn() -> bool) -> Fallible<()> {
        let limit = clock() + START_LIMIT;
        while !probe().await {
            if let Some(status) = self.child.try_wait()? {
                let said = log_end(&self.log);
                return Err(format!("{} ended before it was ready ({status}): {said}", self.name).into());
            }
            if clock() > limit {
                let said = log_end(&self.log);
                return Err(format!("{} is not ready after {START_LIMIT:?}: {said}", self.name).into());
            }
            pause(PROBE_INTERVAL).await;
        }
        Ok(())
    }

    /// Asks the process to end (SIGTERM) and waits for it; fails when it does not end by itself.
    pub(crate) async fn stop(mut self) -> Fallible<()> {
        if let Some(id) = self.child.id() {
            Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        }
        match tokio::time::timeout(STOP_LIMIT, self.child.wait()).await {
            Ok(status) => {
                status?;
                Ok(())
            }
            Err(_) => {
                self.child.kill().await?;
                Err(format!("{} did not end within {STOP_LIMIT:?} of SIGTERM and was killed", self.name)
                    .into())
            }
        }
    }

    /// Kills the process, as a power cut does, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> Fallible<()> {
        Ok(self.child.kill().await?)
    }
}

/// Runs a command to its end and answers what it printed; a failure or a wait beyond `limit` is an error.
pub(crate) async fn complete(name: &str, command: &mut Command, limit: Duration) -> Fallible<String> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = tokio::time::timeout(limit, output)
        .await
        .map_err(|_| format!("{name} did not end within {limit:?}"))?
        .map_err(|error| format!("cannot start {name}: {error}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{name} failed ({}): {printed}{complaint}", output.status).into());
    }
    Ok(printed)
}

/// A port of this machine on which nothing listens now.
pub(crate) fn free_address() -> Fallible<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// The last lines of a log, for an error that must say why.
fn log_end(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
