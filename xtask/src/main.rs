//! What a person or CI runs, in one place: `cargo xtask <command>`.

mod bench;
mod cargo;
mod chaos;
mod ci;
mod clock;
mod demo_env;
mod process;
mod schema;
mod sdk;
mod test;
mod tidy;

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
    /// Run every test on both databases and through the published clients; sets up what that needs.
    Test(test::Arguments),
    /// What CI runs: formatting, lints, licences, then every test.
    Ci(ci::Arguments),
    /// Measure the server beside a bare route under the same load.
    Bench(bench::Arguments),
    /// Send random commands to a server that is killed again and again, and prove that none was lost or doubled.
    Chaos(chaos::Arguments),
    /// Write the GraphQL schema that the server prints.
    Schema(schema::Arguments),
    /// Write the TypeScript and Rust clients from the operations the server holds.
    Sdk(sdk::Arguments),
    /// Check the house rules that no compiler knows: lengths, names, dead files, dead links.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Test(arguments) => return test::run(&arguments),
        Command::Ci(arguments) => return ci::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Chaos(arguments) => chaos::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Sdk(arguments) => sdk::run(&arguments),
        Command::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a step of a task answers; the error is printed as one sentence.
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// What every task answers.
type Outcome = Fallible<()>;

/// The root of the workspace, wherever the command was called from.
fn workspace_root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace root")
        .to_path_buf()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
