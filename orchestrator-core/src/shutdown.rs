//! Stopping in order, within a time.

use std::{fmt, sync::Arc, time::Duration};

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

mod course;
mod drive;
mod handler;
mod report;
mod signals;

#[cfg(test)]
mod tests;

pub use handler::{ShutdownGuard, ShutdownHandler};
pub use report::{HandlerOutcome, HandlerReport, ShutdownReason, ShutdownReport};
pub use signals::{ShutdownSignalError, ShutdownSignals};

use drive::Shared;

/// Stops the parts of a program in order. Cheap to clone: all clones are one shutdown.
///
/// Handlers of a higher priority are done before those of a lower one begin; equal ones run side
/// by side. Each has a time limit, 5 seconds unless set otherwise, and all together have a grace, 25
/// seconds unless set otherwise. One that is late is dropped, one that panics is noted, and the others
/// run all the same. The shutdown is [`run`](Self::run) by the program or by a signal
/// ([`on_signals`](Self::on_signals)), once; from then on it goes to its end by itself, whoever is
/// dropped, and whoever asks gets the same report.
///
/// # Bounds
///
/// - The report is made at most a quarter of a second after the grace, by the machine's clock if
///   tokio's does not run. So much a handler that was given up on has to be dropped; one that still is
///   not, because it blocks its thread, is reported as [`blocked`](HandlerReport::blocked).
/// - Code that may block belongs into [`ShutdownHandler::blocking`], which has a thread of its own. A
///   future that blocks is given up on too, but its runtime's thread stays busy. If all of them are,
///   other futures do not run (they are reported late), and on a current-thread runtime whoever awaits
///   the report is not polled either: that is what [`with_last_word`](Self::with_last_word) is for.
/// - Dropping a runtime waits for its blocked threads. After an unclean report end the process, or use
///   `Runtime::shutdown_background`.
#[derive(Clone)]
pub struct ShutdownManager {
    shared: Arc<Shared>,
    limit: Duration,
}

impl ShutdownManager {
    /// No handlers yet, 5 seconds for each, 25 seconds for all: a container's 30 seconds
    /// (Kubernetes' `terminationGracePeriodSeconds`) with some to spare.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shared: Shared::new(Duration::from_secs(25)),
            limit: Duration::from_secs(5),
        }
    }

    /// Sets how long each handler may take that is registered through this clone from now on, unless
    /// it says so itself.
    #[must_use]
    pub fn with_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Sets how long all handlers together may take.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        self.shared.set_grace(grace);
        self
    }

    /// What to do if a quarter of a second after the report was made nobody has taken it (by
    /// [`run`](Self::run) or [`finished`](Self::finished)), as when the runtime is blocked: usually
    /// print it and end the process. Called at most once, on a thread of its own.
    #[must_use]
    pub fn with_last_word(self, last_word: impl FnOnce(&ShutdownReport) + Send + 'static) -> Self {
        self.shared.set_last_word(Box::new(last_word));
        self
    }

    /// Adds a handler for good. The highest priority runs first.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    pub fn register<F, Fut>(
        &self,
        name: impl Into<String>,
        priority: i32,
        handler: F,
    ) -> Result<(), ShutdownRegisterError>
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        self.add(ShutdownHandler::new(name, priority, handler))
            .map(ShutdownGuard::keep)
    }

    /// Adds a handler until the guard is dropped.
    ///
    /// While the shutdown runs, too: one whose turn would have been or is now begins at once, beside
    /// those that run.
    ///
    /// # Errors
    ///
    /// [`ShutdownRegisterError::DuplicateName`]: the report names handlers, so names are unique.
    /// [`ShutdownRegisterError::Over`]: the shutdown is over, or has been cut short.
    pub fn add(&self, handler: ShutdownHandler) -> Result<ShutdownGuard, ShutdownRegisterError> {
        let id = self.shared.add(handler, self.limit)?;
        Ok(ShutdownGuard::new(Arc::clone(&self.shared), id))
    }

    /// Is cancelled when the shutdown begins, before the first handler.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.shared.begun.clone()
    }

    /// Begins the shutdown, if it has not begun, and gives its report. The first reason stands.
    ///
    /// Dropping the future stops nothing once it has been polled. Needs a tokio runtime with time
    /// enabled; handlers run on that of the first caller.
    pub async fn run(&self, reason: impl Into<ShutdownReason>) -> Arc<ShutdownReport> {
        let _ = self.shared.begin(&Handle::current(), reason.into());
        self.finished().await
    }

    /// The report, when there is one. Begins nothing.
    pub async fn finished(&self) -> Arc<ShutdownReport> {
        self.shared.finished().await
    }

    /// Cuts a shutdown short that has begun: what runs is dropped at once, what has not begun does not
    /// begin, and the report says so. Does nothing before and after.
    pub fn force(&self, reason: impl Into<ShutdownReason>) {
        self.shared.force(reason.into());
    }

    /// Listens for SIGINT and SIGTERM (on Windows, Ctrl-C) on a thread of its own. The first begins the
    /// shutdown, on the runtime that this is called on; the second [`force`](Self::force)s it; the
    /// third ends the process on the spot, with 128 and the signal's number as its code, for the case
    /// that the program hangs after its report.
    ///
    /// # Errors
    ///
    /// [`ShutdownSignalError`] when the system gives no thread or file for it.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub fn on_signals(&self) -> Result<ShutdownSignals, ShutdownSignalError> {
        signals::listen(Arc::clone(&self.shared))
    }
}

impl Default for ShutdownManager {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ShutdownManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShutdownManager")
            .field("handlers", &self.shared.names())
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Why a [`ShutdownManager`] refused a handler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShutdownRegisterError {
    /// There is a handler of that name.
    #[error("there is a shutdown handler named `{name}` already: give this one another name")]
    DuplicateName {
        /// The name that is taken.
        name: String,
    },
    /// The shutdown is over, or was cut short.
    #[error("the shutdown is over, so its handler `{name}` would not run: stop that part yourself")]
    Over {
        /// The handler's name.
        name: String,
    },
}
