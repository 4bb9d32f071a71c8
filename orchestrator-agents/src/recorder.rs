//! Writing events down and telling whoever watches.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orchestrator_state::{AppendError, Journal, Snapshot, StateStore};

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

/// The journal could not be written. The mission stops: what is not journaled
/// did not happen.
#[derive(Debug, thiserror::Error)]
#[error("the journal could not be written, so the mission stops here")]
pub struct RecordError {
    #[from]
    source: AppendError,
}

/// The journal, the state that its events add up to, and whoever watches. The
/// three see every event in the same order.
#[derive(Clone)]
pub(crate) struct Recorder {
    journal: Arc<Journal>,
    state: Arc<Mutex<MissionState>>,
    statuses: Arc<StateStore<String, ItemStatus>>,
    observer: Arc<dyn Observer>,
}

impl Recorder {
    pub(crate) fn new(journal: Arc<Journal>, observer: Arc<dyn Observer>) -> Self {
        let statuses = Arc::new(StateStore::new());
        Self {
            journal,
            state: Arc::default(),
            statuses,
            observer,
        }
    }

    /// Makes an event durable, applies it, then shows it.
    pub(crate) fn record(&self, event: &MissionEvent) -> Result<(), RecordError> {
        let mut state = self.state();
        self.journal.append(event.name(), event)?;
        state.apply(event);
        // The journal has it: a version conflict only means another look.
        let _ = self.statuses.update(|tx| {
            for item in &state.items {
                if tx.get(&item.item.id) != Some(&item.status) {
                    tx.put(item.item.id.clone(), item.status);
                }
            }
        });
        self.observer.event(event);
        Ok(())
    }

    /// How every item stands, as of one moment, without keeping events from
    /// being recorded.
    pub(crate) fn statuses(&self) -> Snapshot<String, ItemStatus> {
        self.statuses.snapshot()
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
