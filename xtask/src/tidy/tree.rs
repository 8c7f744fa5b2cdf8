//! The files of the repository, read once.

use crate::Fallible;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Every file by its path from the root; a file that is not text has none.
#[derive(Debug, Default)]
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// Reads what git tracks, and what it would track once added.
    ///
    /// # Errors
    /// When git is not there, or a file cannot be read.
    pub(super) fn read(root: &Path) -> Fallible<Self> {
        let output = Command::new("git")
            .current_dir(root)
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .map_err(|error| format!("cannot start git: {error}"))?;
        if !output.status.success() {
            return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let listed = String::from_utf8(output.stdout)?;
        let mut tree = Self::default();
        for path in listed.split('\0').filter(|path| root.join(path).is_file()) {
            let bytes = std::fs::read(root.join(path)).map_err(|error| format!("{path}: {error}"))?;
            tree.files.insert(path.to_owned(), String::from_utf8(bytes).ok());
        }
        Ok(tree)
    }

    /// A tree of these files, for tests of rules.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned())));
        Self { files: files.collect() }
    }

    /// Every path.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Every text file whose path ends so.
    pub(super) fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let texts = self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)));
        texts.filter(move |(path, _)| path.ends_with(ending))
    }

    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is such a file, or a folder that holds one.
    pub(super) fn holds(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.paths().any(|known| known.starts_with(&folder))
    }
}

/// Whether a Rust file is a test as a whole.
pub(super) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The lines of a Rust file before its tests, which stand at its end.
pub(super) fn lines_without_tests(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| line.trim() != "#[cfg(test)]" || line.starts_with(' '))
}

/// The folder of a path, without a slash at its end; empty for the root.
pub(super) fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
