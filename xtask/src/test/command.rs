//! Child processes that a part runs to their end, their output left where a person sees it.

use crate::{Outcome, cargo, workspace_root};
use std::process::Stdio;
use tokio::process::Command;

/// Cargo with these arguments, in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo::program());
    command.current_dir(workspace_root()).args(arguments);
    command
}

/// Says what is run, and runs it.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) async fn run(command: &mut Command) -> Outcome {
    let line = shown(command);
    println!("    $ {line}");
    let status = command.stdin(Stdio::null()).kill_on_drop(true).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{line}` failed ({status})").into()),
        Err(error) => Err(format!("cannot start `{line}`: {error}").into()),
    }
}

/// The command as one would type it, without the folders of the program.
fn shown(command: &Command) -> String {
    let command = command.as_std();
    let program = std::path::Path::new(command.get_program());
    let name = program.file_stem().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    words.join(" ")
}
