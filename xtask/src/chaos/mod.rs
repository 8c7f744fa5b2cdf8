//! `cargo xtask chaos`: random commands at a server that is killed again and again, and the proof that none was lost or
//! doubled.
//!
//! A seed makes the commands (`commands.rs`): transfers, purchases by the checkout page, promo codes and balances that
//! run out, refunds. Many are under way at once, some are sent twice at once, and the server is killed (SIGKILL) at
//! moments that the seed names; whatever was not answered is sent again under its own key (`drive.rs`). Then the books
//! are held beside what was answered (`proof.rs`). What comes out is the same for the same seed, however the commands
//! were interleaved and whichever database they ran on: [`Ending`].

mod client;
mod commands;
mod drive;
mod hall;
mod proof;
mod scene;

use crate::Fallible;
use crate::cargo::{self, Profile};
use crate::clock::clock;
use crate::test::postgres::Cluster;
use commands::Commands;
use hall::Hall;
use proof::Ending;
use scene::Scene;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How `cargo xtask chaos` is called.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many commands.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    commands: u32,
    /// What the commands and the moments of the kills follow from; the same again is the same run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often a server is killed.
    #[arg(long, default_value_t = 40)]
    kills: u32,
    /// Serve from a private PostgreSQL cluster, by two servers at once, instead of from SQLite by one.
    #[arg(long)]
    postgres: bool,
    /// A server binary, instead of building one as it ships.
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
}

/// What makes one run.
#[derive(Debug, Clone, Copy)]
struct Storm {
    commands: u32,
    kills: u32,
    seed: u64,
}

/// What every change is tested with; the whole run is for a person.
const SHORT: Storm = Storm { commands: 2_500, kills: 10, seed: 1 };
const SHORTEST: Storm = Storm { commands: 1_000, kills: 6, seed: 2 };

/// A short run on SQLite.
///
/// # Errors
/// As [`storm`].
pub(crate) async fn test() -> crate::Outcome {
    storm(&cargo::build("guildhall", Profile::Dev)?, SHORT, false).await.map(|_| ())
}

/// A short run on both engines, which must end alike.
///
/// # Errors
/// As [`storm`], and when they do not.
pub(crate) async fn test_on_postgres() -> crate::Outcome {
    let program = cargo::build("guildhall", Profile::Dev)?;
    let on_postgres = storm(&program, SHORTEST, true).await?;
    let on_sqlite = storm(&program, SHORTEST, false).await?;
    if on_postgres == on_sqlite { Ok(()) } else { Err("the two engines ended differently".into()) }
}

/// Runs it and prints how it ended; fails when something was lost, doubled or does not sum to zero.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let program = match &arguments.server {
        Some(path) => std::path::absolute(path)?,
        None => cargo::build("guildhall", Profile::Dist)?,
    };
    let Arguments { commands, kills, seed, postgres, .. } = *arguments;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(storm(&program, Storm { commands, kills, seed }, postgres))?;
    Ok(())
}

/// Sends everything, kills, and proves; answers how it ended.
///
/// # Errors
/// The first thing that is not as it must be, in a sentence that names the seed.
async fn storm(program: &Path, storm: Storm, on_postgres: bool) -> Fallible<Ending> {
    let Storm { commands, kills, seed } = storm;
    let engine = if on_postgres { "PostgreSQL, two servers" } else { "SQLite" };
    println!("    {commands} commands, {kills} kills, seed {seed}, on {engine}");
    let begun = clock();
    let ended = weather(program, storm, on_postgres).await;
    let ended = ended.map_err(|error| format!("with seed {seed} on {engine}: {error}"))?;
    let [set, sent, proved] = ended.phases.map(|phase| phase.as_secs_f64());
    println!(
        "    {:.0} s ({set:.0} to set the scene, {sent:.0} to send, {proved:.0} to prove); {} sends were cut off and sent again",
        (clock() - begun).as_secs_f64(),
        ended.resent
    );
    println!("{}", ended.ending);
    Ok(ended.ending)
}

/// How a run ended, and what of it is different each time.
struct Ended {
    ending: Ending,
    resent: u64,
    /// How long it took to set the scene, to send, and to prove.
    phases: [Duration; 3],
}

async fn weather(program: &Path, storm: Storm, on_postgres: bool) -> Fallible<Ended> {
    let cluster = if on_postgres { Some(Cluster::start()?) } else { None };
    let directory = tempfile::Builder::new().prefix("guildhall-chaos-").tempdir()?;
    let ended = send_and_prove(program, directory.path(), cluster.as_ref().map(Cluster::url), storm).await;
    if ended.is_err() {
        println!("    the data and the logs are kept in {}", directory.keep().display());
    }
    ended
}

async fn send_and_prove(
    program: &Path,
    directory: &Path,
    database_url: Option<String>,
    storm: Storm,
) -> Fallible<Ended> {
    let begun = clock();
    let hall = Hall::open(program, directory, database_url).await?;
    let commands = Commands::seeded(storm);
    let scene = Scene::set(&hall, &commands).await?;
    let set = clock();
    let answers = drive::drive(&hall, &scene, &commands).await?;
    let (resent, sent) = (answers.resent, clock());
    let ending = proof::prove(&hall, &scene, &commands, &answers).await?;
    let phases = [set - begun, sent - set, clock() - sent];
    hall.close().await?;
    Ok(Ended { ending, resent, phases })
}
