//! Why a file was not replaced, and which step failed.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a file was not replaced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AtomicWriteError {
    /// Nothing has changed: the old content, if any, is still there.
    #[error("`{}` was not written: {step} failed; its old content is untouched", path.display())]
    NotWritten {
        /// The file that was to be replaced.
        path: PathBuf,
        /// What was tried.
        step: WriteStep,
        /// What the system said.
        source: io::Error,
    },
    /// The path names something that is not a file. Nothing has changed.
    #[error("`{}` was not written: it is {what}; give the path of a file", path.display())]
    NotAFile {
        /// The path that was given.
        path: PathBuf,
        /// What is there, with its article.
        what: &'static str,
    },
    /// The folder of the file is not there. Nothing has changed.
    #[error("`{}` was not written: there is no folder `{}`; create it first", path.display(), folder.display())]
    NoFolder {
        /// The path that was given.
        path: PathBuf,
        /// The folder that is missing.
        folder: PathBuf,
    },
    /// The new content is in place, but a power cut may bring the old one back.
    #[error("`{}` was written, but its folder could not be made durable; write it again", path.display())]
    NotDurable {
        /// The file that was replaced.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl AtomicWriteError {
    /// Whether the new content is what readers see now, in spite of the error.
    #[must_use]
    pub fn is_written(&self) -> bool {
        matches!(self, Self::NotDurable { .. })
    }
}

/// A step of [`atomic_write`](crate::atomic_write), in the order in which they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WriteStep {
    /// Finding the file at the end of its symbolic links.
    FollowLink,
    /// Reading the owner and permissions of the old file.
    ReadOld,
    /// Creating the temporary file.
    Create,
    /// Giving the temporary file the owner of the old one.
    KeepOwner,
    /// Giving the temporary file the permissions of the old one.
    KeepPermissions,
    /// Writing the bytes to the temporary file.
    Write,
    /// Making the temporary file durable.
    Sync,
    /// Renaming the temporary file over the old one.
    Rename,
}

impl fmt::Display for WriteStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FollowLink => "following its links",
            Self::ReadOld => "reading its owner and permissions",
            Self::Create => "creating a temporary file",
            Self::KeepOwner => "keeping its owner",
            Self::KeepPermissions => "keeping its permissions",
            Self::Write => "writing the temporary file",
            Self::Sync => "syncing the temporary file",
            Self::Rename => "renaming the temporary file",
        })
    }
}
