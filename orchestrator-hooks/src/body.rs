//! What a hook runs, with its type erased.
//!
//! The two kinds stay apart so that a plain function costs no boxed future.

use std::ops::ControlFlow;

use futures_util::future::BoxFuture;

use crate::{AsyncHandler, Event, failure::BoxError};

/// What came of a sync hook: its action is applied already, or it had an error instead.
pub(crate) type Applied<A> = Result<ControlFlow<A>, BoxError>;

/// A sync hook together with [`Event::apply`]: in one function they are one call, and an action
/// that is applied at once need not be moved.
pub(crate) type SyncCall<E> = dyn Fn(&mut E) -> Applied<<E as Event>::Action> + Send + Sync;

/// An async hook. Its future borrows the event, and may borrow the hook.
pub(crate) trait AsyncCall<E: Event>: Send + Sync {
    fn call<'a>(&'a self, event: &'a E) -> Answer<'a, E::Action>;
}

/// The future of an async hook, in the form in which its author boxed it.
pub(crate) enum Answer<'a, A> {
    Plain(BoxFuture<'a, A>),
    Fallible(BoxFuture<'a, Result<A, BoxError>>),
}

/// What a hook runs.
pub(crate) enum Body<E: Event> {
    Sync(Box<SyncCall<E>>),
    Async(Box<dyn AsyncCall<E>>),
}

impl<E: Event> Body<E> {
    pub(crate) fn sync(run: impl Fn(&E) -> E::Action + Send + Sync + 'static) -> Self {
        Self::Sync(Box::new(move |event| {
            let action = run(event);
            Ok(event.apply(action))
        }))
    }

    pub(crate) fn try_sync<F, X>(run: F) -> Self
    where
        F: Fn(&E) -> Result<E::Action, X> + Send + Sync + 'static,
        X: Into<BoxError>,
    {
        Self::Sync(Box::new(move |event| match run(event) {
            Ok(action) => Ok(event.apply(action)),
            Err(error) => Err(error.into()),
        }))
    }
}

/// A closure that boxes its future.
pub(crate) struct Plain<F>(pub(crate) F);

impl<E, F> AsyncCall<E> for Plain<F>
where
    E: Event,
    F: for<'a> Fn(&'a E) -> BoxFuture<'a, E::Action> + Send + Sync,
{
    fn call<'a>(&'a self, event: &'a E) -> Answer<'a, E::Action> {
        Answer::Plain((self.0)(event))
    }
}

/// A closure that boxes its future, which may have an error.
pub(crate) struct Fallible<F>(pub(crate) F);

impl<E, F> AsyncCall<E> for Fallible<F>
where
    E: Event,
    F: for<'a> Fn(&'a E) -> BoxFuture<'a, Result<E::Action, BoxError>> + Send + Sync,
{
    fn call<'a>(&'a self, event: &'a E) -> Answer<'a, E::Action> {
        Answer::Fallible((self.0)(event))
    }
}

/// A struct.
pub(crate) struct Handled<H>(pub(crate) H);

impl<E: Event, H: AsyncHandler<E>> AsyncCall<E> for Handled<H> {
    fn call<'a>(&'a self, event: &'a E) -> Answer<'a, E::Action> {
        Answer::Plain(Box::pin(self.0.call(event)))
    }
}
