//! What the lanes share: the queues, the wake-up call and the way in.

use std::{
    fmt, iter,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crossbeam_deque::{Injector, Steal, Stealer};
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{bell::Bell, lane, stats::Counters};
use crate::{
    Priority, SchedulerStats, TaskContext, TaskHandle,
    task::{Job, TaskCell, TaskId},
};

/// Where a new task hangs in the tree.
pub(crate) struct Parent<'a> {
    pub(crate) task: Option<TaskId>,
    pub(crate) depth: u32,
    pub(crate) cancel: &'a CancellationToken,
}

pub(crate) struct Shared {
    injectors: [Injector<Arc<dyn Job>>; 3],
    stealers: Vec<Stealer<Arc<dyn Job>>>,
    pub(super) counters: Vec<Counters>,
    pub(super) bell: Bell,
    pub(crate) cancel: CancellationToken,
    next_id: AtomicU64,
}

impl Shared {
    pub(super) fn new(stealers: Vec<Stealer<Arc<dyn Job>>>) -> Self {
        Self {
            injectors: Default::default(),
            counters: stealers.iter().map(|_| Counters::default()).collect(),
            stealers,
            bell: Bell::default(),
            cancel: CancellationToken::new(),
            next_id: AtomicU64::new(1),
        }
    }

    pub(crate) fn spawn<F, Fut, T>(
        self: &Arc<Self>,
        parent: Parent<'_>,
        priority: Priority,
        f: F,
    ) -> TaskHandle<T>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let id = TaskId(self.next_id.fetch_add(1, Ordering::Relaxed));
        let cancel = parent.cancel.child_token();
        let context = TaskContext {
            id,
            parent: parent.task,
            depth: parent.depth,
            lane: 0,
            cancel: cancel.clone(),
            shared: Arc::clone(self),
        };
        let start = Box::new(move |lane| f(TaskContext { lane, ..context }).boxed());
        let (reply, answer) = oneshot::channel();
        let cell = Arc::new(TaskCell::new(id, cancel, start, reply));
        self.push(priority, Arc::clone(&cell) as Arc<dyn Job>);
        // The lanes may have emptied the queues for the last time before the push; then nobody
        // but us can end this task. If the scheduler ends after this look, the lanes do it.
        if self.cancel.is_cancelled() {
            cell.cancel_if_queued();
        }
        TaskHandle::new(cell, answer)
    }

    fn push(self: &Arc<Self>, priority: Priority, job: Arc<dyn Job>) {
        let outside = match priority {
            Priority::Normal => lane::push_to_current(self, job).err(),
            Priority::High | Priority::Low => Some(job),
        };
        if let Some(job) = outside {
            self.injectors[priority.index()].push(job);
        }
        self.bell.ring();
    }

    /// The oldest task of that priority from outside.
    pub(super) fn inject(&self, priority: Priority) -> Option<Arc<dyn Job>> {
        // One at a time. A batch moved to the lane's deque would be out of sight of the
        // priorities, behind a task that may run for minutes.
        until_settled(|| self.injectors[priority.index()].steal())
    }

    /// The oldest task of a lane's deque.
    pub(super) fn steal(&self, lane: usize) -> Option<Arc<dyn Job>> {
        until_settled(|| self.stealers[lane].steal())
    }

    /// Whether any queue has something in it at this moment.
    pub(super) fn has_work(&self) -> bool {
        self.injectors.iter().any(|queue| !queue.is_empty())
            || self.stealers.iter().any(|deque| !deque.is_empty())
    }

    pub(super) fn lanes(&self) -> usize {
        self.stealers.len()
    }

    pub(crate) fn stats(&self) -> SchedulerStats {
        SchedulerStats {
            lanes: self.counters.iter().map(Counters::read).collect(),
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("lanes", &self.lanes())
            .field("cancelled", &self.cancel.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// A steal that loses a race is told to try again; only then is the answer worth something.
fn until_settled<T>(attempt: impl FnMut() -> Steal<T>) -> Option<T> {
    iter::repeat_with(attempt)
        .find(|steal| !steal.is_retry())
        .and_then(Steal::success)
}
