//! What a task does: the caller's future, contained, cancelled in time, and done only when its children
//! are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::{Budget, Scope, TaskError, TaskId};
use crate::Priority;
use crate::scheduler::{self, Ending};

pin_project! {
    /// The future that a task runs.
    pub(super) struct Body<F: Future> {
        // Dropped where it lies, as soon as it is done or cancelled.
        #[pin]
        future: Option<F>,
        task: TaskFrame,
        slept: bool,
        result: Option<Result<F::Output, TaskError>>,
    }
}

/// What the lane shows of a task while it is at it.
#[derive(Debug)]
pub(crate) struct TaskFrame {
    pub(crate) id: TaskId,
    pub(crate) priority: Priority,
    pub(crate) budget: Option<Budget>,
    /// Its children's scope, once somebody has asked for it.
    pub(crate) children: Option<Arc<Scope>>,
}

impl<F: Future> Body<F> {
    pub(super) fn new(id: TaskId, priority: Priority, budget: Option<Budget>, future: F) -> Self {
        Self {
            future: Some(future),
            task: TaskFrame {
                id,
                priority,
                budget,
                children: None,
            },
            slept: false,
            result: None,
        }
    }
}

impl<F: Future> Future for Body<F> {
    type Output = Result<F::Output, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let task = this.task.id;
        if !scheduler::is_lane() {
            return Poll::Ready(Err(lose(this.future, task)));
        }
        if let Some(future) = this.future.as_mut().as_pin_mut() {
            let told = scheduler::enter(this.task);
            let mut polled = if told {
                Poll::Ready(Err(TaskError::Cancelled { task }))
            } else {
                match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
                    Ok(polled) => polled.map(Ok),
                    Err(payload) => Poll::Ready(Err(TaskError::panicked(task, &*payload))),
                }
            };
            if polled.is_pending() && !*this.slept {
                *this.slept = scheduler::sleep(task, context.waker());
                if !*this.slept {
                    polled = Poll::Ready(Err(TaskError::Cancelled { task }));
                }
            }
            let Poll::Ready(mut result) = polled else {
                scheduler::exit(this.task);
                return Poll::Pending;
            };
            // Its drop is the caller's code as well, and part of the task: it may ask who it is.
            let dropped = catch_unwind(AssertUnwindSafe(|| this.future.set(None)));
            if let (Err(payload), Ok(_) | Err(TaskError::Cancelled { .. })) = (dropped, &result) {
                let error = TaskError::panicked(task, &*payload);
                // The value is the caller's too.
                drop_contained(std::mem::replace(&mut result, Err(error)));
            }
            scheduler::exit(this.task);
            if let (Err(_), Some(children)) = (&result, &this.task.children) {
                children.cancel();
            }
            *this.result = Some(result);
        }
        if let Some(children) = &this.task.children {
            // Its children are a part of it: told to end before they have ended, it has not ended well,
            // whatever it has returned.
            if scheduler::is_told(task) {
                children.cancel();
                if let Some(Ok(_)) = this.result {
                    let cancelled = Some(Err(TaskError::Cancelled { task }));
                    let value = std::mem::replace(this.result, cancelled);
                    drop_contained(value);
                }
            }
            if children.poll_empty(context).is_pending() {
                if !*this.slept {
                    *this.slept = scheduler::sleep(task, context.waker());
                    if !*this.slept {
                        children.cancel();
                    }
                }
                return Poll::Pending;
            }
        }
        let result = this.result.take();
        let result = result.unwrap_or(Err(TaskError::Lost { task }));
        scheduler::leave(task, *this.slept, Ending::of(&result));
        Poll::Ready(result)
    }
}

/// Drops what is the caller's, whose drop may panic; the task's end is known already.
fn drop_contained<T>(value: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
}

/// Ends a task that is not run by a lane, because there is none any more: its runtime is gone.
fn lose<F>(mut future: Pin<&mut Option<F>>, task: TaskId) -> TaskError {
    match catch_unwind(AssertUnwindSafe(|| future.set(None))) {
        Ok(()) => TaskError::Lost { task },
        Err(payload) => TaskError::panicked(task, &*payload),
    }
}
