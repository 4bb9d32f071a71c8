//! The memory that the sessions of one mission share.

use std::fmt;
use std::sync::Arc;

use orchestrator_memory::{
    Budget, Context, EntryId, MemoryStore, NewEntry, Query, RecallError, SharedMemory,
};

/// A [`MemoryStore`] in several hands: what one session has learnt, others are told.
///
/// Cloning gives another handle to the same memory.
#[derive(Clone, Default)]
pub struct MissionMemory(Arc<SharedMemory>);

impl MissionMemory {
    /// Shares a memory.
    #[must_use]
    pub fn new(store: MemoryStore) -> Self {
        Self(Arc::new(SharedMemory::new(store)))
    }

    /// Remembers something.
    pub fn remember(&self, entry: NewEntry) -> EntryId {
        let Ok(id) = self.0.update(|memory| memory.add(entry));
        id
    }

    /// The memory as it is now; what others do to it meanwhile is not seen.
    #[must_use]
    pub fn read(&self) -> Arc<MemoryStore> {
        self.0.read()
    }

    /// Begins a turn that is about the cue, for all who share the memory, and gives what earns its
    /// tokens then. What belongs to other tasks than this one is left out.
    ///
    /// What must be there is there, also where that alone takes more than `tokens`; what has expired at
    /// `now`, in seconds from 1970-01-01 UTC, is not.
    ///
    /// # Errors
    /// [`RecallError`] where the memory has limits of its own that what must be there exceeds.
    pub fn turn(
        &self,
        cue: &str,
        task: Option<&str>,
        tokens: usize,
        now: i64,
    ) -> Result<Context, RecallError> {
        let mut query = Query::new(cue).at(now);
        if let Some(task) = task {
            query = query.for_task(task);
        }
        let Ok(_) = self.0.update(|memory| memory.turn_of(task, cue));
        // Others go on meanwhile.
        let memory = self.read();
        match memory.recall(query.clone(), Budget::new(tokens)) {
            Err(RecallError::PinnedExceedBudget { by, .. }) => {
                memory.recall(query, Budget::new(tokens.saturating_add(by)))
            }
            recalled => recalled,
        }
    }
}

impl fmt::Debug for MissionMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MissionMemory")
            .field("entries", &self.read().entries().count())
            .finish_non_exhaustive()
    }
}
