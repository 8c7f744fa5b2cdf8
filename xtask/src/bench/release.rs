//! Builds what is compared with optimisation on both sides: the server, and this generator with its bare route.

use super::Fallible;
use super::workspace_file;
use serde_json::Value;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Builds a binary of the workspace with the release profile and answers where it lies.
pub(super) fn build(package: &str) -> Fallible<PathBuf> {
    eprintln!("building {package} (release)");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(workspace_file(""))
        .args([
            "build",
            "--quiet",
            "--release",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(["--package", package, "--bin", package])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo could not build {package}").into());
    }
    let printed = String::from_utf8(output.stdout)?;
    let executable = printed.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.ok_or_else(|| format!("cargo did not say where it put {package}").into())
}

/// Replaces this process by a release build of itself with the same arguments; returns only to say why it could not.
pub(super) fn replace_this_process() -> crate::Outcome {
    let executable = build("xtask")?;
    let error = Command::new(&executable).args(std::env::args_os().skip(1)).exec();
    Err(format!("cannot run {}: {error}", executable.display()).into())
}
