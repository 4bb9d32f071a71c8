//! What is remembered about a repository from mission to mission, kept in its journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orchestrator_memory::{
    DurableMemory, EntryId, MemoryBackend, MemoryChange, MemoryConfig, MemoryEntry, MemorySnapshot,
    MemoryStore, NewEntry, OpenMemoryError,
};
use orchestrator_state::{AppendError, Holder, Journal, ReadError};

use super::error::MissionError;
use super::folder::{journal_of, open_journal};
use super::learned::learned;
use crate::event::MissionEvent;
use crate::recorder::{Observer, Unobserved};

/// Keeps a memory in a [`Journal`], between its other records.
pub struct JournalMemory {
    journal: Arc<Journal>,
    folder: PathBuf,
    observer: Arc<dyn Observer>,
}

/// Why memory was not kept in a journal, or not found there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalMemoryError {
    /// The journal cannot be read.
    #[error("the journal cannot be read to its end; `orchestrator log verify` tells more")]
    Read(#[from] ReadError),
    /// What it holds is no memory that this version knows.
    #[error("record {seq} of the journal was written by another version: use that one, or a later")]
    Record {
        /// The record.
        seq: u64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The journal cannot be written.
    #[error("the journal could not be written")]
    Append(#[from] AppendError),
}

impl JournalMemory {
    /// Keeps it in a journal, which lies in a folder, and shows each record to an observer.
    #[must_use]
    pub fn new(journal: Arc<Journal>, folder: PathBuf, observer: Arc<dyn Observer>) -> Self {
        Self {
            journal,
            folder,
            observer,
        }
    }

    fn record(&self, event: &MissionEvent) -> Result<(), JournalMemoryError> {
        self.journal.append(event.name(), event)?;
        self.observer.event(event);
        Ok(())
    }
}

impl std::fmt::Debug for JournalMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalMemory")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Each change is in one record with those that came with it: all of them are kept, or none.
impl MemoryBackend for JournalMemory {
    type Error = JournalMemoryError;

    fn load(&mut self) -> Result<Kept, JournalMemoryError> {
        kept(&self.folder)
    }

    fn append(&mut self, changes: &[MemoryChange]) -> Result<(), JournalMemoryError> {
        let changes = changes.to_vec();
        self.record(&MissionEvent::MemoryChanged { changes })
    }

    fn replace(&mut self, snapshot: &MemorySnapshot) -> Result<(), JournalMemoryError> {
        let snapshot = snapshot.clone();
        self.record(&MissionEvent::MemorySaved { snapshot })
    }
}

type Kept = (Option<MemorySnapshot>, Vec<MemoryChange>);

/// What a journal has of a memory.
fn kept(folder: &Path) -> Result<Kept, JournalMemoryError> {
    let (mut snapshot, mut changes) = (None, Vec::new());
    for record in Journal::read(folder)? {
        let record = record?;
        if !["memory_changed", "memory_saved"].contains(&record.kind.as_str()) {
            continue;
        }
        let event = record.decode().map_err(|source| {
            let seq = record.seq;
            JournalMemoryError::Record { seq, source }
        })?;
        match event {
            MissionEvent::MemoryChanged { changes: further } => changes.extend(further),
            MissionEvent::MemorySaved { snapshot: whole } => {
                changes.clear();
                snapshot = Some(whole);
            }
            _ => {}
        }
    }
    Ok((snapshot, changes))
}

/// What is remembered about a repository from mission to mission.
///
/// It has two parts. What people and missions have noted is kept as changes of a [`MemoryStore`]. What
/// missions have given up is read from their own events, each time anew: it is no longer said once the
/// work has landed. Both stand in the repository's journal.
#[derive(Debug)]
pub struct ProjectMemory {
    kept: DurableMemory<JournalMemory>,
    journal: PathBuf,
}

impl ProjectMemory {
    /// Opens the memory of the repository whose top folder this is. Nobody else can write its journal
    /// meanwhile: no mission runs.
    ///
    /// # Errors
    /// [`MissionError`] where its journal is held or cannot be used.
    pub fn open(root: &Path, config: MemoryConfig) -> Result<Self, MissionError> {
        let (journal, _) = open_journal(root, &Holder::new("a change of the memory"))?;
        Self::of(Arc::new(journal), root, config, Arc::new(Unobserved))
    }

    /// The memory that a journal keeps which is open already.
    pub(super) fn of(
        journal: Arc<Journal>,
        root: &Path,
        config: MemoryConfig,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, MissionError> {
        let folder = journal_of(root);
        let backend = JournalMemory::new(journal, folder.clone(), observer);
        let kept = DurableMemory::open(config, backend).map_err(MissionError::Memory)?;
        Ok(Self {
            kept,
            journal: folder,
        })
    }

    /// What the next mission on a repository would know at its beginning, also while one runs.
    ///
    /// # Errors
    /// [`OpenMemoryError`] where its journal cannot be read.
    pub fn read(
        root: &Path,
        config: MemoryConfig,
    ) -> Result<MemoryStore, OpenMemoryError<JournalMemoryError>> {
        let folder = journal_of(root);
        let (snapshot, changes) = kept(&folder).map_err(OpenMemoryError::Backend)?;
        let mut store = MemoryStore::replay(config, snapshot, &changes)?;
        add_learned(&mut store, &folder).map_err(OpenMemoryError::Backend)?;
        Ok(store)
    }

    /// What the next mission knows at its beginning: what is kept, and what earlier ones have given up.
    ///
    /// # Errors
    /// [`JournalMemoryError`] where the journal cannot be read.
    pub fn store(&self) -> Result<MemoryStore, JournalMemoryError> {
        let mut store = self.kept.store().clone();
        add_learned(&mut store, &self.journal)?;
        Ok(store)
    }

    /// What is kept.
    #[must_use]
    pub fn kept(&self) -> &MemoryStore {
        self.kept.store()
    }

    /// Keeps an entry, or says an older one again.
    ///
    /// # Errors
    /// [`JournalMemoryError`] where it cannot be written down.
    pub fn remember(&mut self, entry: NewEntry) -> Result<EntryId, JournalMemoryError> {
        self.kept.update(|store| store.add(entry))
    }

    /// Keeps entries, all of them or none.
    ///
    /// # Errors
    /// [`JournalMemoryError`] where they cannot be written down.
    pub(super) fn remember_all(
        &mut self,
        entries: impl Iterator<Item = NewEntry>,
    ) -> Result<(), JournalMemoryError> {
        self.kept.update(|store| {
            entries.for_each(|entry| _ = store.add(entry));
        })
    }

    /// Drops an entry for good, and gives it back if it was there.
    ///
    /// # Errors
    /// [`JournalMemoryError`] where that cannot be written down.
    pub fn forget(&mut self, id: EntryId) -> Result<Option<MemoryEntry>, JournalMemoryError> {
        self.kept.update(|store| store.forget(id))
    }
}

fn add_learned(store: &mut MemoryStore, folder: &Path) -> Result<(), JournalMemoryError> {
    for entry in learned(folder)? {
        store.add(entry);
    }
    Ok(())
}
