//! An async hook while it runs: panics contained, time limited.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use crate::{BoxError, FailureKind, body::Answer};

/// Polls one hook's future to its end.
///
/// The clock is first looked at when the hook waits: one that answers at once costs no more
/// than its poll.
pub(crate) struct Running<'a, A> {
    /// Gone after its end.
    answer: Option<Answer<'a, A>>,
    limit: Option<Duration>,
    began: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<'a, A> Running<'a, A> {
    /// `began`: where somebody has looked at the clock already.
    pub(crate) fn new(
        answer: Answer<'a, A>,
        limit: Option<Duration>,
        began: Option<Instant>,
    ) -> Self {
        Self {
            answer: Some(answer),
            limit,
            began,
            timer: None,
        }
    }

    /// Drops the hook's future, which is the hook's code as well.
    fn end(&mut self) -> Result<(), FailureKind> {
        let answer = self.answer.take();
        catch_unwind(AssertUnwindSafe(|| drop(answer)))
            .map_err(|payload| FailureKind::panicked(&*payload))
    }
}

impl<A> Future for Running<'_, A> {
    /// What came of the hook, and since when it ran, if that is known.
    type Output = (Result<A, FailureKind>, Option<Instant>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(answer) = &mut this.answer else {
            // Polled after its end, which the await of a dispatch never does.
            return Poll::Pending;
        };
        // Unwind safety is asserted because a hook has the event by shared reference, and its
        // future is not polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| answer.poll(cx)));
        let outcome = match polled {
            Err(payload) => Err(FailureKind::panicked(&*payload)),
            Ok(Poll::Ready(answer)) => answer.map_err(FailureKind::Failed),
            Ok(Poll::Pending) => {
                this.began.get_or_insert_with(Instant::now);
                let Some(limit) = this.limit else {
                    return Poll::Pending;
                };
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
                if timer.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                Err(FailureKind::TimedOut(limit))
            }
        };
        // The first failure is the one to tell of.
        let outcome = match (outcome, this.end()) {
            (Ok(_), Err(dropping)) => Err(dropping),
            (outcome, _) => outcome,
        };
        Poll::Ready((outcome, this.began))
    }
}

impl<A> Answer<'_, A> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<A, BoxError>> {
        match self {
            Self::Plain(future) => future.as_mut().poll(cx).map(Ok),
            Self::Fallible(future) => future.as_mut().poll(cx),
        }
    }
}
