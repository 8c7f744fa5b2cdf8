//! `cargo xtask test`: every test, on both databases and through the published clients.
//!
//! Owns the parts that a run is made of, and what they need: a private PostgreSQL cluster, servers with a
//! demo world, npm packages, a fake of Stripe. Everything it starts ends with it, also when a part fails or is interrupted.
//! A run tells what it does, and its last line counts the parts.

mod clients;
pub(crate) mod command;
mod localstripe;
mod part;
pub(crate) mod postgres;
mod run;
mod server;

pub(crate) use part::{Choices, Part};
pub(crate) use run::run_parts;

use std::process::ExitCode;

/// How `cargo xtask test` is called.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave out what needs PostgreSQL's programs.
    #[arg(long)]
    pub(crate) no_postgres: bool,
    /// Leave out what needs Node and npm.
    #[arg(long)]
    pub(crate) no_clients: bool,
    /// Leave out what needs Chromium.
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Run only this part; may be given several times.
    #[arg(long, value_name = "PART")]
    pub(crate) only: Vec<Part>,
}

impl Arguments {
    /// Those of `parts` that the flags leave.
    pub(crate) fn choose(&self, parts: &[Part]) -> Vec<Part> {
        let is_chosen = |part: &Part| {
            (self.only.is_empty() || self.only.contains(part))
                && !(self.no_postgres && part.needs_postgres())
                && !(self.no_clients && part.needs_npm())
                && !(self.no_browser && part.needs_browser())
        };
        parts.iter().copied().filter(is_chosen).collect()
    }
}

/// Runs the tests; fails when any part does.
pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let all = Part::all();
    // Whoever names a part may name any.
    let parts = if arguments.only.is_empty() { part::TESTS } else { &all };
    run_parts(&arguments.choose(parts), Choices::default())
}
