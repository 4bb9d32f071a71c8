//! How a store is made.

use std::path::Path;
use std::sync::Arc;

use super::StateStore;
use super::bugs::SeededBug;
use super::durable::{Durable, Staged};
use super::error::OpenStoreError;
use super::history::History;
use super::inner::Inner;
use super::publish::Publisher;
use super::report::StoreReport;
use crate::{Durability, Holder, JournalConfig};

/// How a store is made, where the defaults do not fit.
#[derive(Debug)]
pub struct StoreConfig {
    history: History,
    journal: JournalConfig,
    checkpoint_bytes: u64,
    bug: Option<SeededBug>,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            history: History::default(),
            journal: JournalConfig::default(),
            checkpoint_bytes: 64 << 20,
            bug: None,
        }
    }
}

impl StoreConfig {
    /// Keeps this much of the past. By default nothing but what snapshots hold on to.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// Decides what an acknowledgement means, in a store with a folder. The default is
    /// [`Durability::Immediate`].
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.journal = self.journal.with_durability(durability);
        self
    }

    /// Writes the journal in this way: its clock, its medium, its segments. The callback of
    /// acknowledgements is the store's own and is replaced.
    #[must_use]
    pub fn with_journal(mut self, journal: JournalConfig) -> Self {
        self.journal = journal;
        self
    }

    /// Writes a checkpoint when the store is opened and more than this many bytes of commits had to
    /// be read. The default is 64 MiB. It is there to make the next opening short, so a store is open
    /// also when it could not be written: see [`StoreReport::checkpoint`].
    #[must_use]
    pub fn with_checkpoint_bytes(mut self, bytes: u64) -> Self {
        self.checkpoint_bytes = bytes;
        self
    }

    /// Opens the store in a folder. See [`StateStore::open`].
    ///
    /// # Errors
    /// See [`StateStore::open`].
    pub fn open(
        self,
        folder: impl AsRef<Path>,
        holder: &Holder,
    ) -> Result<(StateStore, StoreReport), OpenStoreError> {
        let opened = Durable::open(folder.as_ref(), holder, self.journal, self.bug)?;
        let store = StateStore {
            inner: Arc::new(Inner::new(
                self.history,
                self.bug,
                opened.publisher,
                Some(opened.durable),
                opened.staged,
            )),
        };
        let mut report = StoreReport {
            journal: opened.report,
            checkpoint: None,
        };
        if opened.replayed > self.checkpoint_bytes {
            report.checkpoint = Some(match store.checkpoint() {
                // Nothing could be committed, and only to open it again shows what is there.
                Err(source) if source.has_stopped() => {
                    let folder = folder.as_ref().to_owned();
                    return Err(OpenStoreError::NewCheckpoint { folder, source });
                }
                written => written,
            });
        }
        Ok((store, report))
    }

    /// Puts a bug into the store, to show that a test would notice it.
    #[cfg(feature = "seeded-bugs")]
    #[must_use]
    pub fn with_seeded_bug(mut self, bug: SeededBug) -> Self {
        self.bug = Some(bug);
        self
    }

    /// A store without a disk.
    #[must_use]
    pub fn in_memory(self) -> StateStore {
        let publisher = Arc::new(Publisher::new(0));
        StateStore {
            inner: Arc::new(Inner::new(
                self.history,
                self.bug,
                publisher,
                None,
                Staged::new(),
            )),
        }
    }
}
