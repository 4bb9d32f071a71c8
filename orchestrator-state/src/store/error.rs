//! What can go wrong with a store, by operation.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::Version;

/// A commit was refused, because what the transaction has read has changed since.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}; read again and try once more", self.describe())]
#[non_exhaustive]
pub struct Conflict {
    /// The version that the transaction has read.
    pub base: Version,
    /// What has changed, by table and then by key.
    pub keys: Vec<ConflictKey>,
}

/// A key that has changed under a transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConflictKey {
    /// The table.
    pub table: String,
    /// The key, as JSON.
    pub key: String,
}

impl fmt::Display for ConflictKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.table, self.key)
    }
}

impl Conflict {
    fn describe(&self) -> String {
        const SHOWN: usize = 5;
        let shown: Vec<String> = self
            .keys
            .iter()
            .take(SHOWN)
            .map(ToString::to_string)
            .collect();
        let more = self.keys.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        match shown.len() {
            0 => format!("something that was read at {} has changed", self.base),
            _ => format!("{}{more} changed after {}", shown.join(", "), self.base),
        }
    }
}

/// Why the store cannot do something, whatever the transaction.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A key or a value has no JSON form. Nothing was written, and the store goes on.
    #[error("a row of table `{table}` has no JSON form, so nothing was committed")]
    Encode {
        /// The table.
        table: String,
        /// What serde says.
        #[source]
        source: Arc<serde_json::Error>,
    },
    /// The commit's record would be too long for the journal. Nothing was committed, and the store
    /// goes on.
    #[error("the commit has {bytes} bytes, and {limit} are the most; commit it in parts")]
    TooLarge {
        /// How long the record would be.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// The comparison of two keys, or something else of a row's own, has panicked in the middle of a
    /// commit, so the store has stopped. Snapshots still show what was committed before.
    #[error(
        "the store has stopped, because a row's own code has panicked in the middle of a commit"
    )]
    Panicked,
    /// The journal could not be written, so the store has stopped. Snapshots still show what was
    /// acknowledged before.
    #[error("the store has stopped, because its journal has; open it again")]
    Stopped {
        /// What the journal says.
        #[source]
        source: Arc<crate::AppendError>,
    },
}

/// Why a transaction was not committed.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// What it has read has changed. Nothing was written.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The store could not write. With [`StoreError::Stopped`] the commit may be on the disk or not:
    /// opening the store again tells.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why [`StateStore::update`](super::StateStore::update) has changed nothing.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Other commits came first each time.
    #[error(
        "the update was overtaken {attempts} times; do less inside the closure, or touch fewer keys"
    )]
    Contended {
        /// How often the closure ran.
        attempts: usize,
    },
    /// As in [`CommitError::Store`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a table was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// It is open already, with other types.
    #[error("table `{table}` is open with other types: {open}, not {asked}")]
    OtherTypes {
        /// The table.
        table: String,
        /// The types that it is open with.
        open: &'static str,
        /// The types that were asked for.
        asked: &'static str,
    },
    /// A row on the disk is not of these types. It stays on the disk.
    #[error(
        "row {key} of table `{table}` is not of the types that the table was opened with; open it \
         with the types that it was written with (with `Option` where a value was written as `null`, as \
         `NaN` is)"
    )]
    Row {
        /// The table.
        table: String,
        /// The row's key, as JSON.
        key: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

/// Why a version cannot be read any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VersionError {
    /// It was dropped.
    #[error(
        "{version} is no longer kept; the oldest that is, is {oldest}. Keep more history with \
         `StoreConfig::with_history`, or pin a version by holding its snapshot; what was before the store \
         was opened cannot be kept"
    )]
    Dropped {
        /// The version that was asked for.
        version: Version,
        /// The oldest one that can be asked for.
        oldest: Version,
    },
    /// It is not there yet.
    #[error("{version} is not there yet; the newest is {newest}")]
    Future {
        /// The version that was asked for.
        version: Version,
        /// The newest one.
        newest: Version,
    },
}

/// Why a store was not opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// The journal could not be opened.
    #[error("the store in `{}` could not be opened", folder.display())]
    Journal {
        /// The store's folder.
        folder: PathBuf,
        /// What the journal says.
        #[source]
        source: crate::OpenError,
    },
    /// The journal could not be read.
    #[error("the store in `{}` could not be read", folder.display())]
    Read {
        /// The store's folder.
        folder: PathBuf,
        /// What the journal says.
        #[source]
        source: crate::ReadError,
    },
    /// A record of the journal is whole, but is not one of a store.
    #[error(
        "record {seq} of the journal in `{}` is not a commit of a store; this folder belongs to \
         something else, or to a newer version of this program", folder.display()
    )]
    Foreign {
        /// The store's folder.
        folder: PathBuf,
        /// The record.
        seq: u64,
    },
    /// The journal begins behind the newest checkpoint that is whole.
    #[error(
        "commits {from} to {to} of the store in `{}` are gone: no checkpoint holds them, and the \
         journal begins behind them; restore the folder from a copy", folder.display()
    )]
    Gap {
        /// The store's folder.
        folder: PathBuf,
        /// The first commit that is gone.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// A checkpoint is damaged.
    #[error("the checkpoint `{}` is damaged: {reason}; restore the folder from a copy", path.display())]
    Checkpoint {
        /// The checkpoint.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The journal had got long, and has stopped while a new checkpoint was written. If it was only the
    /// checkpoint that failed, the store is open: see
    /// [`StoreReport::checkpoint`](super::StoreReport::checkpoint).
    #[error(
        "the store in `{}` was read, but its journal could not be written for a new checkpoint; open \
         it again when the disk takes writes", folder.display()
    )]
    NewCheckpoint {
        /// The store's folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: super::CheckpointError,
    },
    /// The disk or the file system refused.
    #[error("the store could not be opened: {step} `{}` failed", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}
