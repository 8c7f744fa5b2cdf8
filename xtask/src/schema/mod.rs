//! `cargo xtask schema`: the schema as the server prints it, committed, and held against the wire facts.
//!
//! Owns `crates/guildhall-graphql/schema.graphql`. `tests/contract/schema.graphql` holds what the published
//! clients select and send; this task reads it and never writes it.

mod contract;
pub(crate) mod document;

use crate::cargo::{self, Profile};
use crate::{Fallible, workspace_root};
use document::Schema;
use std::path::Path;
use std::process::{Command, Stdio};

const PRINTED_PATH: &str = "crates/guildhall-graphql/schema.graphql";
const CONTRACT_PATH: &str = "tests/contract/schema.graphql";
/// Where the people who keep the wire facts have them, beside the workspace.
const CONTRACT_SOURCE: &str = "../shared/contract/schema.graphql";

/// How `cargo xtask schema` is called.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Compare with the file in the tree instead of writing it, and with what the published clients rely on.
    #[arg(long)]
    check: bool,
}

/// Writes the printed schema, or checks it.
///
/// # Errors
/// When the server does not build, a file cannot be read or written, and with `--check` what differs.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    if arguments.check {
        return check();
    }
    let path = workspace_root().join(PRINTED_PATH);
    let printed = print()?;
    if std::fs::read_to_string(&path).is_ok_and(|text| text == printed) {
        println!("{PRINTED_PATH} is what the server prints");
    } else {
        std::fs::write(&path, printed).map_err(|error| format!("{PRINTED_PATH}: {error}"))?;
        println!("wrote {PRINTED_PATH}");
    }
    Ok(())
}

/// Checks that the committed schema is the printed one, and that it fits the wire facts.
///
/// # Errors
/// Every difference, one a line.
pub(crate) fn check() -> crate::Outcome {
    let root = workspace_root();
    let printed = print()?;
    if read(&root, PRINTED_PATH)? != printed {
        return Err(format!("{PRINTED_PATH} is not what the server prints; run `cargo xtask schema`").into());
    }
    let contract = read(&root, CONTRACT_PATH)?;
    if root.join(CONTRACT_SOURCE).exists() && read(&root, CONTRACT_SOURCE)? != contract {
        return Err(format!("{CONTRACT_PATH} is not a copy of {CONTRACT_SOURCE}").into());
    }
    let parse = |path: &str, text: &str| Schema::parse(text).map_err(|error| format!("{path}: {error}"));
    let (ours, theirs) = (parse(PRINTED_PATH, &printed)?, parse(CONTRACT_PATH, &contract)?);
    let differences = contract::differences(&ours, &theirs);
    if differences.is_empty() {
        return Ok(());
    }
    let count = differences.len();
    let list = differences.join("\n  ");
    Err(format!("the schema differs from {CONTRACT_PATH} in {count} places:\n  {list}").into())
}

/// What `guildhall schema` prints.
fn print() -> Fallible<String> {
    let program = cargo::build("guildhall", Profile::Dev)?;
    let output = Command::new(program).arg("schema").stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("`guildhall schema` failed ({})", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn read(root: &Path, path: &str) -> Result<String, String> {
    std::fs::read_to_string(root.join(path)).map_err(|error| format!("{path}: {error}"))
}
