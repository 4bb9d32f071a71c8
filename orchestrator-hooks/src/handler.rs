//! Hooks that are structs.

use std::future::Future;

use crate::Event;

/// A struct that answers an event at once; see [`Hook::of`](crate::Hook::of).
///
/// ```
/// # use std::ops::ControlFlow;
/// # use orchestrator_hooks::{Event, Handler, Hook};
/// # struct Saved { path: String }
/// # impl Event for Saved {
/// #     type Action = ();
/// #     const NAME: &'static str = "saved";
/// #     fn apply(&mut self, (): ()) -> ControlFlow<()> { ControlFlow::Continue(()) }
/// # }
/// struct Audit { log: std::sync::mpsc::Sender<String> }
///
/// impl Handler<Saved> for Audit {
///     fn call(&self, event: &Saved) {
///         // Nobody listens any more: then there is nothing to audit.
///         self.log.send(event.path.clone()).ok();
///     }
/// }
///
/// # let (log, _) = std::sync::mpsc::channel();
/// let hook = Hook::of("audit", Audit { log });
/// # let _ = hook;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle the event `{E}`",
    note = "implement `Handler<{E}>` for it, or pass a closure to `Hook::new`"
)]
pub trait Handler<E: Event>: Send + Sync + 'static {
    /// Looks at the event and answers. It runs on the thread that polls the dispatch, so it
    /// should not block.
    fn call(&self, event: &E) -> E::Action;
}

/// A struct that answers an event and may wait; see [`Hook::of_async`](crate::Hook::of_async).
///
/// Implementations write `async fn call(&self, event: &E) -> ...`; the future must be `Send`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle the event `{E}`",
    note = "implement `AsyncHandler<{E}>` for it, or pass a closure to `Hook::new_async`"
)]
pub trait AsyncHandler<E: Event>: Send + Sync + 'static {
    /// Looks at the event and answers. Dropping the dispatch drops the future.
    fn call(&self, event: &E) -> impl Future<Output = E::Action> + Send;
}
