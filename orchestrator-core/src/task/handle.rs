//! Awaiting and aborting a task.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use async_task::Task;

use super::{Meta, TaskError, TaskId, TaskStatus};

/// The caller's end of a task. Await it for the task's result.
///
/// Dropping it does not stop the task. To stop it, [`abort`](Self::abort). Once it has given its
/// result it must not be polled again.
pub struct TaskHandle<T>(Inner<T>);

/// Two words: there are as many handles as tasks.
enum Inner<T> {
    Task(Task<Result<T, TaskError>, Meta>),
    /// It has given its result, or was never taken on.
    Gone(TaskId),
}

impl<T> TaskHandle<T> {
    pub(super) fn new(task: Task<Result<T, TaskError>, Meta>) -> Self {
        Self(Inner::Task(task))
    }

    /// Of a task whose parent has ended before.
    pub(super) fn refused(id: TaskId) -> Self {
        Self(Inner::Gone(id))
    }

    /// The task's name.
    #[must_use]
    pub fn id(&self) -> TaskId {
        match &self.0 {
            Inner::Task(task) => task.metadata().id,
            Inner::Gone(id) => *id,
        }
    }

    /// Where the task stands at this moment.
    #[must_use]
    pub fn status(&self) -> TaskStatus {
        match &self.0 {
            Inner::Task(task) if !task.is_finished() => task.metadata().status(),
            _ => TaskStatus::Ended,
        }
    }

    /// Whether the task has come to its end, and the result can be had at once.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.status() == TaskStatus::Ended
    }

    /// Cancels the task and those that it has spawned, and theirs.
    ///
    /// A task that waits is ended where it stands: its future is dropped there. One that a lane is at
    /// is ended at its next `.await`, and one that is queued when a lane comes to it. The handle gives
    /// its result when all below the task have ended too. A task that has ended keeps its result.
    pub fn abort(&self) {
        if let Inner::Task(task) = &self.0
            && !task.is_finished()
        {
            let meta = task.metadata();
            meta.aborted.store(true, Ordering::Relaxed);
            meta.scope.abort(meta.id);
        }
    }
}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let task = match &mut self.0 {
            Inner::Task(task) => task,
            Inner::Gone(task) => return Poll::Ready(Err(TaskError::Cancelled { task: *task })),
        };
        let result = ready!(Pin::new(task).poll(context));
        self.let_go();
        Poll::Ready(result)
    }
}

impl<T> TaskHandle<T> {
    fn let_go(&mut self) {
        if let Inner::Task(task) = &self.0 {
            let id = task.metadata().id;
            if let Inner::Task(task) = std::mem::replace(&mut self.0, Inner::Gone(id)) {
                let meta = task.metadata();
                if meta.aborted.load(Ordering::Relaxed) && task.is_finished() {
                    // It may have ended before it could be told, and then nobody else takes this back.
                    meta.scope.forget(id);
                }
                task.detach();
            }
        }
    }
}

impl<T> Drop for TaskHandle<T> {
    fn drop(&mut self) {
        self.let_go();
    }
}

impl<T> fmt::Debug for TaskHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskHandle")
            .field("id", &self.id())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
