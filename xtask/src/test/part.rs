//! The parts of a run: what each is called, what it needs, what it does.

use super::{clients, command, localstripe, postgres::Cluster};
use crate::{Outcome, chaos, schema, sdk, tidy};
use clap::ValueEnum;
use tokio::process::Command;

/// One part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The Rust is formatted.
    Formatting,
    /// Clippy finds nothing.
    Lints,
    /// The dependencies' licences and sources are those that deny.toml allows.
    Dependencies,
    /// Every Rust test, on SQLite.
    Rust,
    /// The tests of the libraries and over HTTP again, on PostgreSQL.
    RustPostgres,
    /// The published clients against a server on SQLite.
    Clients,
    /// The published clients against a server on PostgreSQL.
    ClientsPostgres,
    /// Random commands while the server is killed, on SQLite: none is lost or doubled.
    Chaos,
    /// The same on PostgreSQL, by two servers, which ends as it does on SQLite.
    ChaosPostgres,
    /// The pages in headless Chromium, against a server on SQLite.
    Browser,
    /// The tests of our TypeScript client.
    Typescript,
    /// The committed schema is the one that the server prints, and fits the published clients.
    Schema,
    /// The committed clients are what the operations give.
    Sdk,
    /// The house rules that no compiler knows.
    Tidy,
}

/// What `cargo xtask test` runs, in this order.
pub(super) const TESTS: &[Part] = &[
    Part::Tidy,
    Part::Rust,
    Part::Schema,
    Part::Sdk,
    Part::RustPostgres,
    Part::Clients,
    Part::ClientsPostgres,
    Part::Chaos,
    Part::ChaosPostgres,
    Part::Browser,
    Part::Typescript,
];

/// What is decided for a whole run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Choices {
    /// Also ask the advisory database, which is fetched from the network.
    pub(crate) advisories: bool,
}

impl Part {
    /// What `cargo xtask ci` runs, in this order.
    pub(crate) fn all() -> Vec<Self> {
        let mut parts = vec![Self::Formatting, Self::Lints, Self::Dependencies];
        parts.extend(TESTS);
        parts
    }

    /// What the part is called on the command line and in the summary.
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What the part shows, as a sentence.
    pub(super) fn title(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }

    pub(super) fn needs_postgres(self) -> bool {
        matches!(self, Self::RustPostgres | Self::ClientsPostgres | Self::ChaosPostgres)
    }

    /// Whether it asks the fake of Stripe, which is installed with Python.
    pub(super) fn needs_python(self) -> bool {
        matches!(self, Self::Rust | Self::RustPostgres | Self::Browser)
    }

    pub(super) fn needs_npm(self) -> bool {
        matches!(self, Self::Clients | Self::ClientsPostgres | Self::Browser | Self::Typescript)
    }

    pub(super) fn needs_browser(self) -> bool {
        self == Self::Browser
    }

    /// Runs the part.
    ///
    /// # Errors
    /// One sentence; what a child process has to say stands above it already.
    pub(super) async fn run(self, choices: Choices) -> Outcome {
        match self {
            Self::Formatting => cargo(&["fmt", "--all", "--check"]).await,
            Self::Lints => {
                let scope = ["clippy", "--workspace", "--all-targets", "--quiet"];
                cargo(&[&scope[..], &["--", "--deny", "warnings"]].concat()).await
            }
            Self::Dependencies => crate::ci::check_dependencies(choices.advisories).await,
            Self::Rust => {
                localstripe::install().await?;
                cargo(&["test", "--workspace", "--no-fail-fast", "--quiet"]).await
            }
            Self::RustPostgres => {
                localstripe::install().await?;
                let cluster = Cluster::start()?;
                let mut test = command::cargo(&["test", "--workspace", "--lib", "--test", "it", "--quiet"]);
                command::run(test.env("TEST_DATABASE_URL", cluster.url())).await
            }
            Self::Clients => clients::test_published(None).await,
            Self::ClientsPostgres => {
                let cluster = Cluster::start()?;
                clients::test_published(Some(&cluster.url())).await
            }
            Self::Chaos => chaos::test().await,
            Self::ChaosPostgres => chaos::test_on_postgres().await,
            Self::Browser => clients::test_pages().await,
            Self::Typescript => clients::test_typescript().await,
            Self::Schema => schema::check(),
            Self::Sdk => sdk::check(),
            Self::Tidy => tidy::run(),
        }
    }
}

async fn cargo(arguments: &[&str]) -> Outcome {
    let mut command: Command = command::cargo(arguments);
    command::run(command.env_remove("TEST_DATABASE_URL")).await
}
