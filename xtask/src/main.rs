//! What a person or CI runs, in one place: `cargo xtask <command>`.

mod bench;
mod sdk;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Guildhall's own tasks: tests, benchmarks, generated files.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure the server beside a bare route under the same load.
    Bench(bench::Arguments),
    /// Write the TypeScript and Rust clients from the operations the server holds.
    Sdk(sdk::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Sdk(arguments) => sdk::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What every task answers; the error is printed as one sentence.
type Outcome = Result<(), Box<dyn std::error::Error>>;

/// The root of the workspace, wherever the command was called from.
fn workspace_root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace root")
        .to_path_buf()
}
