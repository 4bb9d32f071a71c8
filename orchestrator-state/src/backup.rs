//! Timestamped copies of a file, the newest few kept, any of them restored byte for byte.

mod error;
mod name;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::atomic::{atomic_write, create_new, follow, parent, sync_folder};
use crate::digest::Digest;
use crate::journal::{Clock, SystemClock};
use crate::{AtomicWriteError, WriteStep};
pub use error::BackupError;

/// How many backups of a file are kept unless something else is asked for.
const KEEP: usize = 5;

/// One copy of a file, as it was at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    path: PathBuf,
    taken: Timestamp,
}

impl Backup {
    /// Where the copy is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it was taken, to the millisecond. Of copies taken within one millisecond the later ones
    /// say a millisecond more each, so that they sort as they were taken.
    #[must_use]
    pub fn taken(&self) -> Timestamp {
        self.taken
    }
}

/// Where backups go, how many are kept, and which clock stamps them.
///
/// A backup of `settings.json` is `settings.json.2026-11-25T22-07-48.123Z.bak`, with the owner and
/// permissions of the original; the names sort by time. Files that do not have a name of exactly
/// this form are not seen, and never removed.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// use orchestrator_state::Backups;
/// let path = folder.path().join("settings.json");
/// std::fs::write(&path, "{}")?;
/// let backups = Backups::new();
/// let backup = backups.create(&path)?;
/// std::fs::write(&path, "oops")?;
/// backups.restore(&path, &backup)?;
/// assert_eq!(std::fs::read(&path)?, b"{}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Backups<C = SystemClock> {
    folder: Option<PathBuf>,
    keep: usize,
    clock: C,
}

impl Backups {
    /// Backups beside the file, the newest five kept, stamped by the clock of the machine.
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }
}

impl Default for Backups {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock> Backups<C> {
    /// Backups beside the file, the newest five kept, stamped by a given clock.
    #[must_use]
    pub fn with_clock(clock: C) -> Self {
        Self {
            folder: None,
            keep: KEEP,
            clock,
        }
    }

    /// Puts the backups into a folder instead, each file's into a folder of its own there, named by
    /// a digest of the file's full path. So files of the same name do not mix. They are created.
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// How many backups of a file are kept; at least one.
    #[must_use]
    pub fn keep(mut self, keep: usize) -> Self {
        self.keep = keep.max(1);
        self
    }

    /// Copies the file as it is now, durably, then removes the oldest backups beyond those kept.
    ///
    /// # Errors
    /// [`BackupError`]. After [`BackupError::Prune`] the new backup is there.
    pub fn create(&self, path: impl AsRef<Path>) -> Result<Backup, BackupError> {
        self.create_sparing(path.as_ref(), None)
    }

    /// The backups of a file, the oldest first. The file itself need not be there.
    ///
    /// # Errors
    /// [`BackupError::Read`] when the folder cannot be read. A missing folder holds none.
    pub fn list(&self, path: impl AsRef<Path>) -> Result<Vec<Backup>, BackupError> {
        let place = self.place(path.as_ref())?;
        place.list()
    }

    /// Puts a backup in the place of the file, in one step. What was there is backed up first and
    /// returned; `None`: there was nothing. The one that is restored does not have to go to make
    /// room for that; it may be one more than are kept until the next backup is made.
    ///
    /// # Errors
    /// [`BackupError::NotOfThisFile`] when the backup's name or folder is not one that this file's
    /// backups have; else what failed. The file is then as it was.
    pub fn restore(
        &self,
        path: impl AsRef<Path>,
        backup: &Backup,
    ) -> Result<Option<Backup>, BackupError> {
        let path = path.as_ref();
        let place = self.place(path)?;
        if !place.holds(backup) {
            return Err(BackupError::NotOfThisFile {
                path: path.to_owned(),
                backup: backup.path.clone(),
            });
        }
        let bytes = fs::read(&backup.path).map_err(BackupError::read(&backup.path))?;
        let replaced = match place.file.try_exists() {
            Ok(true) => Some(self.create_sparing(path, Some(backup))?),
            Ok(false) => None,
            Err(source) => return Err(BackupError::read(path)(source)),
        };
        atomic_write(path, &bytes).map_err(|source| BackupError::Restore {
            path: path.to_owned(),
            source,
        })?;
        Ok(replaced)
    }

