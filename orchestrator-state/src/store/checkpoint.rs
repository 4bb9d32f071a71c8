//! Checkpoints: all rows of one version in a file, so that the journal before it need not be read,
//! nor kept.
//!
//! A checkpoint is JSON lines: a head, a line a row, and a foot with the digest of all lines before
//! it. The journal gets a record with the digest of the whole file, and a file that has one is as hard
//! to change as the journal. One without, which a crash between the two leaves, is not used.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use super::Version;
use super::bugs::SeededBug;
use super::durable::{Durable, Staged, StagedTable, Vouched};
use super::error::{OpenStoreError, StoreError};
use super::inner::Inner;
use super::table::AnyCore;
use crate::atomic::sync_folder;
use crate::sync::Ordering;
use crate::{Digest, RetainError};

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
    #[error("a store without a folder has no checkpoints")]
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

/// A checkpoint that was read.
pub(super) struct Loaded {
    pub(super) digest: Digest,
    pub(super) staged: Staged,
}

/// Writes and hashes what passes.
struct Hashing<W> {
    out: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What a checkpoint consists of, without the store's lock.
struct Source {
    cores: Vec<Arc<dyn AnyCore>>,
    staged: Vec<(String, Arc<StagedTable>)>,
}

impl Inner {
    /// Writes a checkpoint of the newest published version, and drops the journal that it and the
    /// one before it make needless.
    pub(super) fn checkpoint(self: &Arc<Self>) -> Result<Checkpoint, CheckpointError> {
        let durable = self.durable.as_ref().ok_or(CheckpointError::InMemory)?;
        let _only_one = durable
            .checkpointing
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
        let synced = self.bug != Some(SeededBug::UnsyncedCheckpoint);
        let (rows, digest) = write(&durable.folder, version.get(), &source, synced)?;
        self.vouch(durable, version.get(), digest)?;
        let oldest = prune(&durable.folder)?;
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
        let ticket = {
            let mut state = self.lock();
            state.check()?;
            let ticket = durable.vouch(&Vouched { version, digest })?;
            self.latest.store(ticket.seq(), Ordering::Release);
            ticket
        };
        ticket.wait().map_err(|error| self.stop(error))?;
        durable.journal.flush().map_err(|error| self.stop(error))
    }
}

/// Writes the file and makes it durable, unless that is the bug.
fn write(
    folder: &Path,
    version: u64,
    source: &Source,
    synced: bool,
) -> Result<(u64, Digest), CheckpointError> {
    let folder = folder.join(FOLDER);
    let path = folder.join(format!("{version:020}.jsonl"));
    let failed = |step, path: &Path| {
        let path = path.to_owned();
        move |source| CheckpointError::Io { step, path, source }
    };
    let is_new = !folder.exists();
    fs::create_dir_all(&folder).map_err(failed("creating", &folder))?;
    if is_new {
        sync_folder(crate::atomic::parent(&folder)).map_err(failed("syncing", &folder))?;
    }
    let file = tempfile::Builder::new()
        .prefix(".orchestrator-")
        .suffix(".tmp")
        .tempfile_in(&folder)
        .map_err(failed("creating", &path))?;
    let mut out = Hashing {
        out: BufWriter::new(file),
        hasher: blake3::Hasher::new(),
    };
    let rows = lines(&mut out, version, source).map_err(failed("writing", &path))?;
    let digest = Digest::from_bytes(*out.hasher.finalize().as_bytes());
    let file = out
        .out
        .into_inner()
        .map_err(|error| failed("writing", &path)(error.into_error()))?;
    if synced {
        file.as_file()
            .sync_all()
            .map_err(failed("syncing", &path))?;
    }
    file.persist(&path)
        .map_err(|error| failed("renaming", &path)(error.error))?;
    if synced {
        sync_folder(&folder).map_err(failed("syncing", &folder))?;
    }
    Ok((rows, digest))
}

fn lines<W: Write>(out: &mut Hashing<W>, version: u64, source: &Source) -> io::Result<u64> {
    let head = Head {
        format: FORMAT.to_owned(),
        version,
    };
    serde_json::to_writer(&mut *out, &head)?;
    out.write_all(b"\n")?;
    let mut rows = 0;
    for core in &source.cores {
        let table = serde_json::to_string(core.name())?;
        core.export(version, &mut |key, value, version| {
            rows += 1;
            writeln!(out, "[{table},{key},{value},{version}]")
        })?;
    }
    for (name, staged) in &source.staged {
        let table = serde_json::to_string(name)?;
        for (key, (version, value)) in staged.iter() {
            rows += 1;
            writeln!(out, "[{table},{key},{value},{version}]")?;
        }
    }
    let foot = Foot {
        rows,
        digest: Digest::from_bytes(*out.hasher.finalize().as_bytes()),
    };
    serde_json::to_writer(&mut *out, &foot)?;
    out.write_all(b"\n")?;
    Ok(rows)
}

/// The versions that there are checkpoints of, oldest first, with their files.
fn list(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(folder.join(FOLDER)) {
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
fn prune(folder: &Path) -> Result<u64, CheckpointError> {
    let failed = |step, path: &Path| {
        let path = path.to_owned();
        move |source| CheckpointError::Io { step, path, source }
    };
    let mut all = list(folder).map_err(failed("listing", folder))?;
    let kept = all.split_off(all.len().saturating_sub(KEPT));
    for (_, path) in &all {
        fs::remove_file(path).map_err(failed("removing", path))?;
    }
    // With one checkpoint there is nothing to fall back to but the journal.
    match kept.as_slice() {
        [(oldest, _), _] => Ok(*oldest),
        _ => Ok(0),
    }
}

/// The checkpoints that are there, newest first: their versions and their files.
pub(super) fn newest_first(folder: &Path) -> Result<Vec<(u64, PathBuf)>, OpenStoreError> {
    let mut all = list(folder).map_err(|source| OpenStoreError::Io {
        step: "listing the checkpoints in",
        path: folder.to_owned(),
        source,
    })?;
    all.reverse();
    Ok(all)
}

/// Reads a checkpoint of a version.
pub(super) fn load(version: u64, path: PathBuf) -> Result<Loaded, OpenStoreError> {
    match read(&path) {
        Ok((found, digest, staged)) if found == version => Ok(Loaded { digest, staged }),
        Ok(_) => Err(OpenStoreError::Checkpoint {
            path,
            reason: "it shows another version than its name says".to_owned(),
        }),
        Err(reason) => Err(OpenStoreError::Checkpoint { path, reason }),
    }
}

/// Removes checkpoints that are not needed.
pub(super) fn remove(paths: &[PathBuf]) -> Result<(), OpenStoreError> {
    paths.iter().try_for_each(|path| {
        fs::remove_file(path).map_err(|source| OpenStoreError::Io {
            step: "removing",
            path: path.clone(),
            source,
        })
    })
}

/// Reads a checkpoint whole. The error says what is wrong with it.
fn read(path: &Path) -> Result<(u64, Digest, Staged), String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    let mut lines = BufReader::new(file);
    let mut hasher = blake3::Hasher::new();
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        match lines.read_until(b'\n', line) {
            Ok(_) if line.pop() == Some(b'\n') => Ok(()),
            Ok(_) => Err("it ends too early".to_owned()),
            Err(error) => Err(format!("it cannot be read: {error}")),
        }
    };
    next(&mut line)?;
    let head: Head =
        serde_json::from_slice(&line).map_err(|_| "its first line is not a head".to_owned())?;
    if head.format != FORMAT {
        return Err(format!("its format is `{}`, not `{FORMAT}`", head.format));
    }
    hasher.update(&line).update(b"\n");
    let mut staged = Staged::new();
    let mut rows = 0;
    loop {
        next(&mut line)?;
        if line.first() == Some(&b'{') {
            break;
        }
        let row: Option<(String, &RawValue, &RawValue, u64)> = serde_json::from_slice(&line).ok();
        let (table, key, value, version) =
            row.ok_or_else(|| format!("its line {} is not a row", rows + 2))?;
        let value = (version, value.get().to_owned());
        staged
            .entry(table)
            .or_default()
            .insert(key.get().to_owned(), value);
        hasher.update(&line).update(b"\n");
        rows += 1;
    }
    let foot: Foot =
        serde_json::from_slice(&line).map_err(|_| "its last line is not a foot".to_owned())?;
    if foot.rows != rows || foot.digest != Digest::from_bytes(*hasher.finalize().as_bytes()) {
        return Err("its rows are not those that were written".to_owned());
    }
    hasher.update(&line).update(b"\n");
    let mut rest = Vec::new();
    match lines.read_until(b'\n', &mut rest) {
        Ok(0) => {}
        _ => return Err("something stands behind its end".to_owned()),
    }
    Ok((
        head.version,
        Digest::from_bytes(*hasher.finalize().as_bytes()),
        staged,
    ))
}
