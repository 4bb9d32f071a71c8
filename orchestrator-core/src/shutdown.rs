//! Stopping in order, within a time.

use std::{cmp::Reverse, fmt, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;

mod report;

pub use report::{HandlerOutcome, HandlerReport, ShutdownReport};

use crate::panics;

struct Handler {
    name: String,
    priority: i32,
    close: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

/// Stops the parts of a program in order.
///
/// Handlers of a higher priority are done before those of a lower one begin; equal ones run side
/// by side. Each has a time limit, 5 seconds unless set otherwise; one that is late is dropped,
/// one that panics is noted, and the others run all the same. When to stop is the caller's
/// affair: await a signal, then [`run`](Self::run).
///
/// A handler is a tokio task, so the limit holds for what waits. One that blocks its thread is
/// given up on, but the thread stays busy, and on a current-thread runtime so does everything.
pub struct ShutdownManager {
    handlers: Vec<Handler>,
    limit: Duration,
}

impl ShutdownManager {
    /// No handlers yet, 5 seconds for each.
    #[must_use]
    pub fn new() -> Self {
        Self {
            handlers: Vec::new(),
            limit: Duration::from_secs(5),
        }
    }

    /// Sets how long each handler may take.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Adds a handler. The highest priority runs first.
    ///
    /// # Errors
    ///
    /// [`ShutdownRegisterError::DuplicateName`]: the report names handlers, so names are unique.
    pub fn register<F, Fut>(
        &mut self,
        name: impl Into<String>,
        priority: i32,
        handler: F,
    ) -> Result<(), ShutdownRegisterError>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let name = name.into();
        if self.handlers.iter().any(|handler| handler.name == name) {
            return Err(ShutdownRegisterError::DuplicateName { name });
        }
        self.handlers.push(Handler {
            name,
            priority,
            close: Box::new(move || Box::pin(handler())),
        });
        Ok(())
    }

    /// Runs every handler once, and reports who was late or panicked.
    ///
    /// Dropping the future drops the handlers that are running; the rest do not run. Needs a
    /// tokio runtime with time enabled.
    pub async fn run(mut self) -> ShutdownReport {
        // Stable: equal ones are reported in the order in which they were registered.
        self.handlers
            .sort_by_key(|handler| Reverse(handler.priority));
        let limit = self.limit;
        let mut handlers = Vec::with_capacity(self.handlers.len());
        let mut waiting = self.handlers.into_iter().peekable();
        while let Some(first) = waiting.next() {
            let priority = first.priority;
            let mut stage = vec![first];
            while let Some(next) = waiting.next_if(|next| next.priority == priority) {
                stage.push(next);
            }
            handlers.extend(join_all(stage.into_iter().map(|one| close(one, limit))).await);
        }
        ShutdownReport { handlers }
    }
}

async fn close(handler: Handler, limit: Duration) -> HandlerReport {
    let Handler {
        name,
        priority,
        close,
    } = handler;
    let began = Instant::now();
    // A task of its own, so that one that computes does not delay its equals' time-outs.
    let task = AbortOnDropHandle::new(tokio::spawn(async move { close().await }));
    let outcome = match timeout(limit, task).await {
        Ok(Ok(())) => HandlerOutcome::Done,
        Ok(Err(error)) => HandlerOutcome::Panicked {
            message: match error.try_into_panic() {
                Ok(payload) => panics::message(&*payload),
                Err(error) => error.to_string(),
            },
        },
        Err(_) => HandlerOutcome::Late { limit },
    };
    HandlerReport {
        name,
        priority,
        outcome,
        took: began.elapsed(),
    }
}

impl Default for ShutdownManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ShutdownManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.handlers.iter().map(|handler| &handler.name);
        f.debug_struct("ShutdownManager")
            .field("handlers", &names.collect::<Vec<_>>())
            .field("limit", &self.limit)
            .finish()
    }
}

/// Why [`ShutdownManager::register`] refused a handler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShutdownRegisterError {
    /// There is a handler of that name.
    #[error("there is a shutdown handler named `{name}` already: give this one another name")]
    DuplicateName {
        /// The name that is taken.
        name: String,
    },
}
