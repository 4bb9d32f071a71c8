//! Running an event through a plan.

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::Ordering,
};

use futures_util::FutureExt as _;

use crate::{
    Event, ExecutionPlan,
    hook::{Body, Hook},
    plan::Entry,
};

impl<E: Event> ExecutionPlan<E> {
    /// Calls hook after hook until one breaks off.
    pub(crate) async fn run(&self, event: &mut E) -> Option<E::Action> {
        for entry in self.steps() {
            let Some(action) = call(entry, event).await else {
                continue;
            };
            if let ControlFlow::Break(action) = event.apply(action) {
                return Some(action);
            }
        }
        None
    }
}

/// One call, with what the event puts in the place of a panic.
///
/// The event comes as `&mut` although a hook only reads it: a `&E` held across the await would
/// make the whole dispatch `Send` only for events that are `Sync`.
async fn call<E: Event>(entry: &Entry<E>, event: &mut E) -> Option<E::Action> {
    entry.calls.fetch_add(1, Ordering::Relaxed);
    if let Some(action) = contained(&entry.hook, event).await {
        return Some(action);
    }
    entry.panics.fetch_add(1, Ordering::Relaxed);
    event.on_panic(&entry.hook.name)
}

/// The hook's action, or nothing if it panicked.
///
/// Unwind safety is asserted because a hook has the event by shared reference: what it was doing
/// when it panicked has not reached the event. Its own captured state is its own affair.
async fn contained<E: Event>(hook: &Hook<E>, event: &mut E) -> Option<E::Action> {
    match &hook.body {
        Body::Sync(run) => catch_unwind(AssertUnwindSafe(|| run(event))).ok(),
        Body::Async(run) => {
            // Making the future is the hook's code as well and may panic before the first poll.
            let future = catch_unwind(AssertUnwindSafe(|| run(event))).ok()?;
            AssertUnwindSafe(future).catch_unwind().await.ok()
        }
    }
}
