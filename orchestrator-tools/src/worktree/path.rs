//! Paths beneath a worktree, and what can be wrong with one.

use std::fmt;
use std::path::{Component, Path};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a path is refused or a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Absolute, or with `..`, or empty, or not in UTF-8.
    #[error(
        "`{path}` is not a path beneath the worktree: use one like `src/lib.rs`, without `..` and without a leading `/`"
    )]
    NotBeneath {
        /// The path as it was given.
        path: String,
    },
    /// It leads out of the worktree, or round in a circle, through a symbolic link.
    #[error(
        "`{path}` leads out of the worktree through the symbolic link `{link}`: name a file that is in the worktree itself"
    )]
    Leaves {
        /// The path as it was given.
        path: String,
        /// The name of the link.
        link: String,
    },
    /// It leads into `.git`.
    #[error(
        "`{path}` leads into `{part}`, which is git's own: use git_diff or git_log, or a command"
    )]
    Protected {
        /// The path as it was given.
        path: String,
        /// The part that no file tool may touch.
        part: String,
    },
    /// It is something else than a plain file.
    #[error("`{path}` is {what}, not a file: {instead}")]
    NotAFile {
        /// The path as it was given.
        path: String,
        /// What it is, with its article.
        what: &'static str,
        /// What to do instead.
        instead: &'static str,
    },
    /// There is more in it than is read at once.
    #[error(
        "`{path}` has {size} bytes, more than the {most} that are read at once: search it, or read a part of it by a command"
    )]
    TooLarge {
        /// The path as it was given.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// How many are read.
        most: u64,
    },
    /// There is nothing there.
    #[error("there is no `{path}`: list what there is with glob")]
    NotFound {
        /// The path as it was given.
        path: String,
    },
    /// The file could not be read or written.
    #[error("could not {what} `{path}`")]
    Io {
        /// The path as it was given.
        path: String,
        /// `read` or `write`.
        what: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A change of several files failed after this one was made, and it could not be taken back.
    #[error("`{path}` was changed, other files could not be, and it could not be put back")]
    PutBack {
        /// The path as it was given.
        path: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The file is not text.
    #[error(
        "`{path}` is not UTF-8 text (first bad byte at {at}): tools read and change text files only"
    )]
    NotText {
        /// The path as it was given.
        path: String,
        /// Offset of the first byte that is not UTF-8.
        at: usize,
    },
}

/// A path relative to a worktree: forward slashes, no `..`, not into `.git`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct WorktreePath(String);

impl WorktreePath {
    /// Checks and normalises a path.
    ///
    /// # Errors
    /// [`PathError::NotBeneath`] or [`PathError::Protected`].
    pub fn new(path: impl AsRef<str>) -> Result<Self, PathError> {
        let given = path.as_ref();
        let not_beneath = || PathError::NotBeneath {
            path: given.to_owned(),
        };
        let mut parts = Vec::new();
        for component in Path::new(given).components() {
            match component {
                Component::Normal(part) => parts.push(part.to_str().ok_or_else(not_beneath)?),
                Component::CurDir => {}
                _ => return Err(not_beneath()),
            }
        }
        // The system would end the path there.
        if parts.is_empty() || given.contains('\0') {
            return Err(not_beneath());
        }
        if let Some(part) = parts.iter().find(|part| is_protected(part)) {
            return Err(PathError::Protected {
                path: given.to_owned(),
                part: (*part).to_owned(),
            });
        }
        Ok(Self(parts.join("/")))
    }

    /// The path with forward slashes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether no file tool may touch what is so called.
pub(super) fn is_protected(part: &str) -> bool {
    part.eq_ignore_ascii_case(".git")
}

impl AsRef<Path> for WorktreePath {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl TryFrom<String> for WorktreePath {
    type Error = PathError;

    fn try_from(path: String) -> Result<Self, PathError> {
        Self::new(path)
    }
}

impl From<WorktreePath> for String {
    fn from(path: WorktreePath) -> Self {
        path.0
    }
}

impl fmt::Display for WorktreePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_are_refused() {
        for path in [
            "",
            ".",
            "..",
            "a/../../b",
            "/etc/passwd",
            "a\0b",
            ".git/config",
            "a/.GIT/hooks/x",
        ] {
            assert!(WorktreePath::new(path).is_err(), "{path:?} must be refused");
        }
        assert_eq!(
            WorktreePath::new("./src//lib.rs").unwrap().as_str(),
            "src/lib.rs"
        );
    }
}
