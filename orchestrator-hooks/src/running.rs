//! An async hook that waits: panics contained, time limited.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use crate::{
    FailureKind,
    body::{Answer, Exit},
    dispatch::contained,
};

/// Polls the future of a hook, which has been polled once, to its end.
pub(crate) struct Running<'a, A> {
    /// Gone after its end.
    answer: Option<Answer<'a, A>>,
    /// Whether the answer has been polled already in this poll of the dispatch.
    is_polled: bool,
    began: Instant,
    limit: Option<Duration>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<'a, A> Running<'a, A> {
    /// An answer that has just been pending.
    #[cold]
    pub(crate) fn new(answer: Answer<'a, A>, limit: Option<Duration>, began: Instant) -> Self {
        Self {
            answer: Some(answer),
            is_polled: true,
            began,
            limit,
            timer: None,
        }
    }

    /// What came of the hook's future, if it has not just been polled.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Exit<A>> {
        let Some(answer) = &mut self.answer else {
            // Polled after its end, which the await of a dispatch never does.
            return Poll::Pending;
        };
        if std::mem::take(&mut self.is_polled) {
            return Poll::Pending;
        }
        let mut exit = Exit::Through;
        match contained(|| answer.poll(cx, &mut exit)) {
            Ok(true) => Poll::Ready(exit),
            Ok(false) => Poll::Pending,
            // It is not polled again.
            Err(panicked) => Poll::Ready(panicked.into_exit()),
        }
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<FailureKind> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer
            .as_mut()
            .poll(cx)
            .map(|()| FailureKind::TimedOut(limit))
    }
}

impl<A> Future for Running<'_, A> {
    /// What came of the hook, and how long it took.
    type Output = (Exit<A>, Duration);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut exit = match self.poll_answer(cx) {
            Poll::Ready(exit) => exit,
            Poll::Pending => match self.poll_timer(cx) {
                Poll::Ready(late) => Exit::Failed(late),
                Poll::Pending => return Poll::Pending,
            },
        };
        // Dropping the hook's future is the hook's code as well. The first failure is the one to
        // tell of.
        let answer = self.answer.take();
        if let Err(panicked) = contained(|| drop(answer))
            && !matches!(exit, Exit::Failed(_))
        {
            exit = panicked.into_exit();
        }
        Poll::Ready((exit, self.began.elapsed()))
    }
}
