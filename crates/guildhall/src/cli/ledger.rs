//! `guildhall ledger …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::ledger;
use guildhall_core::money::{Currency, in_words};
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Prove that every transfer and the whole ledger sum to zero. Ends with 1 when something does not.
    Audit {
        #[command(flatten)]
        place: Place,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let Self::Audit { place } = self;
        let config = place.load(&[])?;
        let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
        let report =
            ledger::audit(&hall).await.map_err(|error| format!("the audit could not be made: {error:?}"))?;
        println!("transfers                  {}", report.transfers);
        println!("entries                    {}", report.entries);
        println!("unbalanced transfers       {}", report.unbalanced_transfers);
        println!("transfers without entries  {}", report.transfers_without_entries);
        println!("wrong balances             {}", report.wrong_balances);
        println!("balances below zero        {}", report.negative_balances);
        for (code, sum) in &report.sums {
            let words =
                Currency::parse(code).map_or_else(|_| format!("{sum} {code}"), |known| in_words(*sum, known));
            println!("sum of all entries         {words}");
        }
        if report.is_sound() {
            println!("The ledger is sound.");
            return Ok(ExitCode::SUCCESS);
        }
        println!("The ledger is NOT sound.");
        Ok(ExitCode::FAILURE)
    }
}
