//! A demo world of the server: made, filled up to a size, served, and ended again.

use super::{Fallible, http};
use crate::demo_env::DemoEnv;
use crate::process::{Process, complete, free_address};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// How long the server may take to fill a world; five million messages take minutes on a slow disk.
const FILL_LIMIT: Duration = Duration::from_secs(3600);

/// Where a world is kept and how it is reached.
#[derive(Debug)]
pub(super) struct Place<'a> {
    pub(super) program: &'a Path,
    pub(super) directory: PathBuf,
    pub(super) database_url: Option<&'a str>,
}

impl Place<'_> {
    fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(self.program);
        command.arg(subcommand).arg("--data-dir").arg(&self.directory);
        if let Some(url) = self.database_url {
            command.args(["--database-url", url]);
        }
        command
    }

    /// Makes the demo world if it is not there, fills it up to `count` of what `option` names, and serves it.
    pub(super) async fn serve_filled(&self, option: &str, count: u64) -> Fallible<World> {
        self.serve().await?.stop().await?;
        let mut fill = self.command("fill");
        fill.args([option, &count.to_string()]);
        complete("guildhall fill", &mut fill, FILL_LIMIT).await?;
        self.serve().await
    }

    /// Serves the demo world, which is made if it is not there.
    pub(super) async fn serve(&self) -> Fallible<World> {
        std::fs::create_dir_all(&self.directory)?;
        let address = free_address()?;
        let mut command = self.command("serve");
        command.args(["--demo", "--listen", &address.to_string()]);
        let log = self.directory.with_extension("log");
        let mut process = Process::start("guildhall serve", &mut command, log)?;
        process.until_ready(async || http::get(address, "/readyz").await.is_ok()).await?;
        let demo = DemoEnv::read(&self.directory.join("demo.env"))?;
        Ok(World { address, demo, process })
    }
}

/// A server that answers for its demo world.
#[derive(Debug)]
pub(super) struct World {
    pub(super) address: SocketAddr,
    pub(super) demo: DemoEnv,
    process: Process,
}

impl World {
    pub(super) async fn stop(self) -> Fallible<()> {
        self.process.stop().await
    }
}
