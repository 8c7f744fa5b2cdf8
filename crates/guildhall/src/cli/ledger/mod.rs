//! `guildhall ledger …`

mod audit;
mod shown;
mod statement;

use super::Place;
use super::when::when;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::ledger::{self, MOST_BALANCES, Start, Wanted};
use guildhall_app::{Error, Guildhall};
use guildhall_core::money::Currency;
use shown::{Row, amount, print_rows, title};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prove that every transfer and the whole ledger sum to zero, and that no balance ever left its bounds. Ends with 1
    /// when something does not.
    Audit {
        #[command(flatten)]
        place: Place,
        /// The ledger as it was then: a moment such as 2024-05-01T12:30:00Z, or a span before now such as 7d.
        #[arg(long, value_name = "MOMENT")]
        as_of: Option<String>,
    },
    /// Show what came and went on an account, with the balance after each entry; the newest entries unless it is said
    /// where to begin.
    Statement(statement::Arguments),
    /// Show the platform's own accounts, and what each kind of account holds together.
    Accounts {
        #[command(flatten)]
        place: Place,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::Audit { place, as_of } => audit::run(&place, as_of.as_deref()).await,
            Self::Statement(arguments) => statement::run(&arguments).await,
            Self::Accounts { place } => accounts(&place).await,
        }
    }
}

async fn open(place: &Place) -> Result<Guildhall, String> {
    let config = place.load(&[])?;
    serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await
}

fn told(error: Error) -> String {
    match error {
        Error::Internal(cause) => format!("the ledger cannot be read: {cause}"),
        told => told.to_string(),
    }
}

async fn accounts(place: &Place) -> Result<ExitCode, String> {
    let (own, totals) = ledger::own_accounts(&open(place).await?).await.map_err(told)?;
    if own.is_empty() && totals.is_empty() {
        println!("No money was moved yet.");
        return Ok(ExitCode::SUCCESS);
    }
    let listed = i64::try_from(own.len()).unwrap_or(i64::MAX);
    let rows = own.iter().map(|one| {
        let balance = amount(one.balance_minor, &one.currency);
        Row::new([one.account.id.to_string(), title(one.account.kind, &one.account.owner)])
            .with([balance, one.currency.clone()])
    });
    print_rows(&["ACCOUNT", "THE PLATFORM'S OWN"], &["BALANCE", ""], rows.collect());
    if listed == MOST_BALANCES {
        println!("(the first {MOST_BALANCES} are shown)");
    }
    println!();
    shown::print_totals(&totals);
    Ok(ExitCode::SUCCESS)
}
