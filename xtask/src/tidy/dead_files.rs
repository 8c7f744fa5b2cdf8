//! Rust files that no `mod` leads to, which cargo passes over without a word.

use super::tree::{Tree, folder};
use std::collections::BTreeSet;

/// `.rs` files of a package that are neither a target of it nor a module of one.
pub(super) fn dead_files(tree: &Tree) -> Vec<String> {
    let mut reached = BTreeSet::new();
    let mut waiting: Vec<String> =
        tree.paths().filter(|path| is_target(tree, path)).map(str::to_owned).collect();
    while let Some(path) = waiting.pop() {
        if let Some(text) = tree.text(&path) {
            waiting.extend(modules(text).filter_map(|name| module_path(tree, &path, name)));
            reached.insert(path);
        }
    }
    let sources = tree.paths().filter(|path| path.ends_with(".rs") && !reached.contains(*path));
    sources.map(|path| format!("{path}: no `mod` leads to it")).collect()
}

/// Whether cargo finds the file by itself.
fn is_target(tree: &Tree, path: &str) -> bool {
    let is_package = |root: &str| tree.holds(format!("{root}/Cargo.toml").trim_start_matches('/'));
    if !path.ends_with(".rs") {
        return false;
    }
    let folder = folder(path);
    let file = path.rsplit('/').next().unwrap_or(path);
    let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    match (name, file) {
        (_, "build.rs") if is_package(folder) => true,
        ("src", "lib.rs" | "main.rs") => is_package(parent),
        ("tests" | "examples" | "benches", _) if is_package(parent) => true,
        ("bin", _) => parent.strip_suffix("/src").is_some_and(is_package),
        (_, "main.rs") => {
            let grandparent = parent.rsplit_once('/');
            grandparent.is_some_and(|(root, kind)| {
                ["tests", "examples", "benches", "bin"].contains(&kind) && is_package(root)
            })
        }
        _ => false,
    }
}

/// The names of the modules that a file declares and does not hold.
fn modules(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let declaration = line.trim().strip_suffix(';')?;
        let (before, name) = declaration.rsplit_once("mod ")?;
        let is_declaration = before.is_empty() || (before.starts_with("pub") && before.ends_with(' '));
        is_declaration.then_some(name)
    })
}

/// Where the module of that name lies, seen from the file that declares it.
fn module_path(tree: &Tree, from: &str, name: &str) -> Option<String> {
    let stem = from.strip_suffix(".rs")?;
    let owns_folder =
        matches!(stem.rsplit('/').next(), Some("mod" | "lib" | "main")) || is_target(tree, from);
    let base = if owns_folder { folder(from) } else { stem };
    let candidates = [format!("{base}/{name}.rs"), format!("{base}/{name}/mod.rs")];
    candidates.into_iter().find(|path| tree.text(path).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nothing_leads_to_is_dead() {
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", ""),
            ("crates/a/src/lib.rs", "mod post;\npub(crate) mod store;\nmod inline { }\n// mod lost;\n"),
            ("crates/a/src/post.rs", "mod tests;\n"),
            ("crates/a/src/post/tests.rs", ""),
            ("crates/a/src/store/mod.rs", "pub mod sqlite;\n"),
            ("crates/a/src/store/sqlite.rs", ""),
            ("crates/a/src/lost.rs", ""),
            ("crates/a/examples/hello.rs", ""),
            ("crates/a/tests/it/main.rs", "mod post;\n"),
            ("crates/a/tests/it/post.rs", ""),
            ("crates/a/tests/it/lost.rs", ""),
        ]);
        let expected = ["crates/a/src/lost.rs", "crates/a/tests/it/lost.rs"];
        assert_eq!(dead_files(&tree), expected.map(|path| format!("{path}: no `mod` leads to it")));
    }
}
