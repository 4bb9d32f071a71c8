//! The cell that a queue entry and a handle share: it makes sure that a task ends once.

use std::{
    mem,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{TaskError, TaskId, TaskStatus};
use crate::panics;

type Reply<T> = oneshot::Sender<Result<T, TaskError>>;

/// The caller's closure. It is given the lane that took the task up.
pub(crate) type Start<T> = Box<dyn FnOnce(usize) -> BoxFuture<'static, T> + Send>;

/// What lies in a queue. A task that was cancelled there stays behind as an empty shell, which
/// [`claim`](Self::claim) tells the lane to step over.
pub(crate) trait Job: Send + Sync {
    /// Takes the task out, to be driven to its end. `None` if it has ended already.
    fn claim(self: Arc<Self>, lane: usize) -> Option<BoxFuture<'static, ()>>;

    /// Ends the task as cancelled if no lane has taken it up.
    fn cancel_queued(&self);
}

enum Stage<T> {
    Queued { start: Start<T>, reply: Reply<T> },
    Running,
    Ended(TaskStatus),
}

pub(crate) struct TaskCell<T> {
    pub(crate) id: TaskId,
    pub(crate) cancel: CancellationToken,
    // Every step from one stage to the next happens under this lock, so that of an abort and a
    // lane that come at the same time just one gets the closure and the reply.
    stage: Mutex<Stage<T>>,
}

impl<T: Send + 'static> TaskCell<T> {
    pub(crate) fn new(
        id: TaskId,
        cancel: CancellationToken,
        start: Start<T>,
        reply: Reply<T>,
    ) -> Self {
        Self {
            id,
            cancel,
            stage: Mutex::new(Stage::Queued { start, reply }),
        }
    }

    async fn run(self: Arc<Self>, start: Start<T>, reply: Reply<T>, lane: usize) {
        // The closure is called inside as well: it may panic before there is a future. So does
        // the drop of a future that is cancelled.
        let body = self
            .cancel
            .run_until_cancelled(async move { start(lane).await });
        let result = match AssertUnwindSafe(body).catch_unwind().await {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(TaskError::Cancelled { task: self.id }),
            Err(payload) => Err(TaskError::Panicked {
                task: self.id,
                message: panics::message(&*payload),
            }),
        };
        // The stage goes first: who has the result must not be told that the task still runs.
        *self.stage() = Stage::Ended(match &result {
            Ok(_) => TaskStatus::Completed,
            Err(TaskError::Panicked { .. }) => TaskStatus::Panicked,
            Err(_) => TaskStatus::Cancelled,
        });
        // Nobody may be listening: a dropped handle lets its task run on.
        drop(reply.send(result));
    }
}

impl<T> TaskCell<T> {
    // Nothing that can panic runs under the lock, so a poisoned one is still sound.
    fn stage(&self) -> MutexGuard<'_, Stage<T>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> TaskStatus {
        match &*self.stage() {
            Stage::Queued { .. } => TaskStatus::Queued,
            Stage::Running => TaskStatus::Running,
            Stage::Ended(status) => *status,
        }
    }

    fn take_queued(&self, next: Stage<T>) -> Option<(Start<T>, Reply<T>)> {
        let mut stage = self.stage();
        if !matches!(*stage, Stage::Queued { .. }) {
            return None;
        }
        match mem::replace(&mut *stage, next) {
            Stage::Queued { start, reply } => Some((start, reply)),
            Stage::Running | Stage::Ended(_) => None,
        }
    }

    pub(crate) fn cancel_if_queued(&self) {
        // What the closure has captured is the caller's: it is dropped outside the lock.
        if let Some((start, reply)) = self.take_queued(Stage::Ended(TaskStatus::Cancelled)) {
            drop(reply.send(Err(TaskError::Cancelled { task: self.id })));
            drop(start);
        }
    }
}

impl<T: Send + 'static> Job for TaskCell<T> {
    fn claim(self: Arc<Self>, lane: usize) -> Option<BoxFuture<'static, ()>> {
        if self.cancel.is_cancelled() {
            self.cancel_if_queued();
            return None;
        }
        let (start, reply) = self.take_queued(Stage::Running)?;
        Some(Box::pin(self.run(start, reply, lane)))
    }

    fn cancel_queued(&self) {
        self.cancel_if_queued();
    }
}
