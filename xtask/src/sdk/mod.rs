//! Writes the typed clients from the schema and the operation documents.
//!
//! Owns what is generated under `sdk/`: `typescript/src/generated.ts` and `rust/src/generated/`. Reads the
//! printed schema, the documents beside the persisted ids, and nothing else; the same input always gives
//! the same bytes, so `--check` compares them.

mod names;
mod operation;
mod output;
mod rust;
mod shape;
mod typescript;
mod vocabulary;

use crate::schema::document::Schema;
use std::path::{Path, PathBuf};

const SCHEMA_PATH: &str = "crates/guildhall-graphql/schema.graphql";
const OPERATIONS_PATH: &str = "crates/guildhall-graphql/operations";
const TYPESCRIPT_PATH: &str = "sdk/typescript/src/generated.ts";
const RUST_PATH: &str = "sdk/rust/src/generated";

/// How `cargo xtask sdk` is called.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Compare with the files in the tree instead of writing them; fails naming the first that differs.
    #[arg(long)]
    check: bool,
    /// The schema to read instead of the printed one, relative to the workspace.
    #[arg(long, hide = true, value_name = "PATH")]
    schema: Option<PathBuf>,
}

/// Compares both clients with what the operations give.
///
/// # Errors
/// As [`run`].
pub(crate) fn check() -> crate::Outcome {
    run(&Arguments { check: true, schema: None })
}

/// Generates both clients and writes them, or compares them with what is there.
///
/// # Errors
/// A document that does not fit the schema, an operation missing from the table, `rustfmt` not running, a
/// file that cannot be read or written, and with `--check` a file that differs. Each names its file.
pub(crate) fn run(arguments: &Arguments) -> crate::Outcome {
    let root = crate::workspace_root();
    let schema_path = arguments.schema.as_deref().unwrap_or(Path::new(SCHEMA_PATH));
    let schema = Schema::read(&root.join(schema_path))?;
    let operations = operation::read_all(&root.join(OPERATIONS_PATH), &schema)?;
    let vocabulary = vocabulary::Vocabulary::of(&schema, &operations)?;

    let mut files = vec![output::File {
        path: TYPESCRIPT_PATH.into(),
        text: typescript::render(&operations, &vocabulary),
    }];
    for (name, text) in rust::render(&operations, &vocabulary)? {
        files.push(output::File {
            path: Path::new(RUST_PATH).join(name),
            text: output::rustfmt(&root, &text)?,
        });
    }
    if arguments.check {
        output::check(&root, &files, Path::new(RUST_PATH))
    } else {
        output::write(&root, &files, Path::new(RUST_PATH))
    }
}
