//! Builds what is compared with optimisation on both sides: the server, and this generator with its bare route.

use crate::Fallible;
use crate::cargo::{self, Profile};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

/// Builds a binary of the workspace with the profile that ships and answers where it lies.
pub(super) fn build(package: &str) -> Fallible<PathBuf> {
    cargo::build(package, Profile::Dist)
}

/// Builds the program of a benchmark, with the profile that ships, and answers where it lies.
pub(super) fn build_bench(package: &str, name: &str) -> Fallible<PathBuf> {
    cargo::build_bench(package, name)
}

/// Replaces this process by an optimised build of itself with the same arguments; returns only to say why it could not.
pub(super) fn replace_this_process() -> crate::Outcome {
    let executable = build("xtask")?;
    let error = Command::new(&executable).args(std::env::args_os().skip(1)).exec();
    Err(format!("cannot run {}: {error}", executable.display()).into())
}
