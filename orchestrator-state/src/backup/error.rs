//! Why a backup was not made or not restored.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::AtomicWriteError;

/// Why a backup was not made, listed or restored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackupError {
    /// Something could not be read. Nothing has changed.
    #[error("`{}` could not be read for a backup", path.display())]
    Read {
        /// What.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The path has no file name, or one that is not UTF-8. Nothing has changed.
    #[error("`{}` has no file name that a backup could carry; give the path of a file with a UTF-8 name", path.display())]
    NoName {
        /// The path that was given.
        path: PathBuf,
    },
    /// The folder for backups could not be made or synced.
    #[error("the folder `{}` for backups cannot be used; create it or choose another", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The copy could not be written. The file itself has not changed.
    #[error("the backup `{}` could not be made", path.display())]
    Write {
        /// The copy.
        path: PathBuf,
        /// What failed.
        source: AtomicWriteError,
    },
    /// The copy was made, but an old one could not be removed.
    #[error("the old backup `{}` could not be removed; remove it by hand", path.display())]
    Prune {
        /// The old copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The backup is of another file. Nothing has changed.
    #[error("`{}` is not a backup of `{}`; take one that `list` gives for it", backup.display(), path.display())]
    NotOfThisFile {
        /// The file.
        path: PathBuf,
        /// The backup that was given.
        backup: PathBuf,
    },
    /// The backup could not be put in the place of the file.
    #[error("`{}` was not restored", path.display())]
    Restore {
        /// The file.
        path: PathBuf,
        /// What failed, and which content is there now.
        source: AtomicWriteError,
    },
}

impl BackupError {
    pub(super) fn read(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read {
            path: path.clone(),
            source,
        }
    }

    pub(super) fn folder(path: &Path) -> impl Fn(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Folder {
            path: path.clone(),
            source,
        }
    }
}
