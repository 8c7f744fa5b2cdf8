//! The command line.

mod account;
mod app;
mod chat;
mod clock;
mod company;
mod dev_proxy;
mod entry;
mod invoice;
mod job;
mod ledger;
mod oauth;
mod payment;
mod payout;
mod raffle;
mod signing_key;
mod user_token;
mod webhook;
mod when;

use crate::config::{Config, Environment};
use crate::fill;
use crate::log;
use crate::serve;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Where settings come from.
const SETTINGS: &str = "Settings come from the TOML file, then from GUILDHALL_… variables (GUILDHALL_DATA_DIR for \
    --data-dir), then from these flags; the last one counts.";

/// An open, self-hostable server for paid communities: memberships, chats, forums, messages, files,
/// notifications and a ledger behind one API.
#[derive(Debug, Parser)]
#[command(name = "guildhall", version, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve a hall: one process, an SQLite file and a files directory (or PostgreSQL).
    #[command(after_help = SETTINGS)]
    Serve(Serve),
    /// Look after the accounts that people sign in with.
    Account {
        #[command(subcommand)]
        command: account::Command,
    },
    /// Look after invoices: list them, send one again, withdraw one, or write its PDF.
    Invoices {
        #[command(subcommand)]
        command: invoice::Command,
    },
    /// Say what time it is in a hall, and move the clock of a development world on.
    Clock {
        #[command(subcommand)]
        command: clock::Command,
    },
    /// Look after a company: how it taxes what it sells.
    Company {
        #[command(subcommand)]
        command: company::Command,
    },
    /// Look into the double-entry ledger.
    Ledger {
        #[command(subcommand)]
        command: ledger::Command,
    },
    /// Look after the work that the server does in the background, such as sending mail.
    Jobs {
        #[command(subcommand)]
        command: job::Command,
    },
    /// Show or change the rules of a chat or forum.
    Chat(chat::Arguments),
    /// Look after third-party apps: their API keys, and where they are installed.
    Apps {
        #[command(subcommand)]
        command: app::Command,
    },
    /// Look after entries: who waits for a company's plans.
    Entries {
        #[command(subcommand)]
        command: entry::Command,
    },
    /// Show or rotate the keys that sign user tokens.
    Keys {
        #[command(subcommand)]
        command: signing_key::Command,
    },
    /// Look after what apps need so that people can sign in to them (OAuth 2).
    Oauth {
        #[command(subcommand)]
        command: oauth::Command,
    },
    /// Look into payments, give them back, and see to disputes.
    Payments {
        #[command(subcommand)]
        command: payment::Command,
    },
    /// Look after the money that companies and people take out.
    Payouts {
        #[command(subcommand)]
        command: payout::Command,
    },
    /// Open and show raffles, and compute their draws again.
    Raffle {
        #[command(subcommand)]
        command: raffle::Command,
    },
    Token(user_token::Arguments),
    DevProxy(dev_proxy::Arguments),
    /// Look into webhooks: what was sent where, send it again, or try a receiver out.
    Webhooks {
        #[command(subcommand)]
        command: webhook::Command,
    },
    /// Fill the demo world with generated rows, to try the server under load. The server must be stopped.
    Fill(fill::Arguments),
    /// Print the GraphQL schema.
    Schema,
}

/// Where the hall's data and settings are.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// A TOML file with settings [default: guildhall.toml, when there is one].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the data lies: the SQLite file and the files [default: ./guildhall-data].
    #[arg(long, value_name = "DIRECTORY")]
    data_dir: Option<String>,
    /// PostgreSQL instead of SQLite, e.g. postgres://user@host/database.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// The PostgreSQL schema that holds the tables [default: guildhall].
    #[arg(long, value_name = "NAME")]
    database_schema: Option<String>,
}