    fn create_sparing(&self, path: &Path, spared: Option<&Backup>) -> Result<Backup, BackupError> {
        let place = self.place(path)?;
        let bytes = fs::read(&place.file).map_err(BackupError::read(path))?;
        let like = fs::metadata(&place.file).map_err(BackupError::read(path))?;
        if self.folder.is_some() {
            fs::create_dir_all(&place.folder).map_err(BackupError::folder(&place.folder))?;
        }
        let mut existing = place.list()?;
        // A clock that was set back must not make the newest backup sort as the oldest.
        let now = name::to_the_millisecond(self.clock.now());
        let mut taken = existing
            .last()
            .map_or(now, |newest| now.max(name::next(newest.taken)));
        let backup = loop {
            let path = place.folder.join(name::of(&place.name, taken));
            match create_new(&path, &bytes, &like) {
                Ok(()) => break Backup { path, taken },
                // Another process has taken this name since the folder was read.
                Err(AtomicWriteError::NotWritten {
                    step: WriteStep::Rename,
                    source,
                    ..
                }) if source.kind() == io::ErrorKind::AlreadyExists => {
                    taken = name::next(taken);
                }
                Err(source) => return Err(BackupError::Write { path, source }),
            }
        };
        existing.retain(|old| Some(old) != spared);
        self.prune(&place, &existing)?;
        Ok(backup)
    }

    /// Removes the oldest of the backups there were before the newest one.
    fn prune(&self, place: &Place, existing: &[Backup]) -> Result<(), BackupError> {
        let excess = (existing.len() + 1).saturating_sub(self.keep);
        for old in existing.iter().take(excess) {
            match fs::remove_file(&old.path) {
                Ok(()) => {}
                // Another process has pruned it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(BackupError::Prune {
                        path: old.path.clone(),
                        source,
                    });
                }
            }
        }
        if excess > 0 {
            sync_folder(&place.folder).map_err(BackupError::folder(&place.folder))?;
        }
        Ok(())
    }

    fn place(&self, path: &Path) -> Result<Place, BackupError> {
        let file = follow(path).map_err(BackupError::read(path))?;
        let name = file.file_name().and_then(|name| name.to_str());
        let Some(name) = name.map(str::to_owned) else {
            return Err(BackupError::NoName {
                path: path.to_owned(),
            });
        };
        let folder = match &self.folder {
            None => parent(&file).to_owned(),
            Some(folder) => {
                let full = std::path::absolute(&file).map_err(BackupError::read(path))?;
                let digest = Digest::of(full.as_os_str().as_encoded_bytes()).to_string();
                folder.join(digest.get(..16).unwrap_or(&digest))
            }
        };
        Ok(Place { file, name, folder })
    }
}

/// Where the backups of one file are.
struct Place {
    file: PathBuf,
    name: String,
    folder: PathBuf,
}

impl Place {
    fn list(&self) -> Result<Vec<Backup>, BackupError> {
        let failed = BackupError::read(&self.folder);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed(source)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(&failed)?;
            let taken = entry
                .file_name()
                .to_str()
                .and_then(|file| name::parse(&self.name, file));
            if let Some(taken) = taken
                && entry.file_type().map_err(&failed)?.is_file()
            {
                let path = entry.path();
                found.push(Backup { path, taken });
            }
        }
        found.sort_by_key(|backup| backup.taken);
        Ok(found)
    }

    fn holds(&self, backup: &Backup) -> bool {
        let file = backup.path.file_name().and_then(|name| name.to_str());
        file.and_then(|file| name::parse(&self.name, file)) == Some(backup.taken)
            && parent(&backup.path) == self.folder
    }
}
