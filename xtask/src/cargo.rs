//! Cargo, called by the tasks.

use crate::Fallible;
use serde_json::Value;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// How a binary is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// As `cargo test --workspace` does.
    Dev,
    /// As it ships, for what is measured.
    Dist,
}

/// The cargo that runs this task.
pub(crate) fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Builds a binary of the workspace and answers where it lies.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(package: &str, profile: Profile) -> Fallible<PathBuf> {
    // Which packages are named decides which features dependencies are built with, so each profile names
    // those that its other commands do, and nothing is built twice.
    let packages: &[&str] = match profile {
        Profile::Dev => &["--workspace"],
        Profile::Dist => &["--profile", "dist", "--package", package],
    };
    build_target(package, profile, &[&["--bin", package], packages].concat())
}

/// Builds a benchmark's program as what it measures ships, and answers where it lies.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_bench(package: &str, name: &str) -> Fallible<PathBuf> {
    build_target(name, Profile::Dist, &["--bench", name, "--profile", "dist", "--package", package])
}

fn build_target(name: &str, profile: Profile, target: &[&str]) -> Fallible<PathBuf> {
    let purpose = match profile {
        Profile::Dev => "",
        Profile::Dist => " (as it ships)",
    };
    eprintln!("    building {name}{purpose}");
    let output = Command::new(program())
        .current_dir(crate::workspace_root())
        .args(["build", "--quiet", "--message-format", "json-render-diagnostics"])
        .args(target)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo could not build {name}").into());
    }
    let printed = String::from_utf8(output.stdout)?;
    let executable = printed.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable.ok_or_else(|| format!("cargo did not say where it put {name}").into())
}
