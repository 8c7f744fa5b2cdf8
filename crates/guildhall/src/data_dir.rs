//! The data directory: made when missing, and held by one server at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

/// Holds the directory until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    _lock: File,
}

/// Makes the directory, checks that it can be written, and holds it.
///
/// # Errors
/// One sentence.
pub(crate) fn hold(path: &Path) -> Result<Held, String> {
    let shown = path.display();
    std::fs::create_dir_all(path)
        .map_err(|error| format!("cannot make the data directory {shown}: {error}"))?;
    let lock = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path.join("guildhall.lock"))
        .map_err(|error| format!("cannot write to the data directory {shown}: {error}"))?;
    match lock.try_lock() {
        Ok(()) => Ok(Held { _lock: lock }),
        Err(TryLockError::WouldBlock) => Err(format!(
            "another guildhall is using the data directory {shown}; stop it, or choose another --data-dir"
        )),
        Err(TryLockError::Error(error)) => Err(format!("cannot lock the data directory {shown}: {error}")),
    }
}
