//! What is known of a graph that is being run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::plan::{Layout, Slot};
use super::report::JobError;
use super::{FailurePolicy, NodeStatus};
use crate::task::Scope;

/// Ready tasks, by how long a path begins with them; of equals the first.
pub(super) type Line = BinaryHeap<(u64, Reverse<u32>)>;

/// What is known of a run.
pub(super) struct Board<K, E> {
    pub(super) layout: Layout<K>,
    pub(super) policy: FailurePolicy,
    /// Ready tasks by rank, where they are taken up by that.
    pub(super) line: Option<Mutex<Line>>,
    /// A failure has ended the run.
    pub(super) stopped: AtomicBool,
    /// Something was added. Of a task that is done and then looks here, and an adder that sets this and
    /// then looks at the task, one sees the other.
    pub(super) grown: AtomicBool,
    pub(super) late: Mutex<Late<K>>,
    pub(super) failures: Mutex<Vec<(K, JobError<E>)>>,
    pub(super) scope: Mutex<Option<Arc<Scope>>>,
}

/// What was added while the graph ran.
pub(super) struct Late<K> {
    pub(super) slots: Vec<Arc<Slot<K>>>,
    pub(super) index: Option<HashMap<K, u32>>,
    /// By task: those that were added and depend on it.
    pub(super) waiting: HashMap<u32, Vec<u32>>,
}

impl<K> Default for Late<K> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            index: None,
            waiting: HashMap::new(),
        }
    }
}

impl<K, E> Board<K, E> {
    pub(super) fn scope(&self) -> MutexGuard<'_, Option<Arc<Scope>>> {
        lock(&self.scope)
    }

    /// The ready task with which the longest path begins.
    pub(super) fn best(&self) -> Option<u32> {
        let (_, at) = lock(self.line.as_ref()?).pop()?;
        Some(at.0)
    }

    pub(super) fn late_slot(&self, at: u32) -> Option<Arc<Slot<K>>> {
        let late = (at as usize).checked_sub(self.layout.slots.len())?;
        lock(&self.late).slots.get(late).cloned()
    }

    /// What was added, waited for this task and nothing else, and is ready now.
    pub(super) fn late_ready(&self, at: u32) -> Vec<u32> {
        let mut late = lock(&self.late);
        let mut ready = late.waiting.remove(&at).unwrap_or_default();
        ready.retain(|at| late.slots[*at as usize - self.layout.slots.len()].meet_one());
        ready
    }

    /// Skips all that was not begun.
    pub(super) fn skip_all(&self) {
        self.layout.slots.iter().for_each(|slot| _ = slot.skip());
        lock(&self.late)
            .slots
            .iter()
            .for_each(|slot| _ = slot.skip());
    }

    /// Skips all that depends on a task, at whatever distance.
    pub(super) fn skip_below(&self, at: u32) {
        fence(Ordering::SeqCst);
        let grown = self.grown.load(Ordering::Relaxed);
        let mut below = vec![at];
        while let Some(at) = below.pop() {
            for dependent in self.layout.dependents_of(at as usize) {
                if self.layout.slots[*dependent as usize].skip() {
                    below.push(*dependent);
                }
            }
            if grown {
                let mut late = lock(&self.late);
                for dependent in late.waiting.remove(&at).unwrap_or_default() {
                    if late.slots[dependent as usize - self.layout.slots.len()].skip() {
                        below.push(dependent);
                    }
                }
            }
        }
    }

    pub(super) fn statuses(&self) -> Vec<(K, NodeStatus)>
    where
        K: Clone,
    {
        let late = lock(&self.late);
        let late = late
            .slots
            .iter()
            .map(|slot| (slot.key.clone(), slot.status()));
        let all = self.layout.slots.iter();
        all.map(|slot| (slot.key.clone(), slot.status()))
            .chain(late)
            .collect()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks panics half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
