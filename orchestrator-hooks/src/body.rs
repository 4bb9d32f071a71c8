//! What a hook runs, with its type erased.
//!
//! The two kinds stay apart so that a plain function costs no boxed future.

use std::{
    ops::ControlFlow,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;

use crate::{AsyncHandler, Event, FailureKind, failure::BoxError, streak::Streak};

/// Why the loop over hooks is left.
pub(crate) enum Exit<A> {
    /// There are no more.
    Through,
    /// The event broke off with this action.
    Broke(A),
    /// A hook gave no action.
    Failed(FailureKind),
    /// The next hook is async.
    Awaits,
    /// An async hook has answered; its action is not applied yet.
    Answered(A),
}

/// A sync hook together with [`Event::apply`]: in one function they are one call, and an action
/// that is applied at once need not be moved. It says whether to go on, in a register; why not,
/// which is rare, is written down.
pub(crate) type SyncCall<E> = dyn Fn(&mut E, &mut Exit<<E as Event>::Action>) -> bool + Send + Sync;

/// An async hook. Its future borrows the event, and may borrow the hook.
pub(crate) trait AsyncCall<E: Event>: Send + Sync {
    /// Calls the hook and polls its future once: what it says is in `exit`, unless it waits.
    fn call<'a>(
        &'a self,
        event: &'a E,
        cx: &mut Context<'_>,
        exit: &mut Exit<E::Action>,
    ) -> Option<Answer<'a, E::Action>>;
}

/// The future of an async hook, in the form in which its author boxed it.
pub(crate) enum Answer<'a, A> {
    Plain(BoxFuture<'a, A>),
    Fallible(BoxFuture<'a, Result<A, BoxError>>),
}

impl<'a, A> Answer<'a, A> {
    /// Whether it is there; what it is, is then in `exit`.
    #[inline]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, exit: &mut Exit<A>) -> bool {
        match self {
            Self::Plain(future) => match future.as_mut().poll(cx) {
                Poll::Ready(action) => *exit = Exit::Answered(action),
                Poll::Pending => return false,
            },
            Self::Fallible(future) => match future.as_mut().poll(cx) {
                Poll::Ready(Ok(action)) => *exit = Exit::Answered(action),
                Poll::Ready(Err(error)) => *exit = Exit::Failed(FailureKind::Failed(error)),
                Poll::Pending => return false,
            },
        }
        true
    }

    #[inline]
    fn polled(mut self, cx: &mut Context<'_>, exit: &mut Exit<A>) -> Option<Answer<'a, A>> {
        match self.poll(cx, exit) {
            true => None,
            false => Some(self),
        }
    }
}

/// What a hook runs.
pub(crate) struct Body<E: Event> {
    /// What is called in any case, so that the loop over hooks need not ask of which kind each is.
    /// That of an async hook says that it is one.
    pub(crate) call: Box<SyncCall<E>>,
    pub(crate) later: Option<Box<dyn AsyncCall<E>>>,
}

impl<E: Event> Body<E> {
    pub(crate) fn sync(run: impl Fn(&E) -> E::Action + Send + Sync + 'static) -> Self {
        Self::of_call(move |event, exit| {
            let action = run(event);
            goes_on(event.apply(action), exit)
        })
    }

    pub(crate) fn try_sync<F, X>(run: F) -> Self
    where
        F: Fn(&E) -> Result<E::Action, X> + Send + Sync + 'static,
        X: Into<BoxError>,
    {
        Self::of_call(move |event, exit| match run(event) {
            Ok(action) => goes_on(event.apply(action), exit),
            Err(error) => {
                *exit = Exit::Failed(FailureKind::Failed(error.into()));
                false
            }
        })
    }

    fn of_call(
        call: impl Fn(&mut E, &mut Exit<E::Action>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            call: Box::new(call),
            later: None,
        }
    }

    pub(crate) fn later(hook: impl AsyncCall<E> + 'static) -> Self {
        Self {
            call: Box::new(|_, exit| {
                *exit = Exit::Awaits;
                false
            }),
            later: Some(Box::new(hook)),
        }
    }

    /// Has a sync hook fail, without being called, once it is disabled. An async one is asked
    /// where it is awaited.
    pub(crate) fn watched(self, streak: &Arc<Streak>) -> Self {
        if self.later.is_some() {
            return self;
        }
        let (streak, call) = (Arc::clone(streak), self.call);
        Self::of_call(move |event, exit| {
            if let Some(disabled) = streak.disabled() {
                *exit = Exit::Failed(disabled);
                return false;
            }
            let goes_on = call(event, exit);
            if goes_on || matches!(exit, Exit::Broke(_)) {
                streak.succeeded();
            }
            goes_on
        })
    }
}

// Without it the action would be handed over in memory, in parts.
#[inline(always)]
fn goes_on<A>(flow: ControlFlow<A>, exit: &mut Exit<A>) -> bool {
    match flow {
        ControlFlow::Continue(()) => true,
        ControlFlow::Break(action) => {
            *exit = Exit::Broke(action);
            false
        }
    }
}

/// A closure that boxes its future.
pub(crate) struct Plain<F>(pub(crate) F);

impl<E, F> AsyncCall<E> for Plain<F>
where
    E: Event,
    F: for<'a> Fn(&'a E) -> BoxFuture<'a, E::Action> + Send + Sync,
{
    #[inline]
    fn call<'a>(
        &'a self,
        event: &'a E,
        cx: &mut Context<'_>,
        exit: &mut Exit<E::Action>,
    ) -> Option<Answer<'a, E::Action>> {
        Answer::Plain((self.0)(event)).polled(cx, exit)
    }
}

/// A closure that boxes its future, which may have an error.
pub(crate) struct Fallible<F>(pub(crate) F);

impl<E, F> AsyncCall<E> for Fallible<F>
where
    E: Event,
    F: for<'a> Fn(&'a E) -> BoxFuture<'a, Result<E::Action, BoxError>> + Send + Sync,
{
    fn call<'a>(
        &'a self,
        event: &'a E,
        cx: &mut Context<'_>,
        exit: &mut Exit<E::Action>,
    ) -> Option<Answer<'a, E::Action>> {
        Answer::Fallible((self.0)(event)).polled(cx, exit)
    }
}

/// A struct.
pub(crate) struct Handled<H>(pub(crate) H);

impl<E: Event, H: AsyncHandler<E>> AsyncCall<E> for Handled<H> {
    fn call<'a>(
        &'a self,
        event: &'a E,
        cx: &mut Context<'_>,
        exit: &mut Exit<E::Action>,
    ) -> Option<Answer<'a, E::Action>> {
        Answer::Plain(Box::pin(self.0.call(event))).polled(cx, exit)
    }
}
