//! Rules that look at one file at a time.

use super::tree::{Tree, is_test, lines_without_tests};

/// No source file passes this; files aim under 300.
const LONGEST_FILE: usize = 500;
/// A file or folder with such a name would hold anything.
const FORBIDDEN_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];
/// The one manifest that may name a database driver, and the one that says the version.
const DRIVER_MANIFESTS: &[&str] = &["crates/guildhall-app/Cargo.toml", "Cargo.toml"];
const DRIVERS: &[&str] = &["rusqlite", "postgres", "tokio-postgres"];
/// Words for work that was put off; it is done, or it is an issue.
const REMINDERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
/// Places that only one machine has, and ways to say where packages come from.
const FOREIGN_PLACES: &[&str] = &[
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("://regi", "stry."),
    concat!("replace-", "with"),
    concat!("index-", "url"),
];

/// Source files longer than [`LONGEST_FILE`] lines, tests and generated files aside.
pub(super) fn long_files(tree: &Tree) -> Vec<String> {
    let sources = tree.texts(".rs").filter(|(path, _)| !is_test(path) && !path.contains("/generated/"));
    let lengths = sources.map(|(path, text)| (path, lines_without_tests(text).count()));
    lengths
        .filter(|(_, length)| *length > LONGEST_FILE)
        .map(|(path, length)| format!("{path}: {length} lines, more than {LONGEST_FILE}"))
        .collect()
}

/// Files and folders named after nothing.
pub(super) fn forbidden_names(tree: &Tree) -> Vec<String> {
    let is_forbidden = |path: &&str| {
        let mut names = path.split('/').map(|name| name.split('.').next().unwrap_or(name));
        names.any(|name| FORBIDDEN_NAMES.contains(&name.to_ascii_lowercase().as_str()))
    };
    let paths = tree.paths().filter(is_forbidden);
    paths.map(|path| format!("{path}: a name that says nothing of what it holds")).collect()
}

/// Database drivers in the manifest of a crate that must not speak SQL.
pub(super) fn database_drivers(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts("Cargo.toml").filter(|(path, _)| !DRIVER_MANIFESTS.contains(path)) {
        for driver in DRIVERS.iter().filter(|driver| text.lines().any(|line| names_package(line, driver))) {
            found.push(format!("{path}: names {driver}, which belongs to guildhall-app alone"));
        }
    }
    found
}

/// Whether a line of a manifest depends on the package: as a key, a table, or under another name.
fn names_package(line: &str, package: &str) -> bool {
    let line: String = line.split('#').next().unwrap_or_default().split_whitespace().collect();
    let key = line.split(['=', '.']).next().unwrap_or_default();
    key.trim_matches('"') == package
        || line.ends_with(&format!("dependencies.{package}]"))
        || line.contains(&format!("package=\"{package}\""))
}

/// `unwrap` where a caller could be told what went wrong.
pub(super) fn unwraps(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".rs").filter(|(path, _)| !is_test(path)) {
        for (index, line) in lines_without_tests(text).enumerate() {
            let code = line.trim_start();
            if code.contains(concat!(".unw", "rap()")) && !code.starts_with("//") {
                found.push(format!("{path}:{}: unwraps; an expect says what it relies on", index + 1));
            }
        }
    }
    found
}

/// Lock files that say from which machine their packages came.
pub(super) fn resolved_packages(tree: &Tree) -> Vec<String> {
    let locks = tree.texts("package-lock.json").filter(|(_, text)| text.contains("\"resolved\""));
    locks
        .map(|(path, _)| format!("{path}: has \"resolved\"; npm install --omit-lockfile-registry-resolved"))
        .collect()
}

/// Work that was put off.
pub(super) fn reminders(tree: &Tree) -> Vec<String> {
    lines_with(tree, |line| {
        let mut words = line.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        words.any(|word| REMINDERS.contains(&word)).then(|| "a reminder; do it, or open an issue".to_owned())
    })
}

/// Paths of one machine, and hosts that packages come from.
pub(super) fn foreign_places(tree: &Tree) -> Vec<String> {
    lines_with(tree, |line| {
        let place = FOREIGN_PLACES.iter().find(|place| {
            let before = line.split(*place).next().filter(|before| before.len() < line.len());
            before.is_some_and(|before| !place.starts_with('/') || !before.ends_with(is_of_path))
        })?;
        Some(format!("names {place}, which only one machine has"))
    })
}

/// Whether the character before a slash makes it a part of a longer path.
fn is_of_path(character: char) -> bool {
    character.is_alphanumeric() || ['.', '_', '-', '}'].contains(&character)
}

/// What `judge` says of each line of each text file.
fn lines_with(tree: &Tree, judge: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts("") {
        let judged = text.lines().enumerate().filter_map(|(index, line)| Some((index, judge(line)?)));
        found.extend(judged.map(|(index, sentence)| format!("{path}:{}: {sentence}", index + 1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rule: fn(&Tree) -> Vec<String>, path: &str, text: &str) -> bool {
        !rule(&Tree::of(&[(path, text)])).is_empty()
    }

    #[test]
    fn long_files_are_found_and_tests_are_not_counted() {
        let long = "line\n".repeat(LONGEST_FILE + 1);
        assert!(found(long_files, "crates/a/src/lib.rs", &long));
        assert!(!found(long_files, "crates/a/tests/it/main.rs", &long));
        let tested = format!("fn rule() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert!(!found(long_files, "crates/a/src/lib.rs", &tested));
    }

    #[test]
    fn names_that_say_nothing_are_found() {
        assert!(found(forbidden_names, "crates/a/src/utils.rs", ""));
        assert!(found(forbidden_names, "crates/a/src/common/mod.rs", ""));
        assert!(!found(forbidden_names, "crates/a/src/commonplace.rs", ""));
    }

    #[test]
    fn drivers_are_found_however_they_are_written() {
        for line in [
            "rusqlite.workspace = true",
            "postgres = \"0.19\"",
            "[dependencies.rusqlite]",
            "sql = { package = \"postgres\", version = \"0.19\" }",
        ] {
            assert!(found(database_drivers, "crates/guildhall-web/Cargo.toml", line), "{line}");
            assert!(!found(database_drivers, "crates/guildhall-app/Cargo.toml", line), "{line}");
        }
        assert!(!found(database_drivers, "xtask/Cargo.toml", "postgres-like = \"1\" # not postgres"));
    }

    #[test]
    fn unwraps_are_found_outside_tests() {
        let unwrap = concat!("fn f() { g().unw", "rap() }\n");
        assert!(found(unwraps, "crates/a/src/lib.rs", unwrap));
        assert!(!found(unwraps, "crates/a/src/lib.rs", &format!("/// {unwrap}")));
        assert!(!found(unwraps, "crates/a/src/lib.rs", &format!("#[cfg(test)]\nmod tests {{ {unwrap} }}")));
    }

    #[test]
    fn reminders_are_whole_words() {
        assert!(found(reminders, "a.md", concat!("// TO", "DO: later")));
        assert!(!found(reminders, "a.md", concat!("prod_X", "XXXXXXX")));
    }

    #[test]
    fn places_of_one_machine_are_found() {
        assert!(found(foreign_places, "a.md", concat!("see /wo", "rk/shared")));
        assert!(found(foreign_places, "a.md", concat!("https://regi", "stry.npmjs.org")));
        assert!(!found(foreign_places, "a.md", concat!("https://example.com/wo", "rk/1")));
    }
}
