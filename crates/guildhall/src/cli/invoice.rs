//! `guildhall invoices …`

use super::Place;
use crate::serve;
use clap::Subcommand;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::invoice::{self, Invoice, operator};
use guildhall_core::ids::{CompanyId, Id, InvoiceId};
use guildhall_core::moment::day;
use guildhall_core::plan_words::price;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show the newest invoices.
    List {
        #[command(flatten)]
        place: Place,
        /// Only those of this company, biz_….
        #[arg(long, value_name = "COMPANY")]
        company: Option<String>,
        /// The most invoices to show, up to 1000.
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
    },
    /// Send an invoice once more: a letter with its link. The server sends it.
    Send {
        #[command(flatten)]
        place: Place,
        /// Which, inv_….
        invoice: String,
        /// Where people reach the server, for the link in the letter [default: the configured public origin].
        #[arg(long, value_name = "ORIGIN")]
        public_origin: Option<String>,
    },
    /// Withdraw an invoice that is not paid: nobody can pay it any more.
    Void {
        #[command(flatten)]
        place: Place,
        /// Which, inv_….
        invoice: String,
    },
    /// Write the PDF of an invoice into a file.
    Pdf {
        #[command(flatten)]
        place: Place,
        /// Which, inv_….
        invoice: String,
        /// The file [default: invoice-<number>.pdf].
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Where people reach the server, for the links on the paper [default: the configured public origin].
        #[arg(long, value_name = "ORIGIN")]
        public_origin: Option<String>,
    },
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        match self {
            Self::List { place, company, limit } => {
                let company = company.as_deref().map(CompanyId::parse).transpose();
                list(&place, company.map_err(|error| error.to_string())?, limit).await?;
            }
            Self::Send { place, invoice, public_origin } => {
                let hall = open(&place, public_origin).await?;
                let to = operator::send(&hall, parse(&invoice)?).await.map_err(told)?;
                println!("The invoice goes to {to}; the server sends it.");
            }
            Self::Void { place, invoice } => {
                let hall = open(&place, None).await?;
                let invoice = operator::void(&hall, parse(&invoice)?).await.map_err(told)?;
                println!("The invoice {} is withdrawn.", invoice.number);
            }
            Self::Pdf { place, invoice, output, public_origin } => {
                let hall = open(&place, public_origin).await?;
                let paper = operator::paper(&hall, parse(&invoice)?).await.map_err(told)?;
                let output = output.unwrap_or_else(|| format!("invoice-{}.pdf", paper.number).into());
                let bytes = invoice::pdf(paper).await.map_err(told)?;
                let written = tokio::fs::write(&output, bytes).await;
                written.map_err(|error| format!("cannot write {}: {error}", output.display()))?;
                println!("{}", output.display());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn open(place: &Place, public_origin: Option<String>) -> Result<guildhall_app::Guildhall, String> {
    let config = place.load(&[("public_origin", public_origin)])?;
    let origin = serve::expected_origin(&config);
    serve::open_hall(&config, &origin, Clock::system(), Random::System).await
}

fn parse(text: &str) -> Result<InvoiceId, String> {
    InvoiceId::parse(text).map_err(|error| error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
fn told(error: guildhall_app::Error) -> String {
    error.told()
}

async fn list(place: &Place, company: Option<CompanyId>, most: u16) -> Result<(), String> {
    let hall = open(place, None).await?;
    let listed = operator::list(&hall, company, most).await.map_err(told)?;
    if !listed.is_empty() {
        println!(
            "{:<26}  {:<14}  {:<8}  {:>16}  {:<10}  {:<26}  TO",
            "INVOICE", "NUMBER", "STATUS", "TOTAL", "DUE", "COMPANY"
        );
    }
    for invoice in &listed {
        println!("{}", line(invoice));
    }
    if !listed.is_empty() {
        println!();
    }
    println!("{} shown.", listed.len());
    Ok(())
}

fn line(invoice: &Invoice) -> String {
    let to: Vec<&str> =
        [&invoice.customer_name, &invoice.email].into_iter().flatten().map(String::as_str).collect();
    let line = format!(
        "{:<26}  {:<14}  {:<8}  {:>16}  {:<10}  {:<26}  {}",
        invoice.id.as_str(),
        invoice.number,
        invoice.status.as_str(),
        price(invoice.price.total_minor, invoice.currency),
        day(invoice.due_at),
        invoice.company.as_str(),
        to.join(", ")
    );
    line.trim_end().to_owned()
}
