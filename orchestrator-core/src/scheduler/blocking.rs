//! Closures that block their thread, apart from the lanes.

use std::panic::resume_unwind;
use std::sync::Arc;

use crate::task::{Scope, TaskContext};

/// A future that runs a closure on one of the runtime's threads for blocking work. The task that it is
/// in does not end before the closure has returned, also when the task is cancelled.
pub(crate) async fn blocking<T: Send + 'static>(
    run: impl FnOnce(&TaskContext) -> T + Send + 'static,
) -> T {
    let Some(context) = super::context() else {
        unreachable!("it is the future of a task, which only a lane polls");
    };
    let inside = Inside::of(&context.children);
    let thread = tokio::task::spawn_blocking(move || {
        let result = run(&context);
        drop(context);
        drop(inside);
        result
    });
    match thread.await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => resume_unwind(payload),
            // The runtime is going down, and the thread was never begun: nobody polls this again.
            Err(_) => std::future::pending().await,
        },
    }
}

/// Counts in a scope as a task does.
pub(crate) struct Inside(Arc<Scope>);

impl Inside {
    /// `None` when the scope takes none any more.
    pub(crate) fn of(scope: &Arc<Scope>) -> Option<Self> {
        scope.enter().then(|| Self(Arc::clone(scope)))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // Of no lane: it counts as one of the first's.
        if self.0.count_out(0) {
            self.0.wake_joiners();
        }
    }
}
