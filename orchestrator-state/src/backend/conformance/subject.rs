//! What is tested, and what a test says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{CONTRACTS, Checked, MINUTE, block_on};
use crate::backend::{
    BackendError, Commit, CommitOutcome, Committed, Delivery, ManualClock, StateBackend,
};

/// What a contract found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    /// A violation in words.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

impl From<BackendError> for Violation {
    fn from(error: BackendError) -> Self {
        Self(format!(
            "a call failed that should not have: {error} ({error:?})"
        ))
    }
}

/// A fresh backend, and the hand on its clock.
#[derive(Clone)]
pub struct Subject {
    backend: Arc<dyn StateBackend>,
    advance: Arc<dyn Fn(Duration) + Send + Sync>,
    pub(super) patience: Duration,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").finish_non_exhaustive()
    }
}

impl Subject {
    /// An empty backend that was given a clone of this clock.
    #[must_use]
    pub fn new(backend: Arc<dyn StateBackend>, clock: ManualClock) -> Self {
        Self::with_advance(backend, move |by| clock.advance(by))
    }

    /// An empty backend, whose clock stands still but for this function.
    #[must_use]
    pub fn with_advance(
        backend: Arc<dyn StateBackend>,
        advance: impl Fn(Duration) + Send + Sync + 'static,
    ) -> Self {
        Self {
            backend,
            advance: Arc::new(advance),
            patience: Duration::from_secs(10),
        }
    }

    /// How long a wake may take, for backends that hear of it through a connection. 10 s by default;
    /// a test that expects none may want to wait for less.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same subject with another backend, for one that wraps it.
    #[must_use]
    pub fn wrapped(
        self,
        wrap: impl FnOnce(Arc<dyn StateBackend>) -> Arc<dyn StateBackend>,
    ) -> Self {
        Self {
            backend: wrap(Arc::clone(&self.backend)),
            ..self
        }
    }

    /// Runs a contract of this name on this thread.
    ///
    /// # Errors
    /// [`Violation`] when the backend breaks it, or there is none of this name.
    pub fn check(&self, name: &str) -> Checked {
        match CONTRACTS.iter().find(|contract| contract.name == name) {
            Some(contract) => block_on((contract.run)(self)),
            None => Err(Violation(format!("there is no contract `{name}`"))),
        }
    }

    pub(super) fn backend(&self) -> &dyn StateBackend {
        &*self.backend
    }

    pub(super) fn advance(&self, by: Duration) {
        (self.advance)(by);
    }

    /// A commit that has to take place.
    pub(super) async fn must(&self, commit: Commit) -> Result<Committed, Violation> {
        match self.backend.commit(commit).await? {
            CommitOutcome::Committed(committed) => Ok(committed),
            other => Err(Violation(format!("a commit was to take place: {other:?}"))),
        }
    }

    /// Leases one task for a minute; there has to be one.
    pub(super) async fn must_lease(&self, queue: &str) -> Result<Delivery, Violation> {
        let mut leased = self.backend.lease(queue, "worker", 1, MINUTE).await?;
        match leased.pop() {
            Some(delivery) => Ok(delivery),
            None => Err(Violation(format!("queue `{queue}` was to have a task"))),
        }
    }
}
