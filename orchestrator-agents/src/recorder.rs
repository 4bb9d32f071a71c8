//! Writing events down and telling whoever watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orchestrator_state::{AppendError, Journal, StateStore, Table, TableError, UpdateError};

use crate::event::MissionEvent;
use crate::mission::{ItemStatus, MissionState};

/// Watches a mission: a progress display, a log.
///
/// Called in the order of the journal, from whatever thread has news. It must
/// not block.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &MissionEvent);
}

/// The observer of those who do not watch.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn event(&self, _: &MissionEvent) {}
}

/// An event could not be written down. The mission stops: what is not journaled
/// did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The journal could not be written.
    #[error("the journal could not be written, so the mission stops here")]
    Journal(#[from] AppendError),
    /// What the event changes could not be shown.
    #[error("the state of the items could not be updated, so the mission stops here")]
    State(#[from] UpdateError),
    /// There is no table for the state of the items.
    #[error("the state of the items could not be set up, so the mission does not begin")]
    Table(#[from] TableError),
}

/// The journal, the state that its events add up to, and whoever watches. The
/// three see every event in the same order.
#[derive(Clone)]
pub(crate) struct Recorder {
    journal: Arc<Journal>,
    state: Arc<Mutex<MissionState>>,
    store: StateStore,
    statuses: Table<String, ItemStatus>,
    observer: Arc<dyn Observer>,
}

impl Recorder {
    pub(crate) fn new(
        journal: Arc<Journal>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, RecordError> {
        let store = StateStore::in_memory();
        let statuses = store.table("statuses")?;
        Ok(Self {
            journal,
            state: Arc::default(),
            store,
            statuses,
            observer,
        })
    }

    /// Makes an event durable, applies it, then shows it.
    pub(crate) fn record(&self, event: &MissionEvent) -> Result<(), RecordError> {
        let mut state = self.state();
        self.journal.append(event.name(), event)?;
        state.apply(event);
        self.store.update(|tx| {
            for item in &state.items {
                let shown = tx.get(&self.statuses, &item.item.id);
                if shown.as_deref() != Some(&item.status) {
                    tx.put(&self.statuses, item.item.id.clone(), item.status);
                }
            }
        })?;
        self.observer.event(event);
        Ok(())
    }

    /// How every item stands, as of one moment, without keeping events from
    /// being recorded.
    pub(crate) fn statuses(&self) -> Vec<(String, ItemStatus)> {
        let rows = self.store.snapshot().rows(&self.statuses);
        rows.into_iter().map(|(id, status)| (id, *status)).collect()
    }

    /// Shows an event that is not worth a record.
    pub(crate) fn notify(&self, event: &MissionEvent) {
        self.observer.event(event);
    }

    /// The state now. Held, it keeps events from being recorded.
    pub(crate) fn state(&self) -> MutexGuard<'_, MissionState> {
        // The state is replaced by whole events; a panic cannot leave half one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
