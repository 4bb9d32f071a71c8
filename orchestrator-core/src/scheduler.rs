//! The work-stealing scheduler: the caller's side.

use std::{num::NonZeroUsize, sync::Arc};

use crossbeam_deque::Worker;
use tokio_util::task::TaskTracker;

use crate::{Priority, TaskContext, TaskHandle};

mod bell;
mod lane;
mod shared;
mod stats;

use lane::Lane;
pub(crate) use shared::{Parent, Shared};
pub use stats::{LaneStats, SchedulerStats};

/// How a [`Scheduler`] is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchedulerConfig {
    /// How many lanes there are, and so how many tasks may be in flight at a time.
    pub lanes: NonZeroUsize,
}

impl SchedulerConfig {
    /// A scheduler of that many lanes.
    #[must_use]
    pub fn new(lanes: NonZeroUsize) -> Self {
        Self { lanes }
    }
}

/// Runs tasks by priority on a fixed number of lanes that steal from each other.
///
/// Lanes are tasks of the tokio runtime that the caller has; there are no threads of our own. A
/// lane drives one task to its end before it takes up the next, so **lanes are the number of
/// tasks in flight**. A task that waits for its own children therefore holds its lane meanwhile:
/// if each lane is held by such a parent, nobody is left to run the children, and all of them
/// wait for ever. Give the scheduler more lanes than there are parents that wait, or let parents
/// return their handles and have someone outside await them.
///
/// # What runs next
///
/// Each lane owns a deque (Chase and Lev 2005, "Dynamic Circular Work-Stealing Deque"): the lane
/// takes the newest task, thieves take the oldest. Tasks from outside wait in one queue a
/// priority. A lane that comes free looks at
///
/// 1. the `High` queue,
/// 2. its own deque,
/// 3. the `Normal` queue,
/// 4. the other lanes' deques,
/// 5. the `Low` queue.
///
/// So that nothing starves, every 16th pick of a lane first gives one of the late ones its turn:
/// the `Low` queue, the `Normal` queue and the oldest task of a deque (the lane's own, if it has
/// one) take turns at that. So the head of either queue waits for at most 48 picks of any lane,
/// and the oldest task of a deque for at most 48 picks of its own.
///
/// # Ends
///
/// Every task ends once: it returns, panics (which the lane survives), or is cancelled by
/// [`TaskHandle::abort`], by the abort of an ancestor, or by the end of the scheduler. Dropping
/// the scheduler cancels everything; [`shutdown`](Self::shutdown) also waits for it.
#[derive(Debug)]
pub struct Scheduler {
    shared: Arc<Shared>,
    lanes: TaskTracker,
}

impl Scheduler {
    /// Starts the lanes on the current tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, like [`tokio::spawn`].
    #[must_use]
    pub fn new(config: SchedulerConfig) -> Self {
        let deques: Vec<_> = (0..config.lanes.get())
            .map(|_| Worker::new_lifo())
            .collect();
        let shared = Arc::new(Shared::new(deques.iter().map(Worker::stealer).collect()));
        let lanes = TaskTracker::new();
        for (index, deque) in deques.into_iter().enumerate() {
            lanes.spawn(Lane::new(index, deque, Arc::clone(&shared)).run());
        }
        // A tracker that stays open would never be done waiting.
        lanes.close();
        Self { shared, lanes }
    }

    /// Puts a task in line. It runs whether or not the handle is awaited.
    ///
    /// After a [`shutdown`](Self::shutdown) the task is cancelled at once.
    pub fn spawn<F, Fut, T>(&self, priority: Priority, f: F) -> TaskHandle<T>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let parent = Parent {
            task: None,
            depth: 0,
            cancel: &self.shared.cancel,
        };
        self.shared.spawn(parent, priority, f)
    }

    /// Cancels every task, queued and running, and waits until the lanes have stopped.
    ///
    /// No task runs once this has returned. It waits for code between two `.await`s to come to
    /// the next one. May be called several times, also side by side.
    pub async fn shutdown(&self) {
        self.shared.cancel.cancel();
        self.lanes.wait().await;
    }

    /// What the lanes have done so far.
    #[must_use]
    pub fn stats(&self) -> SchedulerStats {
        self.shared.stats()
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.shared.cancel.cancel();
    }
}
