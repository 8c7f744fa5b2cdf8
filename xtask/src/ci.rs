//! `cargo xtask ci`: what has to pass before a change is taken.

use crate::Outcome;
use crate::test::{self, Choices, Part, command};
use std::process::{ExitCode, Stdio};

/// How `cargo xtask ci` is called.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Arguments {
    #[command(flatten)]
    test: test::Arguments,
    /// Also look for advisories against the dependencies; fetches their database from the network.
    #[arg(long)]
    advisories: bool,
}

/// Runs the checks and the tests; fails when any part does.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let choices = Choices { advisories: arguments.advisories };
    test::run_parts(&arguments.test.choose(&Part::all()), choices)
}

/// Checks the dependencies against `deny.toml`, with cargo-deny, which is installed when it is missing.
///
/// # Errors
/// When cargo-deny cannot be installed, or finds something.
pub(crate) async fn check_dependencies(with_advisories: bool) -> Outcome {
    let mut probe = std::process::Command::new(crate::cargo::program());
    probe.args(["deny", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        println!("    cargo-deny is not on this machine and is installed now, which takes some minutes");
        command::run(&mut command::cargo(&["install", "--locked", "--quiet", "cargo-deny"])).await?;
    }
    let mut arguments = vec![
        "deny",
        "--workspace",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    if with_advisories {
        arguments.push("advisories");
    }
    command::run(&mut command::cargo(&arguments)).await
}
