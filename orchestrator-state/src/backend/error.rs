//! Why a backend did not do something.

use std::error::Error;

use thiserror::Error;

/// What a backend of another kind says.
pub type BackendSource = Box<dyn Error + Send + Sync>;

/// Why a call of a backend did nothing, or why nobody knows what it did.
///
/// That a commit was in conflict or fenced off is no error: see
/// [`CommitOutcome`](super::CommitOutcome).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BackendError {
    /// A name cannot be used.
    #[error("`{}` cannot be the name of a {what}: {reason}; choose another", name.escape_debug())]
    Name {
        /// What it was to name.
        what: &'static str,
        /// The name, or its beginning.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A commit names something twice.
    #[error("{what} `{name}` is in the commit twice; put it in once")]
    Twice {
        /// What it is.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An idempotency key was used before, for a commit with another content. Nothing was done.
    #[error(
        "idempotency key `{key}` was used for another commit; a key stands for one commit, so use a \
         new one"
    )]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The events that were asked for have been trimmed.
    #[error(
        "the events after {after} are no longer all kept; the oldest one is {first}. Build the state \
         anew and go on from there"
    )]
    Trimmed {
        /// After which event they were to come.
        after: u64,
        /// The oldest that is kept.
        first: u64,
    },
    /// An event is not the one that was written, or is gone.
    #[error(
        "event {sequence} is not the one that was written; restore the backend from a copy, it does \
         not mend itself"
    )]
    BrokenChain {
        /// The first event that does not fit.
        sequence: u64,
    },
    /// Nothing was done.
    #[error("{action} was not done")]
    Failed {
        /// What was to be done.
        action: &'static str,
        /// Whether trying again may help.
        transient: bool,
        /// What the storage says.
        #[source]
        source: BackendSource,
    },
    /// The storage broke down meanwhile: it was done as a whole or not at all. What was leased
    /// expires, and everything else may be called again.
    #[error(
        "nobody knows whether {action} was done, for the storage broke down; look, or call again"
    )]
    Uncertain {
        /// What was to be done.
        action: &'static str,
        /// What the storage says.
        #[source]
        source: BackendSource,
    },
}

impl BackendError {
    /// Whether the same call may succeed later, without anything having been changed or repaired.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Failed { transient, .. } => *transient,
            _ => false,
        }
    }
}
