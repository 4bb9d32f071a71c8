//! What a task knows about itself.

use std::{fmt, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{TaskHandle, TaskId};
use crate::{
    Priority,
    scheduler::{Parent, Shared},
};

/// What a task knows about itself, and its means of spawning children.
#[derive(Clone)]
pub struct TaskContext {
    pub(crate) id: TaskId,
    pub(crate) parent: Option<TaskId>,
    pub(crate) depth: u32,
    pub(crate) lane: usize,
    pub(crate) cancel: CancellationToken,
    pub(crate) shared: Arc<Shared>,
}

impl TaskContext {
    /// The task's name.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// The task that spawned this one, unless it came from outside.
    #[must_use]
    pub fn parent(&self) -> Option<TaskId> {
        self.parent
    }

    /// How many ancestors the task has: 0 if it came from outside.
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The lane that took the task up, counted from 0.
    #[must_use]
    pub fn lane(&self) -> usize {
        self.lane
    }

    /// Cancelled when the task, one of its ancestors or the scheduler is.
    ///
    /// The task's future is dropped then in any case. The token is for what the future alone
    /// does not reach: a thread, a process, a request elsewhere.
    #[must_use]
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Spawns a child: cancelled with this task, but not ended by this task's ordinary end.
    ///
    /// A [`Normal`](Priority::Normal) child goes on the deque of the lane that runs the caller,
    /// which takes it up next unless a sibling steals it first. The deque has no order by
    /// priority, so the other two go where everyone's tasks of that priority wait; so does a
    /// child that is spawned from outside the lanes.
    ///
    /// Awaiting a child holds the lane: see [`Scheduler`](crate::Scheduler).
    pub fn spawn<F, Fut, T>(&self, priority: Priority, f: F) -> TaskHandle<T>
    where
        F: FnOnce(TaskContext) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        let parent = Parent {
            task: Some(self.id),
            depth: self.depth.saturating_add(1),
            cancel: &self.cancel,
        };
        self.shared.spawn(parent, priority, f)
    }
}

impl fmt::Debug for TaskContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskContext")
            .field("id", &self.id)
            .field("parent", &self.parent)
            .field("depth", &self.depth)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}