impl Place {
    /// The configuration of this place.
    ///
    /// # Errors
    /// One sentence.
    pub fn load(&self, more: &[(&'static str, Option<String>)]) -> Result<Config, String> {
        let mut flags = vec![
            ("data_dir", self.data_dir.clone()),
            ("database_url", self.database_url.clone()),
            ("database_schema", self.database_schema.clone()),
        ];
        flags.extend(more.iter().cloned());
        let environment: Environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Config::load(self.config.as_deref(), &environment, &flags)
    }
}

#[derive(Debug, Args)]
struct Serve {
    #[command(flatten)]
    place: Place,
    /// The address to listen on [default: 127.0.0.1:8003].
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Where clients reach the server, when that is not the address it listens on.
    #[arg(long, value_name = "ORIGIN")]
    public_origin: Option<String>,
    /// The domain under which each app has a host of its own, <app id>.<domain> [default: apps.localhost, or
    /// apps.<host of the public origin>].
    #[arg(long, value_name = "DOMAIN")]
    apps_domain: Option<String>,
    /// Let the base URLs of apps lead to this machine and its neighbours: true or false [default: true when the
    /// server listens on this machine alone, and with --demo].
    #[arg(long, value_name = "BOOL")]
    allow_private_apps: Option<String>,
    /// What is logged: a level, or a filter such as info,guildhall_app=debug [default: info].
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
    /// How log lines look: text or json [default: text].
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// The most requests one credential may make in a minute; 0 for no limit [default: 6000; none with --demo].
    #[arg(long, value_name = "NUMBER")]
    requests_per_minute: Option<String>,
    /// The largest file that can be uploaded, in MiB [default: 1024].
    #[arg(long, value_name = "MIB")]
    largest_upload_mib: Option<String>,
    /// The server that takes mail, e.g. smtps://user:password@mail.example.com; better given as
    /// GUILDHALL_SMTP_URL when it holds a password [default: links are written to the log].
    #[arg(long, value_name = "URL")]
    smtp_url: Option<String>,
    /// Whom mail comes from, e.g. "Our Hall <hall@example.com>".
    #[arg(long, value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Serve HTTPS, with certificates from an authority of one's own that is made once under
    /// <data-dir>/tls; says how to trust it.
    #[arg(long)]
    tls: bool,
    /// Serve HTTPS with the certificate in this PEM file, and those that lead from it to an authority.
    #[arg(long, value_name = "FILE")]
    tls_certificate: Option<String>,
    /// The PEM file with the certificate's private key. Both files are read again when they change.
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// The networks of the reverse proxies before the server, e.g. 10.0.0.0/8,fd00::/8: whom these name in
    /// X-Forwarded-For is taken for the caller [default: none, and the header is ignored].
    #[arg(long, value_name = "NETWORKS")]
    trusted_proxies: Option<String>,
    /// Send webhooks to this machine and its neighbours too: true or false [default: false; true with --demo].
    #[arg(long, value_name = "TRUTH")]
    allow_private_webhooks: Option<String>,
    /// First make a demo world, once: a company, people, chats, a forum, an app with its key, and money
    /// that is not real. Writes <data-dir>/demo.env.
    #[arg(long)]
    demo: bool,
}

impl Arguments {
    /// Runs the command.
    ///
    /// # Errors
    /// One sentence.
    pub async fn run(self) -> Result<ExitCode, String> {
        if !matches!(self.command, Command::Serve(_)) {
            log::start_for_command();
        }
        match self.command {
            Command::Serve(arguments) => {
                let config = arguments.place.load(&[
                    ("listen", arguments.listen),
                    ("public_origin", arguments.public_origin),
                    ("apps_domain", arguments.apps_domain),
                    ("allow_private_apps", arguments.allow_private_apps),
                    ("log", arguments.log),
                    ("log_format", arguments.log_format),
                    ("requests_per_minute", arguments.requests_per_minute),
                    ("largest_upload_mib", arguments.largest_upload_mib),
                    ("smtp_url", arguments.smtp_url),
                    ("mail_from", arguments.mail_from),
                    ("tls", arguments.tls.then(|| true.to_string())),
                    ("tls_certificate", arguments.tls_certificate),
                    ("tls_key", arguments.tls_key),
                    ("trusted_proxies", arguments.trusted_proxies),
                    ("allow_private_webhooks", arguments.allow_private_webhooks),
                ])?;
                serve::run(&config, arguments.demo).await?;
                Ok(ExitCode::SUCCESS)
            }
            Command::Account { command } => command.run().await,
            Command::Invoices { command } => command.run().await,
            Command::Clock { command } => command.run().await,
            Command::Company { command } => command.run().await,
            Command::Ledger { command } => command.run().await,
            Command::Payments { command } => command.run().await,
            Command::Jobs { command } => command.run().await,
            Command::Chat(arguments) => arguments.run().await,
            Command::Apps { command } => command.run().await,
            Command::Entries { command } => command.run().await,
            Command::Keys { command } => command.run().await,
            Command::Oauth { command } => command.run().await,
            Command::Payouts { command } => command.run().await,
            Command::Raffle { command } => command.run().await,
            Command::Token(arguments) => arguments.run().await,
            Command::DevProxy(arguments) => arguments.run().await,
            Command::Webhooks { command } => command.run().await,
            Command::Fill(arguments) => fill::run(&arguments).await,
            Command::Schema => {
                print!("{}", guildhall_graphql::printed_schema());
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}
