//! The tests that run in Node: the published clients, the pages in a browser, and our TypeScript client.

use super::command;
use super::localstripe;
use super::server::Server;
use crate::cargo::{self, Profile};
use crate::{Fallible, Outcome, workspace_root};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;
use tokio::process::Command;

/// The oldest major version of Node that runs the tests.
const OLDEST_NODE: u32 = 20;
/// What browsers that can be driven are called.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/// Where they lie on macOS.
const BUNDLES: [&str; 2] = [
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Runs `tests/clients` against a demo server, on SQLite or in a PostgreSQL database, and on SQLite once more
/// what uploads, against one that serves HTTPS: the Node client sends files over nothing else.
///
/// # Errors
/// When packages cannot be installed, a server does not start or stop, or a test fails.
pub(super) async fn test_published(database_url: Option<&str>) -> Outcome {
    let folder = workspace_root().join("tests/clients");
    install(&folder).await?;
    let program = cargo::build("guildhall", Profile::Dev)?;
    let server = Server::start(&program, database_url, &[]).await?;
    let tested = test_against(server, npm(&folder, &["test"])).await;
    if database_url.is_some() {
        return tested;
    }
    let server = Server::start(&program, None, &["--tls"]).await?;
    let origin = server.demo.get("WHOP_API_ORIGIN")?;
    if !origin.starts_with("https://") {
        return Err(format!("the server was started with --tls, and is at {origin}").into());
    }
    let uploads = ["test", "--", "https.test.mjs", "attachment.test.mjs"];
    tested.and(test_against(server, npm(&folder, &uploads)).await)
}

/// Runs a command in the environment of a demo server, and stops the server.
async fn test_against(server: Server, mut test: Command) -> Outcome {
    test.envs(server.demo.all()).env("DEMO_USER_TOKEN", server.user_token().await?);
    let tested = command::run(&mut test).await;
    if tested.is_err() {
        server.print_errors();
    }
    let stopped = server.stop().await;
    tested.and(stopped)
}

/// Runs `tests/browser` against a demo server.
///
/// # Errors
/// When packages cannot be installed, the server does not start or stop, or a test fails.
pub(super) async fn test_pages() -> Outcome {
    let folder = workspace_root().join("tests/browser");
    install(&folder).await?;
    localstripe::install().await?;
    let server = Server::start(&cargo::build("guildhall", Profile::Dev)?, None, &[]).await?;
    let mut test = npm(&folder, &["test"]);
    test.env("CHROMIUM", find_browser()?).env("DEMO_LOG", server.log()).envs(server.program());
    test_against(server, test).await
}

/// Runs the tests of `sdk/typescript`.
///
/// # Errors
/// When packages cannot be installed, or a test fails.
pub(super) async fn test_typescript() -> Outcome {
    let folder = workspace_root().join("sdk/typescript");
    install(&folder).await?;
    command::run(&mut npm(&folder, &["test"])).await
}

/// Whether Node and npm are there and new enough.
///
/// # Errors
/// One sentence that says what to get.
pub(super) fn check_node() -> Outcome {
    let advice = format!(
        "Node {OLDEST_NODE} or newer with npm is needed (Debian: `apt-get install nodejs npm`, macOS: `brew install node`), \
         or pass --no-clients"
    );
    let node = version("node").map_err(|_| format!("Node is not on this machine: {advice}"))?;
    version("npm").map_err(|_| format!("npm is not on this machine: {advice}"))?;
    let major = node.trim_start_matches('v').split('.').next().and_then(|major| major.parse().ok());
    match major {
        Some(major) if u32::ge(&major, &OLDEST_NODE) => Ok(()),
        _ => Err(format!("Node here is {node}: {advice}").into()),
    }
}

/// The program of a browser that can be driven: the one that CHROMIUM names, or the first of the usual ones.
///
/// # Errors
/// One sentence that says what to get.
pub(super) fn find_browser() -> Fallible<PathBuf> {
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = std::env::split_paths(&path).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    named.into_iter().chain(usual).chain(BUNDLES.map(PathBuf::from)).find(|program| program.is_file()).ok_or_else(|| {
        "Chromium is not on this machine (Debian: `apt-get install chromium`, macOS: `brew install chromium`): \
         get it, name it in CHROMIUM, or pass --no-browser"
            .into()
    })
}

fn version(program: &str) -> Fallible<String> {
    let output = std::process::Command::new(program).arg("--version").stderr(Stdio::null()).output()?;
    if !output.status.success() {
        return Err(format!("{program} --version failed").into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn npm(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).args(arguments);
    // One line a test and the failures at the end, wherever the output goes.
    command.env("NODE_OPTIONS", "--test-reporter=spec");
    command
}

/// Installs a folder's packages unless they are the ones of its lock file already.
async fn install(folder: &Path) -> Outcome {
    let changed = |path: &str| -> std::io::Result<SystemTime> { folder.join(path).metadata()?.modified() };
    let locked = changed("package-lock.json")?;
    if changed("node_modules/.package-lock.json").is_ok_and(|installed| installed >= locked) {
        return Ok(());
    }
    command::run(&mut npm(folder, &["ci", "--no-audit", "--no-fund", "--loglevel=error"])).await
}
