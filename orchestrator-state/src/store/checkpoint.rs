//! Checkpoints: all rows of one version in a file, so that the journal before it need not be read,
//! nor kept.
//!
//! A checkpoint is JSON lines: a head, a line a row, and a foot with the digest of all lines before
//! it. The journal gets a record with the digest of the whole file, and a file that has one is as hard
//! to change as the journal. One without, which a crash between the two leaves, is not used.

mod read;
mod write;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Version;
use super::bugs::SeededBug;
use super::durable::{Durable, Vouched};
use super::error::{OpenStoreError, StoreError};
use super::inner::Inner;
use crate::atomic::Steps;
use crate::sync::Ordering;
use crate::{Digest, RetainError};
pub(super) use read::load;
use write::{New, Source};

const FOLDER: &str = "checkpoints";
const FORMAT: &str = "orchestrator-checkpoint-v1";
/// How many checkpoints are kept. The journal is kept from the oldest of them on, so that a damaged
/// file costs nothing but patience.
const KEPT: usize = 2;

/// Why no checkpoint was written. What was committed is safe in the journal all the same.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The store is in memory only.
    #[error("a store in memory has no checkpoints; open it in a folder, with `StateStore::open`")]
    InMemory,
    /// The disk or the file system refused.
    #[error("the checkpoint was not written: {step} `{}` failed", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The store has stopped.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The checkpoint is there, but the journal before it could not be dropped.
    #[error("the checkpoint is there, but the journal before it was not dropped")]
    Retain(#[from] RetainError),
}

impl CheckpointError {
    /// Whether the store has stopped with it, or before.
    pub(super) fn has_stopped(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Retain(RetainError::Stopped(_)))
    }
}

/// A checkpoint that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpoint {
    /// The version that it shows.
    pub version: Version,
    /// How many rows it has.
    pub rows: u64,
    /// The digest of its file, which the journal vouches for.
    pub digest: Digest,
    /// How many segments of the journal were dropped.
    pub dropped_segments: usize,
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
struct Foot {
    rows: u64,
    digest: Digest,
}

impl Inner {
    /// Writes a checkpoint of the newest published version, and drops the journal that it and the
    /// one before it make needless.
    pub(super) fn checkpoint(self: &Arc<Self>) -> Result<Checkpoint, CheckpointError> {
        let durable = self.durable.as_ref().ok_or(CheckpointError::InMemory)?;
        let mut unvouched = durable
            .unvouched
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (snapshot, source) = {
            let mut state = self.lock();
            state.check()?;
            let staged = state.staged.iter();
            let source = Source {
                cores: state.tables.iter().map(|rows| rows.core()).collect(),
                staged: staged
                    .map(|(name, rows)| (name.clone(), Arc::clone(rows)))
                    .collect(),
            };
            (super::Snapshot::new(self, self.pin_published()), source)
        };
        let version = snapshot.version();
        // It may be a version that only the operating system has; the checkpoint must not be ahead.
        durable.journal.flush().map_err(|error| self.stop(error))?;
        if self.bug == Some(SeededBug::EarlyRetain) {
            durable.journal.retain_from(version.get() + 1)?;
        }
        let new = New {
            steps: &*durable.steps,
            folder: durable.folder.join(FOLDER),
            version: version.get(),
            synced: self.bug != Some(SeededBug::UnsyncedCheckpoint),
        };
        unvouched.insert(new.version);
        let (rows, digest) = new.write(&source)?;
        self.vouch(durable, new.version, digest)?;
        unvouched.remove(&new.version);
        let oldest = prune(&*durable.steps, &durable.folder, &mut unvouched)?;
        let pruned = durable.journal.retain_from(oldest + 1)?;
        Ok(Checkpoint {
            version,
            rows,
            digest,
            dropped_segments: pruned.segments.len(),
        })
    }

    /// Puts the checkpoint's digest into the chain. That takes a version, which changes nothing.
    fn vouch(&self, durable: &Durable, version: u64, digest: Digest) -> Result<(), StoreError> {
        {
            let mut state = self.lock();
            state.check()?;
            let vouched = durable.vouch(&Vouched { version, digest });
            let ticket = vouched.map_err(|error| state.stop(error))?;
            self.latest.store(ticket.seq(), Ordering::Release);
        }
        // All that was submitted so far, and so this too.
        durable.journal.flush().map_err(|error| self.stop(error))
    }
}

/// For `map_err`.
fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CheckpointError + use<> {
    let path = path.to_owned();
    move |source| CheckpointError::Io { step, path, source }
}

/// The name of the file of a version.
fn file_name(version: u64) -> String {
    format!("{version:020}.jsonl")
}

/// The versions that there are checkpoints of in a folder, oldest first, with their files.
fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        // Exactly the names that `write` gives; anything else is somebody else's.
        let version = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".jsonl"))
            .filter(|digits| digits.len() == 20 && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok());
        found.extend(version.map(|version| (version, path)));
    }
    found.sort_unstable();
    Ok(found)
}

/// Removes all checkpoints but the newest. Says which version the oldest that is left shows.
///
/// One that failed and left its file nevertheless does not count, and goes first: the journal is needed
/// as if it were not there.
fn prune(
    steps: &dyn Steps,
    folder: &Path,
    unvouched: &mut BTreeSet<u64>,
) -> Result<u64, CheckpointError> {
    let folder = folder.join(FOLDER);
    let mut all = list(&folder).map_err(failed("listing", &folder))?;
    let needless = all.extract_if(.., |(version, _)| unvouched.contains(version));
    let mut needless: Vec<_> = needless.collect();
    let kept = all.split_off(all.len().saturating_sub(KEPT));
    needless.append(&mut all);
    for (version, path) in &needless {
        steps.remove(path).map_err(failed("removing", path))?;
        unvouched.remove(version);
    }
    unvouched.clear();
    // With one checkpoint there is nothing to fall back to but the journal.
    if kept.len() < KEPT {
        return Ok(0);
    }
    Ok(kept.first().map_or(0, |(oldest, _)| *oldest))
}

/// The checkpoints that are there, newest first: their versions and their files.
pub(super) fn newest_first(folder: &Path) -> Result<Vec<(u64, PathBuf)>, OpenStoreError> {
    let mut all = list(&folder.join(FOLDER)).map_err(|source| OpenStoreError::Io {
        step: "listing the checkpoints in",
        path: folder.to_owned(),
        source,
    })?;
    all.reverse();
    Ok(all)
}

/// Removes checkpoints that are not needed.
pub(super) fn remove(steps: &dyn Steps, paths: &[PathBuf]) -> Result<(), OpenStoreError> {
    paths.iter().try_for_each(|path| {
        steps.remove(path).map_err(|source| OpenStoreError::Io {
            step: "removing",
            path: path.clone(),
            source,
        })
    })
}
