//! `localstripe`, the fake of Stripe that tests ask: in a Python environment of its own, under `target`.

use super::command;
use crate::{Outcome, workspace_root};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::process::Command;

/// What is installed, as a path in the workspace.
const REQUIREMENTS: &str = "tests/localstripe/requirements.txt";

/// Where it lies, which is where the tests look for it.
fn folder() -> PathBuf {
    workspace_root().join("target/localstripe")
}

/// Installs it, unless what is there is what is wanted.
///
/// # Errors
/// When the environment cannot be made, or a package cannot be installed.
pub(super) async fn install() -> Outcome {
    let (folder, wanted) = (folder(), workspace_root().join(REQUIREMENTS));
    let installed = folder.join("installed.txt");
    let is_there =
        std::fs::read(&installed).is_ok_and(|text| std::fs::read(&wanted).is_ok_and(|wanted| text == wanted));
    if is_there && folder.join("bin/python").is_file() {
        return Ok(());
    }
    command::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder)).await?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&wanted);
    command::run(&mut pip).await?;
    // Written last: an environment that was not finished is made anew.
    std::fs::copy(&wanted, &installed)?;
    Ok(())
}

/// Whether Python is there, with what makes environments.
///
/// # Errors
/// One sentence that says what to get.
pub(super) fn check_python() -> Outcome {
    let mut check = std::process::Command::new("python3");
    let made =
        check.args(["-c", "import ensurepip, venv"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if made.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    Err("Python 3.10 or newer with venv is needed for the tests that ask a fake of Stripe \
         (Debian: `apt-get install python3-venv`, macOS: `brew install python`)"
        .into())
}
