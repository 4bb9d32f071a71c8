//! Files beneath one folder, and nothing else.

mod path;
mod place;
mod staged;

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::{self, Read};
use std::iter::zip;
use std::path::{Path, PathBuf};

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

pub use path::{PathError, WorktreePath};
use place::{Missing, Place};
use staged::Staged;

/// So many bytes of a file are read at most: 32 MiB. A source file is a thousandth of it.
const MOST: u64 = 32 << 20;

/// A folder that file tools may not leave.
///
/// A path is followed from one open folder to the next; symbolic links are followed as long as they stay
/// beneath it, and never into `.git`. So a call cannot be led out of it, not by a process either that
/// swaps folders and links while it runs. Who can swap the folder itself, or one above it, could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worktree {
    root: PathBuf,
}

impl Worktree {
    /// A worktree at `root`, an absolute path. It is opened when it is used.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a text file of at most 32 MiB.
    ///
    /// # Errors
    /// [`PathError`] where it is no plain text file beneath the worktree.
    pub fn read(&self, path: &WorktreePath) -> Result<String, PathError> {
        let bytes = self.read_bytes(path)?;
        String::from_utf8(bytes).map_err(|error| PathError::NotText {
            path: path.to_string(),
            at: error.utf8_error().valid_up_to(),
        })
    }

    /// Reads a file of at most 32 MiB.
    ///
    /// # Errors
    /// [`PathError`] where it is no plain file beneath the worktree.
    pub fn read_bytes(&self, path: &WorktreePath) -> Result<Vec<u8>, PathError> {
        let path = path.as_ref();
        let place = self.find(path, Missing::Fail)?;
        let mut bytes = Vec::new();
        read_plain(&place.folder, &place.name, path, &mut bytes)?;
        Ok(bytes)
    }

    /// Whether a folder is there, and not a file.
    ///
    /// # Errors
    /// [`PathError`] where nothing is there, or the path leaves the worktree.
    pub fn is_folder(&self, path: &WorktreePath) -> Result<bool, PathError> {
        let path = path.as_ref();
        let Place { folder, name } = self.find(path, Missing::Fail)?;
        match folder.symlink_metadata(&name) {
            Ok(found) => Ok(found.is_dir()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(not_found(path)),
            Err(error) => Err(failed(path, "look at", error)),
        }
    }

    /// Replaces a file's content, by a rename, so that no reader ever sees half of it; folders on the way
    /// are made. Permissions stay. What is there is replaced, whatever links lead to it from elsewhere.
    ///
    /// # Errors
    /// [`PathError`] where the path leaves the worktree or the system refuses. The file is as it was then.
    pub fn write(&self, path: &WorktreePath, text: &str) -> Result<(), PathError> {
        self.change(&[(path, Some(text))])
    }

    /// Writes files, and removes those that are given no text: all of them or none. All that is new is
    /// written before the first file is replaced; where a later one cannot be, the earlier are put back.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`PathError::PutBack`] where what had been replaced could not be put back.
    pub fn change(&self, changes: &[(&WorktreePath, Option<&str>)]) -> Result<(), PathError> {
        let mut places = Vec::with_capacity(changes.len());
        for (path, text) in changes {
            let missing = match text {
                Some(_) => Missing::Create,
                None => Missing::Fail,
            };
            places.push(self.find((*path).as_ref(), missing)?);
        }
        let mut staged = Vec::with_capacity(changes.len());
        for ((path, text), place) in zip(changes, &places) {
            staged.push(Staged::new((*path).as_ref(), *text, place)?);
        }
        let mut done = Vec::with_capacity(changes.len());
        for one in staged {
            match one.commit() {
                Ok(before) => done.push(before),
                Err(error) => {
                    for before in done.into_iter().rev() {
                        before.put_back()?;
                    }
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn find(&self, path: &Path, missing: Missing) -> Result<Place, PathError> {
        Place::find(self.open(path)?, path, missing)
    }

    fn open(&self, path: &Path) -> Result<Dir, PathError> {
        let root = Dir::open_ambient_dir(&self.root, ambient_authority());
        root.map_err(|source| failed(path, "reach", source))
    }
}

/// Reads a plain file of a folder, as much as there is when it is opened; gives what was known of it then.
pub(crate) fn read_plain(
    folder: &Dir,
    name: &OsStr,
    path: &Path,
    bytes: &mut Vec<u8>,
) -> Result<Metadata, PathError> {
    let mut options = OpenOptions::new();
    // A pipe that nobody writes to would be waited for.
    options.read(true).follow(FollowSymlinks::No).nonblock(true);
    let mut file = match folder.open_with(name, &options) {
        Ok(file) => file.into_std(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(not_found(path)),
        Err(error) => return Err(failed(path, "read", error)),
    };
    let found = file
        .metadata()
        .map_err(|error| failed(path, "read", error))?;
    if !found.is_file() {
        return Err(not_a_file(path, found.is_dir()));
    }
    if found.len() > MOST {
        return Err(PathError::TooLarge {
            path: path.to_string_lossy().into_owned(),
            size: found.len(),
            most: MOST,
        });
    }
    bytes.resize(found.len() as usize, 0);
    let mut read = 0;
    while read < bytes.len() {
        match file.read(&mut bytes[read..]) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(path, "read", error)),
        }
    }
    bytes.truncate(read);
    Ok(found)
}

fn not_found(path: &Path) -> PathError {
    PathError::NotFound {
        path: path.to_string_lossy().into_owned(),
    }
}

fn not_a_file(path: &Path, is_folder: bool) -> PathError {
    let (what, instead) = match is_folder {
        true => ("a folder", "name a file in it"),
        false => ("a pipe, a socket or a device", "name a plain file"),
    };
    PathError::NotAFile {
        path: path.to_string_lossy().into_owned(),
        what,
        instead,
    }
}

fn failed(path: &Path, what: &'static str, source: io::Error) -> PathError {
    PathError::Io {
        path: path.to_string_lossy().into_owned(),
        what,
        source,
    }
}

#[cfg(test)]
mod tests;
