//! Paths that stay beneath a worktree.

use std::fmt;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Why a path is refused or a file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Absolute, or with `..`, or empty.
    #[error(
        "`{path}` is not a path beneath the worktree: use one like `src/lib.rs`, without `..` and without a leading `/`"
    )]
    NotBeneath {
        /// The path as it was given.
        path: String,
    },
    /// It leads through a symbolic link or into `.git`.
    #[error("`{path}` leads through `{part}`, which tools may not follow")]
    Forbidden {
        /// The path as it was given.
        path: String,
        /// The symbolic link or `.git`.
        part: String,
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
    /// The file is not text.
    #[error("`{path}` is not UTF-8 text (first bad byte at {at}): tools change text files only")]
    NotText {
        /// The path as it was given.
        path: String,
        /// Offset of the first byte that is not UTF-8.
        at: usize,
    },
}

/// A path relative to a worktree: forward slashes, no `..`, not into `.git`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorktreePath(String);

impl WorktreePath {
    /// Checks and normalises a path.
    ///
    /// # Errors
    /// [`PathError::NotBeneath`] or [`PathError::Forbidden`].
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
        if parts.is_empty() {
            return Err(not_beneath());
        }
        if let Some(part) = parts.iter().find(|part| part.eq_ignore_ascii_case(".git")) {
            return Err(PathError::Forbidden {
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

/// A folder that file tools may not leave.
///
/// Symbolic links are refused, not followed. The check and the use are two
/// steps, so this holds against mistakes, not against a process that swaps
/// paths meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    root: PathBuf,
}

impl Worktree {
    /// A worktree at `root`, an absolute path.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a text file.
    ///
    /// # Errors
    /// [`PathError`] where it is no plain text file beneath the worktree.
    pub fn read(&self, path: &WorktreePath) -> Result<String, PathError> {
        let full = self.resolve(path)?;
        let bytes = std::fs::read(full).map_err(|source| io(path, "read", source))?;
        String::from_utf8(bytes).map_err(|error| PathError::NotText {
            path: path.to_string(),
            at: error.utf8_error().valid_up_to(),
        })
    }

    /// Replaces a file's content, by a rename, so that no reader ever sees half
    /// of it. Permissions stay.
    ///
    /// # Errors
    /// [`PathError`] where the path leaves the worktree or the system refuses.
    pub fn write(&self, path: &WorktreePath, text: &str) -> Result<(), PathError> {
        let full = self.resolve(path)?;
        let failed = |source| io(path, "write", source);
        let folder = full.parent().unwrap_or(&self.root);
        let temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        std::fs::write(temporary.path(), text).map_err(failed)?;
        match std::fs::metadata(&full) {
            Ok(old) => std::fs::set_permissions(temporary.path(), old.permissions()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
        .map_err(failed)?;
        temporary
            .persist(full)
            .map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn resolve(&self, path: &WorktreePath) -> Result<PathBuf, PathError> {
        let mut full = self.root.clone();
        for part in path.as_str().split('/') {
            full.push(part);
            if full.symlink_metadata().is_ok_and(|meta| meta.is_symlink()) {
                return Err(PathError::Forbidden {
                    path: path.to_string(),
                    part: part.to_owned(),
                });
            }
        }
        Ok(full)
    }
}

fn io(path: &WorktreePath, what: &'static str, source: std::io::Error) -> PathError {
    PathError::Io {
        path: path.to_string(),
        what,
        source,
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
            ".git/config",
            "a/.GIT/hooks/x",
        ] {
            assert!(WorktreePath::new(path).is_err(), "{path} must be refused");
        }
        assert_eq!(
            WorktreePath::new("./src//lib.rs").unwrap().as_str(),
            "src/lib.rs"
        );
    }

    #[test]
    #[cfg(unix)]
    fn symbolic_links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("sub/link")).unwrap();
        std::os::unix::fs::symlink("/tmp", folder.path().join("out")).unwrap();
        let worktree = Worktree::new(folder.path());
        for path in ["sub/link", "out/file"] {
            let path = WorktreePath::new(path).unwrap();
            assert!(matches!(
                worktree.write(&path, "x"),
                Err(PathError::Forbidden { .. })
            ));
            assert!(matches!(
                worktree.read(&path),
                Err(PathError::Forbidden { .. })
            ));
        }
    }

    #[test]
    #[cfg(unix)]
    fn writing_keeps_permissions() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run.sh");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        let worktree = Worktree::new(folder.path());
        worktree
            .write(&WorktreePath::new("run.sh").unwrap(), "new")
            .unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[test]
    fn binary_files_are_refused_with_the_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x"), b"ab\xff").unwrap();
        let error = Worktree::new(folder.path()).read(&WorktreePath::new("x").unwrap());
        assert!(matches!(error, Err(PathError::NotText { at: 2, .. })));
    }
}
