//! What a task does: the caller's future, contained, cancelled in time, and done only when its children
//! are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use super::{Budget, Scope, TaskError, TaskId};
use crate::Priority;
use crate::scheduler::{self, Ending};

pin_project! {
    /// The future that a task runs.
    pub(super) struct Body<F: Future> {
        #[pin]
        stage: Stage<F, Result<F::Output, TaskError>>,
        task: TaskFrame,
    }
}

pin_project! {
    /// How far a task is. In one place, for there are many tasks, and none has use for both.
    #[project = StageProjected]
    enum Stage<F, R> {
        // Dropped where it lies, as soon as it is done or cancelled.
        Runs { #[pin] future: F },
        /// `None` once it was taken.
        Ended { result: Option<R> },
    }
}

/// What the lane shows of a task while it is at it.
#[derive(Debug)]
pub(crate) struct TaskFrame {
    pub(crate) id: TaskId,
    pub(crate) priority: Priority,
    /// Whether it has waited for something.
    pub(crate) slept: bool,
    pub(crate) budget: Option<Budget>,
    /// Its children's scope, once somebody has asked for it.
    pub(crate) children: Option<Arc<Scope>>,
}

impl<F: Future> Body<F> {
    pub(super) fn new(id: TaskId, priority: Priority, budget: Option<Budget>, future: F) -> Self {
        Self {
            stage: Stage::Runs { future },
            task: TaskFrame {
                id,
                priority,
                slept: false,
                budget,
                children: None,
            },
        }
    }
}

impl<F: Future> Future for Body<F> {
    type Output = Result<F::Output, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let task = this.task.id;
        if !scheduler::is_lane() {
            return Poll::Ready(Err(lose(this.stage, task)));
        }
        if let StageProjected::Runs { future } = this.stage.as_mut().project() {
            let told = scheduler::enter(this.task);
            let mut polled = if told {
                Poll::Ready(Err(TaskError::Cancelled { task }))
            } else {
                match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
                    Ok(polled) => polled.map(Ok),
                    Err(payload) => Poll::Ready(Err(TaskError::panicked(task, &*payload))),
                }
            };
            if polled.is_pending() && !this.task.falls_asleep(context.waker()) {
                polled = Poll::Ready(Err(TaskError::Cancelled { task }));
            }
            let Poll::Ready(mut result) = polled else {
                scheduler::exit(this.task);
                return Poll::Pending;
            };
            // Its drop is the caller's code as well, and part of the task: it may ask who it is.
            let dropped = catch_unwind(AssertUnwindSafe(|| this.stage.as_mut().end(None)));
            if let (Err(payload), Ok(_) | Err(TaskError::Cancelled { .. })) = (dropped, &result) {
                let error = TaskError::panicked(task, &*payload);
                // The value is the caller's too.
                drop_contained(std::mem::replace(&mut result, Err(error)));
            }
            scheduler::exit(this.task);
            if let (Err(_), Some(children)) = (&result, &this.task.children) {
                children.cancel();
            }
            this.stage.as_mut().end(Some(result));
        }
        let StageProjected::Ended { result } = this.stage.project() else {
            unreachable!("its future has ended");
        };
        if let Some(children) = this.task.children.clone() {
            // Its children are a part of it: told to end before they have ended, it has not ended well,
            // whatever it has returned.
            if scheduler::is_told(task) {
                children.cancel();
                if let Some(Ok(_)) = result {
                    let cancelled = Some(Err(TaskError::Cancelled { task }));
                    drop_contained(std::mem::replace(result, cancelled));
                }
            }
            if children.poll_empty(context).is_pending() {
                if !this.task.falls_asleep(context.waker()) {
                    children.cancel();
                }
                return Poll::Pending;
            }
        }
        let result = result.take().unwrap_or(Err(TaskError::Lost { task }));
        scheduler::leave(task, this.task.slept, Ending::of(&result));
        Poll::Ready(result)
    }
}

impl TaskFrame {
    /// The task has to wait. `false`: it was told to end, and must not.
    fn falls_asleep(&mut self, waker: &Waker) -> bool {
        self.slept = self.slept || scheduler::sleep(self.id, waker);
        self.slept
    }
}

impl<F, R> Stage<F, R> {
    /// Drops what is there, which may panic.
    fn end(mut self: Pin<&mut Self>, result: Option<R>) {
        self.set(Self::Ended { result });
    }
}

/// Drops what is the caller's, whose drop may panic; the task's end is known already.
fn drop_contained<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

/// Ends a task that is not run by a lane, because there is none any more: its runtime is gone.
fn lose<F, R>(stage: Pin<&mut Stage<F, R>>, task: TaskId) -> TaskError {
    match catch_unwind(AssertUnwindSafe(|| stage.end(None))) {
        Ok(()) => TaskError::Lost { task },
        Err(payload) => TaskError::panicked(task, &*payload),
    }
}
