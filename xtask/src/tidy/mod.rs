//! `cargo xtask tidy`: the house rules that no compiler knows.
//!
//! Reads the files that git tracks, or would once added, and changes none. Each rule is a function from the
//! tree to what it finds wrong, one line each, beginning with the file.

mod dead_files;
mod links;
mod rules;
mod tree;

use crate::Fallible;
use tree::Tree;

type Rule = fn(&Tree) -> Vec<String>;

const RULES: &[Rule] = &[
    rules::long_files,
    rules::forbidden_names,
    rules::database_drivers,
    rules::unwraps,
    rules::resolved_packages,
    rules::reminders,
    rules::foreign_places,
    dead_files::dead_files,
    links::dead_links,
];

/// Checks every rule.
///
/// # Errors
/// What was found, one a line.
pub(crate) fn run() -> Fallible<()> {
    let tree = Tree::read(&crate::workspace_root())?;
    let mut found: Vec<String> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    if found.is_empty() {
        return Ok(());
    }
    found.sort();
    Err(format!("the house is not tidy:\n  {}", found.join("\n  ")).into())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_house_is_tidy() {
        if let Err(error) = super::run() {
            panic!("{error}");
        }
    }
}
