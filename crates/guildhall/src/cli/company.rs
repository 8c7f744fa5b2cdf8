//! `guildhall company …`

use super::Place;
use crate::serve;
use clap::{Args, Subcommand};
use guildhall_app::clock::{Clock, Random};
use guildhall_app::company::{self, NewTax, Taxed};
use guildhall_core::ids::{CompanyId, Id};
use guildhall_core::money::percent_in_words;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show or set how a company taxes what it sells. What was ordered or invoiced before stays as it is.
    Tax(Tax),
}

#[derive(Debug, Args)]
pub(super) struct Tax {
    #[command(flatten)]
    place: Place,
    /// Which, biz_….
    company: String,
    /// What buyers read, e.g. VAT.
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// How much, e.g. 19 or 8.25.
    #[arg(long, value_name = "PERCENT")]
    percent: Option<f64>,
    /// The prices of the company's plans hold the tax.
    #[arg(long)]
    included: bool,
    /// The tax is added to the prices of the company's plans.
    #[arg(long)]
    on_top: bool,
    /// There is no tax.
    #[arg(long)]
    none: bool,
}

impl Command {
    pub(super) async fn run(self) -> Result<ExitCode, String> {
        let Self::Tax(tax) = self;
        let id = CompanyId::parse(&tax.company).map_err(|error| error.0)?;
        let wanted = tax.wanted()?;
        let config = tax.place.load(&[])?;
        let origin = serve::expected_origin(&config);
        let hall = serve::open_hall(&config, &origin, Clock::system(), Random::System).await?;
        let taxed = match wanted {
            Some(wanted) => company::set_tax(&hall, id, wanted).await,
            None => company::taxed(&hall, id).await,
        };
        println!("{}", in_words(&taxed.map_err(|error| error.told())?));
        Ok(ExitCode::SUCCESS)
    }
}

impl Tax {
    /// What is to be set; `None` when nothing is.
    fn wanted(&self) -> Result<Option<NewTax>, String> {
        match (self.none, &self.label, self.percent, self.included, self.on_top) {
            (false, None, None, false, false) => Ok(None),
            (true, None, None, false, false) => Ok(Some(NewTax::None)),
            (false, Some(label), Some(percent), is_included, on_top) if is_included != on_top => {
                Ok(Some(NewTax::Rate { label: label.clone(), percent, is_included }))
            }
            _ => Err("a tax is set by `--label`, `--percent` and one of `--included` and `--on-top`, \
                      or taken away by `--none` alone"
                .into()),
        }
    }
}

fn in_words(taxed: &Taxed) -> String {
    let Taxed { company, tax } = taxed;
    let (title, id) = (&company.title, &company.id);
    match (tax.shown(), tax.rate.is_included) {
        (None, _) => format!("The prices of {title} ({id}) bear no tax."),
        (Some((label, points)), true) => {
            format!("The prices of {title} ({id}) include {label} {}.", percent_in_words(points))
        }
        (Some((label, points)), false) => {
            format!("To the prices of {title} ({id}) is added {label} {}.", percent_in_words(points))
        }
    }
}
