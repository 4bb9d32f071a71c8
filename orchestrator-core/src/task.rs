//! A task of the scheduler: its name, where it stands, and the parts that run and await it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_task::{Builder, Runnable, ScheduleInfo, WithInfo};

mod body;
mod budget;
mod context;
mod error;
mod handle;
mod options;
mod scope;

pub(crate) use body::TaskFrame;
pub use budget::{Budget, BudgetSpent};
pub use context::TaskContext;
pub use error::TaskError;
pub use handle::TaskHandle;
pub use options::TaskOptions;
pub(crate) use scope::Scope;

use crate::Priority;
use crate::scheduler::NO_LANE;
use body::Body;

/// The name of a task, unique within its scheduler and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(crate) u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// No lane has taken it up.
    Queued,
    /// It was begun: a lane is at it, or it waits for something.
    Running,
    /// It has come to its end. Its handle's result says which.
    Ended,
}

/// A task that is to be run for a while.
pub(crate) type Job = Runnable<Meta>;

/// What the lanes and the handle know of a task, whatever its type.
pub(crate) struct Meta {
    pub(crate) id: TaskId,
    pub(crate) priority: Priority,
    pub(crate) scope: Arc<Scope>,
    /// The lane that it belongs to, if it has one.
    pub(crate) home: AtomicU32,
    pub(crate) begun: AtomicBool,
    /// Its handle has told it to end.
    aborted: AtomicBool,
    /// When it was put in line, in nanoseconds since the scheduler was made.
    pub(crate) queued: u64,
}

/// Makes a task of a future. The job is to be scheduled; `None` when the scope takes no task any more.
pub(crate) fn make<F>(
    scope: &Arc<Scope>,
    id: TaskId,
    queued: u64,
    options: TaskOptions,
    future: F,
) -> (Option<Job>, TaskHandle<F::Output>)
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    if !scope.enter() {
        return (None, TaskHandle::refused(id));
    }
    let TaskOptions { priority, budget } = options;
    let meta = Meta {
        id,
        priority,
        scope: Arc::clone(scope),
        home: AtomicU32::new(NO_LANE),
        begun: AtomicBool::new(false),
        aborted: AtomicBool::new(false),
        queued,
    };
    let (job, task) = Builder::new()
        .metadata(meta)
        .spawn(|_| Body::new(id, priority, budget, future), WithInfo(wake));
    (Some(job), TaskHandle::new(task))
}

/// Puts a woken task back in line.
fn wake(job: Job, info: ScheduleInfo) {
    crate::scheduler::schedule(job, info.woken_while_running);
}

impl Meta {
    pub(crate) fn status(&self) -> TaskStatus {
        // Only to be shown: nothing else is read by its light.
        if self.begun.load(Ordering::Relaxed) {
            TaskStatus::Running
        } else {
            TaskStatus::Queued
        }
    }
}
