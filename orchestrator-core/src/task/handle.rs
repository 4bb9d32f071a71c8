//! Awaiting and aborting a task.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::sync::oneshot;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::{TaskCell, TaskError, TaskId, TaskStatus};

/// The caller's end of a task. Await it for the task's result.
///
/// Dropping it does not stop the task. To stop it, [`abort`](Self::abort). Once it has given its
/// result it must not be polled again.
pub struct TaskHandle<T> {
    cell: Arc<TaskCell<T>>,
    reply: oneshot::Receiver<Result<T, TaskError>>,
    cancelled: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<T> TaskHandle<T> {
    pub(crate) fn new(
        cell: Arc<TaskCell<T>>,
        reply: oneshot::Receiver<Result<T, TaskError>>,
    ) -> Self {
        let cancelled = Box::pin(cell.cancel.clone().cancelled_owned());
        Self {
            cell,
            reply,
            cancelled,
        }
    }

    /// The task's name.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.cell.id
    }

    /// Where the task stands at this moment.
    #[must_use]
    pub fn status(&self) -> TaskStatus {
        self.cell.status()
    }

    /// Cancels the task and those that it has spawned.
    ///
    /// A queued task ends at once. A running one ends at the `.await` where it stands: its future
    /// is dropped there. Code between two `.await`s is not interrupted. A task that has ended
    /// keeps its result.
    pub fn abort(&self) {
        self.cell.cancel.cancel();
        self.cell.cancel_if_queued();
    }
}

impl<T> Future for TaskHandle<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // A parent's abort cancels the token but cannot reach the queue. Without this, a task
        // that is cancelled while it is queued would answer only when a lane comes free.
        if self.cancelled.as_mut().poll(cx).is_ready() {
            self.cell.cancel_if_queued();
        }
        let task = self.cell.id;
        Pin::new(&mut self.reply)
            .poll(cx)
            .map(|reply| reply.unwrap_or(Err(TaskError::Lost { task })))
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
