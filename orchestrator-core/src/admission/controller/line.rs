//! Waiting to be admitted.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

use super::{
    Admission, Shared,
    core::{Asked, Left},
    now,
};
use crate::{
    Priority,
    admission::{Rejection, Request, WaitReason},
};

/// Somebody in line. Its drop gives the place up.
pub(super) struct InLine<'a> {
    shared: &'a Arc<Shared>,
    number: u64,
    since: std::time::Instant,
    priority: Priority,
    deadline: Option<Instant>,
    left: Left,
}

impl<'a> InLine<'a> {
    pub(super) fn new(
        shared: &'a Arc<Shared>,
        number: u64,
        since: std::time::Instant,
        request: &Request,
    ) -> Self {
        Self {
            shared,
            number,
            since,
            priority: request.priority,
            deadline: request.deadline,
            left: Left::GaveUp,
        }
    }

    /// Asks how it stands, and sets the timer to when to ask again.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        timer: &mut Option<Pin<Box<Sleep>>>,
    ) -> Poll<Result<Admission, Rejection>> {
        loop {
            self.shared.read_memory(self.priority);
            let now = now();
            // Cloned and dropped outside of the lock: both can run code of others.
            let mut waker = Some(context.waker().clone());
            let asked = self
                .shared
                .with(|core, wake| core.ask(now, self.number, &mut waker, wake));
            drop(waker);
            let retry_at = match asked {
                Asked::Decided(decided) => {
                    let ticket = decided?;
                    return Poll::Ready(Ok(Admission::new(self.shared, ticket)));
                }
                Asked::Still(retry_at) => retry_at.map(Instant::from_std),
            };
            if self.deadline.is_some_and(|at| at.into_std() <= now) {
                self.left = Left::DeadlinePassed;
                return Poll::Ready(Err(Rejection::DeadlinePassed {
                    waited: now.saturating_duration_since(self.since),
                    reason: self.reason(),
                }));
            }
            let Some(at) = retry_at.into_iter().chain(self.deadline).min() else {
                *timer = None;
                return Poll::Pending;
            };
            let timer = timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            if timer.deadline() != at {
                timer.as_mut().reset(at);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Gives the place up, and says why.
    pub(super) fn leave(mut self, left: Left) {
        self.left = left;
    }

    /// What it waits for now.
    pub(super) fn reason(&self) -> WaitReason {
        let now = now();
        let reason = self.shared.with(|core, _| core.reason_of(now, self.number));
        reason.unwrap_or(WaitReason::Turn)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let now = now();
        let waker = self
            .shared
            .with(|core, wake| core.leave(now, self.number, self.left, wake));
        drop(waker);
    }
}
