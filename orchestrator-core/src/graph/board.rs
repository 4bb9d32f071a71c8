//! What is known of a graph that is being run.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::mark::Mark;
use super::plan::Layout;
use super::report::JobError;
use super::seats::Seats;
use super::{FailurePolicy, NodeStatus};
use crate::sync::{Mutex, MutexGuard, lock};
use crate::task::Scope;

/// What is known of a run.
pub(super) struct Board<K, E> {
    pub(super) layout: Layout<K>,
    pub(super) policy: FailurePolicy,
    /// The ready tasks, and who runs them.
    pub(super) seats: Seats,
    /// Whether the clock decides how many tasks are run in a row.
    pub(super) paced: bool,
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
    pub(super) tasks: Vec<Arc<LateTask<K>>>,
    pub(super) index: Option<HashMap<K, u32>>,
    /// By task: those that were added and depend on it.
    pub(super) waiting: HashMap<u32, Vec<u32>>,
}

/// A task that was added while the graph ran.
#[derive(Debug)]
pub(super) struct LateTask<K> {
    pub(super) key: K,
    pub(super) mark: Mark,
}

impl<K> Default for Late<K> {
    fn default() -> Self {
        Self {
            tasks: Vec::new(),
            index: None,
            waiting: HashMap::new(),
        }
    }
}

impl<K, E> Board<K, E> {
    pub(super) fn scope(&self) -> MutexGuard<'_, Option<Arc<Scope>>> {
        lock(&self.scope)
    }

    /// How urgent a task is, where tasks are taken up by rank. Those that were added count as short.
    pub(super) fn rank(&self, at: u32) -> u64 {
        self.layout.ranks.get(at as usize).copied().unwrap_or(0)
    }

    /// A task that was added while the graph ran.
    pub(super) fn late(&self, at: u32) -> Option<Arc<LateTask<K>>> {
        let late = (at as usize).checked_sub(self.layout.count())?;
        lock(&self.late).tasks.get(late).cloned()
    }

    /// What was added, waited for this task and nothing else, and is ready now.
    pub(super) fn late_ready(&self, at: u32) -> Vec<u32> {
        let mut late = lock(&self.late);
        let mut ready = late.waiting.remove(&at).unwrap_or_default();
        ready.retain(|at| late.mark(*at, self.layout.count()).meet_one());
        ready
    }

    /// Skips all that was not begun.
    pub(super) fn skip_all(&self) {
        let spots = &self.layout.spots;
        spots.iter().for_each(|spot| _ = spot.mark.skip());
        let late = lock(&self.late);
        late.tasks.iter().for_each(|task| _ = task.mark.skip());
    }

    /// Skips all that depends on a task, at whatever distance.
    pub(super) fn skip_below(&self, at: u32) {
        let grown = self.grown.load(Ordering::SeqCst);
        let mut below = vec![at];
        while let Some(at) = below.pop() {
            for dependent in self.layout.dependents_of(at) {
                if self.layout.mark(dependent).skip() {
                    below.push(dependent);
                }
            }
            if grown {
                let mut late = lock(&self.late);
                for dependent in late.waiting.remove(&at).unwrap_or_default() {
                    if late.mark(dependent, self.layout.count()).skip() {
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
            .tasks
            .iter()
            .map(|task| (task.key.clone(), task.mark.status()));
        let all = self.layout.spots.iter();
        all.map(|spot| (spot.key.clone(), spot.mark.status()))
            .chain(late)
            .collect()
    }
}

impl<K> Late<K> {
    fn mark(&self, at: u32, fixed: usize) -> &Mark {
        &self.tasks[at as usize - fixed].mark
    }
}
