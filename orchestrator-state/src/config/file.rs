//! Merging into a file, and taking it back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::ConfigFileError;
use super::merge;
use super::options::{Format, MergeOptions};
use super::report::Change;
use super::undo::{Undo, Undone};
use crate::atomic::{atomic_write, follow, parent, sync_folder};
use crate::journal::Clock;
use crate::{Backup, Backups};

/// What [`merge_file`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MergedFile {
    /// What became of each setting. The file was written if one of them
    /// [is a change](super::Outcome::is_change).
    pub changes: Vec<Change>,
    /// The copy of the file as it was. `None`: there was no file, or it was not changed.
    pub backup: Option<Backup>,
    /// Takes the merge back, by [`undo_file`].
    pub undo: Undo,
}

/// What [`undo_file`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UndoneFile {
    /// The file is byte for byte what it was before the merge.
    Exact,
    /// The merge had created the file, and nobody has changed it since: it is gone again.
    Removed,
    /// The file was edited since. The edits are there still, only what was merged is gone.
    WithEdits,
}

/// Merges settings into a file: reads it, merges, backs it up, writes it in one step.
///
/// A file that is not there is created; its folder must be there. `format` is needed when the
/// name does not tell ([`Format::of`]). Nothing is written when nothing changes.
///
/// Another program that writes the file between the reading and the writing is noticed, except in
/// the last moment: no system call replaces a file only if it is still the same.
///
/// # Errors
/// [`ConfigFileError`]. The file is as it was, unless the source is
/// [`NotDurable`](crate::AtomicWriteError::NotDurable).
pub fn merge_file<C: Clock>(
    path: impl AsRef<Path>,
    format: Option<Format>,
    settings: &Value,
    options: &MergeOptions,
    backups: &Backups<C>,
) -> Result<MergedFile, ConfigFileError> {
    let path = path.as_ref();
    let format = format
        .or_else(|| Format::of(path))
        .ok_or_else(|| ConfigFileError::UnknownFormat { path: path.into() })?;
    let before = read(path)?;
    let text = before.as_deref().unwrap_or_default();
    let merged =
        merge(text, format, settings, options).map_err(|source| ConfigFileError::Merge {
            path: path.into(),
            source,
        })?;
    let is_changed = merged.is_changed();
    let backup = if is_changed {
        replace(path, before.as_deref(), &merged.text, backups)?
    } else {
        None
    };
    let undo = match before {
        None if is_changed => merged.undo.of_a_new_file(),
        _ => merged.undo,
    };
    Ok(MergedFile {
        changes: merged.changes,
        backup,
        undo,
    })
}

/// Takes a merge back, with a backup of the file as it is now.
///
/// # Errors
/// [`ConfigFileError`]. The file is as it was, unless the source is
/// [`NotDurable`](crate::AtomicWriteError::NotDurable).
pub fn undo_file<C: Clock>(
    path: impl AsRef<Path>,
    undo: &Undo,
    backups: &Backups<C>,
) -> Result<UndoneFile, ConfigFileError> {
    let path = path.as_ref();
    let Some(text) = read(path)? else {
        return Err(ConfigFileError::Read {
            path: path.into(),
            source: io::Error::from(io::ErrorKind::NotFound),
        });
    };
    let undone = undo.apply(&text).map_err(|source| ConfigFileError::Undo {
        path: path.into(),
        source,
    })?;
    if matches!(undone, Undone::Exact(_)) && undo.made_the_file() {
        remove(path)?;
        return Ok(UndoneFile::Removed);
    }
    if undone.text() != text {
        replace(path, Some(&text), undone.text(), backups)?;
    }
    Ok(match undone {
        Undone::Exact(_) => UndoneFile::Exact,
        Undone::WithEdits(_) => UndoneFile::WithEdits,
    })
}

/// The text of a file; `None`: there is none.
fn read(path: &Path) -> Result<Option<String>, ConfigFileError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(ConfigFileError::Read {
                path: path.into(),
                source,
            });
        }
    };
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|error| ConfigFileError::NotUtf8 {
            path: path.into(),
            at: error.utf8_error().valid_up_to(),
        })
}

fn replace<C: Clock>(
    path: &Path,
    before: Option<&str>,
    after: &str,
    backups: &Backups<C>,
) -> Result<Option<Backup>, ConfigFileError> {
    let backup = match before {
        None => None,
        Some(_) => {
            let backup = backups
                .create(path)
                .map_err(|source| ConfigFileError::Backup {
                    path: path.into(),
                    source,
                })?;
            Some(backup)
        }
    };
    if read(path)?.as_deref() != before {
        return Err(ConfigFileError::Changed { path: path.into() });
    }
    atomic_write(path, after.as_bytes()).map_err(|source| ConfigFileError::Write {
        path: path.into(),
        source,
    })?;
    Ok(backup)
}

fn remove(path: &Path) -> Result<(), ConfigFileError> {
    let removed = || {
        let file: PathBuf = follow(path)?;
        fs::remove_file(&file)?;
        sync_folder(parent(&file))
    };
    removed().map_err(|source| ConfigFileError::Remove {
        path: path.into(),
        source,
    })
}
