//! Temporary files that a killed process left: told from those in use by their lock.
//!
//! A writer locks its temporary file for as long as it lives; the system releases the lock when
//! the process dies, however it dies. A sweeper removes only what it can lock itself. In the moment
//! between creating and locking, a sweeper may win: the writer then sees that its file has no name
//! any more and creates another. No clock and no process number is involved, so other machines and
//! other containers on the same folder are safe too.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub(super) const PREFIX: &str = ".orchestrator-";
pub(super) const SUFFIX: &str = ".tmp";

/// Folders that this process has swept: reading a large one at every write would be slow, and what
/// this process leaves it removes itself.
static SWEPT: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Locks a new temporary file. `false`: a sweeper has removed it.
pub(super) fn claim(file: &File) -> io::Result<bool> {
    match file.lock() {
        Ok(()) => {}
        // A file system without locks. No sweeper can lock there either, so none removes anything.
        Err(error) if error.kind() == io::ErrorKind::Unsupported => return Ok(true),
        Err(error) if error.raw_os_error() == Some(NO_LOCKS) => return Ok(true),
        Err(error) => return Err(error),
    }
    still_named(file)
}

/// `ENOLCK`: a network file system whose lock service is off.
const NO_LOCKS: i32 = 37;

#[cfg(unix)]
fn still_named(file: &File) -> io::Result<bool> {
    Ok(std::os::unix::fs::MetadataExt::nlink(&file.metadata()?) > 0)
}

#[cfg(not(unix))]
fn still_named(_file: &File) -> io::Result<bool> {
    // An open file cannot be removed here.
    Ok(true)
}

/// [`sweep`], the first time that this process writes in the folder.
pub(super) fn sweep_once(folder: &Path) {
    let mut swept = SWEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if swept.insert(folder.to_owned()) {
        drop(swept);
        sweep(folder);
    }
}

/// Removes the temporary files of dead writers. What cannot be read, locked or removed stays: the
/// write that comes next does not depend on it, and says itself what is wrong with the folder.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(is_temporary);
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_if_dead(&entry.path());
        }
    }
}

/// Whether a name is of the form that [`atomic_write`](crate::atomic_write) gives.
fn is_temporary(name: &str) -> bool {
    name.strip_prefix(PREFIX)
        .and_then(|rest| rest.strip_suffix(SUFFIX))
        .is_some_and(|middle| {
            middle.len() == 6 && middle.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

fn remove_if_dead(path: &Path) {
    let Ok(file) = File::open(path) else {
        return;
    };
    if file.try_lock().is_ok() {
        // The name may be gone already: its writer has renamed it.
        let _ = fs::remove_file(path);
    }
}
