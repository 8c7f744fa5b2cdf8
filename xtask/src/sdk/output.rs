//! Files that are generated: written, or compared with what is there.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A generated file, its path relative to the workspace.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

/// Writes what differs, and removes from `folder` what is no longer generated.
///
/// # Errors
/// The file or folder that cannot be read, written or removed.
pub(super) fn write(root: &Path, files: &[File], folder: &Path) -> crate::Outcome {
    std::fs::create_dir_all(root.join(folder))?;
    for stray in strays(root, files, folder)? {
        std::fs::remove_file(root.join(stray))?;
    }
    for file in files {
        if !is_current(root, file) {
            std::fs::write(root.join(&file.path), &file.text)
                .map_err(|error| format!("{}: {error}", file.path.display()))?;
            println!("wrote {}", file.path.display());
        }
    }
    Ok(())
}

/// Fails naming the first file that differs, is missing, or should not be there.
///
/// # Errors
/// One sentence with the file's path and the command that mends it.
pub(super) fn check(root: &Path, files: &[File], folder: &Path) -> crate::Outcome {
    let differing = files.iter().find(|file| !is_current(root, file));
    let stray = strays(root, files, folder)?.into_iter().next();
    match differing.map(|file| file.path.clone()).or(stray) {
        Some(path) => {
            let path = path.display();
            Err(format!("{path} is not what the operations give; run `cargo xtask sdk`").into())
        }
        None => Ok(()),
    }
}

fn is_current(root: &Path, file: &File) -> bool {
    std::fs::read_to_string(root.join(&file.path)).is_ok_and(|text| text == file.text)
}

fn strays(root: &Path, files: &[File], folder: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    if !root.join(folder).is_dir() {
        return Ok(Vec::new());
    }
    let mut strays = Vec::new();
    for entry in std::fs::read_dir(root.join(folder))? {
        let path = folder.join(entry?.file_name());
        if files.iter().all(|file| file.path != path) {
            strays.push(path);
        }
    }
    strays.sort();
    Ok(strays)
}

/// Formats Rust as `cargo fmt` would, with the workspace's own settings.
///
/// # Errors
/// A sentence when `rustfmt` cannot be started or refuses the text.
pub(super) fn rustfmt(root: &Path, text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let mut formatter = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rustfmt: {error}"))?;
    // rustfmt reads all of its input before it writes, so the two pipes cannot wait for each other.
    formatter.stdin.take().ok_or("rustfmt takes no input")?.write_all(text.as_bytes())?;
    let answer = formatter.wait_with_output()?;
    if !answer.status.success() {
        return Err("rustfmt refused the generated Rust".into());
    }
    Ok(String::from_utf8(answer.stdout)?)
}
