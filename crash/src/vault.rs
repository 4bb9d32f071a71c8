//! What a writer process writes into: something that acknowledges entries and says where each stands.

mod journal;
mod plain;
mod store;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use orchestrator_state::{Durability, SeededBug};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use journal::JournalVault;
use plain::PlainVault;
use store::StoreVault;

/// What is written: enough to see afterwards whether it is whole, single and in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number; no other entry has it.
    pub number: u64,
    /// The thread that wrote it. A thread's numbers grow.
    pub thread: u64,
    /// The highest position that any thread had been told before this one was asked for.
    pub after: u64,
    /// Bytes that only take room, so that entries end anywhere in a sector.
    pub pad: String,
}

/// An entry that was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its place. Places grow from entry to entry; whether they may leave out a number is the vault's.
    pub position: u64,
    /// The entry.
    pub entry: Entry,
}

/// All that was found after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    /// The entries, in the order of their places.
    pub entries: Vec<Kept>,
    /// How many records the vault had dropped, because it needed them no more.
    pub dropped: u64,
}

impl From<Vec<Kept>> for Remains {
    fn from(entries: Vec<Kept>) -> Self {
        Self {
            entries,
            dropped: 0,
        }
    }
}

/// Something open for writing, by many threads at once.
pub trait Vault: Send + Sync {
    /// Writes an entry and returns its position when it is acknowledged.
    ///
    /// # Errors
    /// [`VaultError`] when it is not.
    fn put(&self, entry: &Entry) -> Result<u64, VaultError>;

    /// What is done beside the writing, again and again, on a thread of its own. `false`: nothing is.
    ///
    /// # Errors
    /// [`VaultError`] when it could not be done.
    fn tend(&self) -> Result<bool, VaultError> {
        Ok(false)
    }
}

/// Why a vault did not do what it was asked for.
#[derive(Debug, Error)]
#[error("{step} {} failed: {source}", folder.display())]
pub struct VaultError {
    /// What was done.
    pub step: &'static str,
    /// Where.
    pub folder: PathBuf,
    /// Why it failed.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl VaultError {
    /// For `map_err`.
    fn at<E>(step: &'static str, folder: &Path) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let folder = folder.to_owned();
        move |source| Self {
            step,
            folder,
            source: source.into(),
        }
    }
}

/// Which vault. The place to add another: a variant, its name, how it is opened, how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The journal of `orchestrator-state`, durable before it acknowledges.
    Journal,
    /// A control: the journal, acknowledging what the system has. A power cut loses it.
    JournalNoSync,
    /// The store of `orchestrator-state`, durable before it acknowledges. Each entry is a commit.
    Store,
    /// A control: the store, acknowledging what the system has. A power cut loses it.
    StoreNoSync,
    /// The store, which writes one checkpoint after the other meanwhile, and drops its journal.
    StoreCheckpoint,
    /// A control: the same, dropping the journal before the checkpoint is there.
    StoreEarlyRetain,
    /// A control: the same, without a sync of the checkpoint's file.
    StoreUnsyncedCheckpoint,
    /// A control: lines in a file, acknowledged when the system has them. A power cut loses them.
    NoSync,
    /// A control: lines in a buffer, acknowledged before the system has them. A kill loses them.
    Buffered,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Journal,
        Self::JournalNoSync,
        Self::Store,
        Self::StoreNoSync,
        Self::StoreCheckpoint,
        Self::StoreEarlyRetain,
        Self::StoreUnsyncedCheckpoint,
        Self::NoSync,
        Self::Buffered,
    ];

    /// Its name on a command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Journal => "journal",
            Self::JournalNoSync => "journal-no-sync",
            Self::Store => "store",
            Self::StoreNoSync => "store-no-sync",
            Self::StoreCheckpoint => "store-checkpoint",
            Self::StoreEarlyRetain => "store-early-retain",
            Self::StoreUnsyncedCheckpoint => "store-unsynced-checkpoint",
            Self::NoSync => "no-sync",
            Self::Buffered => "buffered",
        }
    }

    /// Whether it drops what it needs no more.
    #[must_use]
    pub fn drops(self) -> bool {
        matches!(
            self,
            Self::StoreCheckpoint | Self::StoreEarlyRetain | Self::StoreUnsyncedCheckpoint
        )
    }

    /// Opens the vault in a folder, and creates it where it is not there.
    ///
    /// # Errors
    /// [`VaultError`] when it cannot be opened, for instance because it is damaged.
    pub fn open(self, folder: &Path) -> Result<Box<dyn Vault>, VaultError> {
        Ok(match self {
            Self::Journal => Box::new(JournalVault::open(folder, Durability::Immediate)?),
            Self::JournalNoSync => Box::new(JournalVault::open(folder, Durability::None)?),
            Self::Store => Box::new(StoreVault::open(folder, Durability::Immediate)?),
            Self::StoreNoSync => Box::new(StoreVault::open(folder, Durability::None)?),
            Self::StoreCheckpoint => Box::new(StoreVault::with_checkpoints(folder, None)?),
            Self::StoreEarlyRetain => {
                let bug = Some(SeededBug::EarlyRetain);
                Box::new(StoreVault::with_checkpoints(folder, bug)?)
            }
            Self::StoreUnsyncedCheckpoint => {
                let bug = Some(SeededBug::UnsyncedCheckpoint);
                Box::new(StoreVault::with_checkpoints(folder, bug)?)
            }
            Self::NoSync => Box::new(PlainVault::open(folder, 0)?),
            Self::Buffered => Box::new(PlainVault::open(folder, 1 << 20)?),
        })
    }

    /// Opens the vault after a crash, closes it, verifies it, and reads all that is in it.
    ///
    /// # Errors
    /// [`VaultError`] when it cannot be opened or is found damaged.
    pub fn remains(self, folder: &Path) -> Result<Remains, VaultError> {
        match self {
            Self::Journal | Self::JournalNoSync => journal::kept(folder).map(Remains::from),
            Self::Store
            | Self::StoreNoSync
            | Self::StoreCheckpoint
            | Self::StoreEarlyRetain
            | Self::StoreUnsyncedCheckpoint => store::remains(folder),
            Self::NoSync | Self::Buffered => plain::kept(folder).map(Remains::from),
        }
    }
}

/// A word that names no vault.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{word}` is no vault; there are {}", names())]
pub struct UnknownKind {
    word: String,
}

fn names() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == word)
            .ok_or_else(|| UnknownKind {
                word: word.to_owned(),
            })
    }
}
