//! `guildhall fill`: many generated rows, to see how the server behaves when there are many.

use crate::cli::Place;
use crate::{data_dir, demo, serve};
use clap::Args;
use guildhall_app::clock::{Clock, Random};
use guildhall_app::founding;
use std::process::ExitCode;

/// Makes the demo world when there is none, then fills it.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Until the demo chat holds so many messages.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    messages: i64,
    /// Until the demo company has so many memberships.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    memberships: i64,
    /// Until the demo company was paid so often, by test cards that pay, are declined, disputed and given back.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    sales: i64,
}

/// Runs it.
///
/// # Errors
/// One sentence.
pub async fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let config = arguments.place.load(&[])?;
    let _held = data_dir::hold(&config.data_dir)?;
    let hall = serve::open_hall(&config, "http://localhost", Clock::system(), Random::System).await?;
    let world = demo::found(&hall).await?;
    let failed = |error: guildhall_app::Error| format!("filling broke off: {error:?}");
    let messages =
        founding::fill_messages(&hall, &world.chat_experience, &world.customer, arguments.messages);
    println!("{} messages added", messages.await.map_err(failed)?);
    let memberships = founding::fill_memberships(
        &hall,
        &world.company,
        &world.access_pass,
        &world.plan,
        arguments.memberships,
    );
    println!("{} memberships added", memberships.await.map_err(failed)?);
    let sales = founding::fill_sales(&hall, &world.company, &world.plan, arguments.sales);
    println!("{} sales added", sales.await.map_err(failed)?);
    Ok(ExitCode::SUCCESS)
}
