//! What a task knows about itself.

use std::fmt;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{Budget, Scope, TaskHandle, TaskId, TaskOptions};
use crate::{Priority, scheduler};

/// What a task knows about itself, and its means of spawning children. Cheap to clone.
///
/// A task's children end before it does: its handle gives a result only when they have. A task that
/// returns waits for them; one that is aborted, or panics, cancels them and waits then. One that has no more
/// use for a child aborts it.
#[derive(Clone)]
pub struct TaskContext {
    pub(crate) id: TaskId,
    pub(crate) parent: Option<TaskId>,
    pub(crate) priority: Priority,
    pub(crate) lane: usize,
    /// Its children's scope.
    pub(crate) children: Arc<Scope>,
    pub(crate) depth: u32,
}

impl TaskContext {
    /// The context of the task that the caller is in; `None` outside of a scheduler's tasks.
    ///
    /// It is there for the length of a poll, on the thread of the lane: code that the task has moved
    /// to another thread, or into `tokio::spawn`, has to be given it.
    #[must_use]
    pub fn current() -> Option<Self> {
        scheduler::context()
    }

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

    /// How soon the task is taken up.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }

    /// The lane that was at the task when this was asked for, counted from 0.
    #[must_use]
    pub fn lane(&self) -> usize {
        self.lane
    }

    /// What the task and all below it may spend.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.children.budget
    }

    /// Cancelled when the task is told to end.
    ///
    /// The task's future is dropped then in any case. The token is for what the future alone
    /// does not reach: a thread, a process, a request elsewhere.
    #[must_use]
    pub fn cancellation(&self) -> CancellationToken {
        self.children.token()
    }

    /// Whether the task was told to end. For loops that have no `.await`.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.children.is_cancelled()
    }

    /// Spawns a child on the lane that runs the caller, which takes it up next unless another lane
    /// steals it first.
    ///
    /// A child that is spawned after the task has ended is cancelled at once.
    pub fn spawn<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        scheduler::spawn(&self.children, TaskOptions::default(), future)
    }

    /// As [`spawn`](Self::spawn), with options: a [`Priority`], or [`TaskOptions`].
    ///
    /// [`High`](Priority::High) and [`Low`](Priority::Low) children wait where everyone's tasks of that
    /// priority do, and not on a lane.
    pub fn spawn_with<F>(&self, options: impl Into<TaskOptions>, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        scheduler::spawn(&self.children, options.into(), future)
    }

    /// Spawns a child that is a closure. It holds its lane until it returns: what takes longer than a
    /// fraction of a millisecond is for [`spawn_blocking`](Self::spawn_blocking).
    pub fn spawn_fn<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> TaskHandle<T> {
        self.spawn(async move { run() })
    }

    /// Spawns a child that blocks its thread, on one of the runtime's threads for that. It is given its
    /// context, for a closure can be cancelled only by looking at it.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> TaskHandle<T> {
        self.spawn(scheduler::blocking(run))
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
