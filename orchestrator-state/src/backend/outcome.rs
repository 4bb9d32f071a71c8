//! What has become of a commit.

use super::{Revision, TaskId};
use crate::Digest;

/// What has become of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a commit that was refused did nothing"]
pub enum CommitOutcome {
    /// All of it has happened, and is as durable as the backend makes things.
    Committed(Committed),
    /// Nothing has happened: keys or cursors are not as they were expected to be. Read them again,
    /// and decide again.
    Conflict {
        /// The keys, in the order of the commit.
        keys: Vec<KeyConflict>,
        /// The cursors, in the order of the commit.
        cursors: Vec<CursorConflict>,
    },
    /// Nothing has happened: these tasks are no longer leased with the fences that were given. Their
    /// leases have expired, and they are somebody else's now. Drop the work. A commit that is also in
    /// conflict is reported as this.
    Fenced {
        /// The tasks, in the order of the commit.
        tasks: Vec<TaskId>,
    },
    /// All of it has happened or nothing: the storage broke down before it could say. Ask
    /// [`resolve`](super::StateBackend::resolve) when it is back, or send the same commit again with
    /// the same key.
    Unknown {
        /// The key of the commit. Without one, look for what the commit would have written.
        idempotency_key: Option<String>,
    },
}

/// What a commit has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The revision that its keys have now. Of a commit without any effect, the newest one.
    pub revision: Revision,
    /// The sequence of its last event; of a commit without events, that of the last event that was
    /// there by then. 0 when there never was one.
    pub sequence: u64,
    /// The hash of the chain of events after that event.
    pub chain_hash: Digest,
    /// The tasks that were added, in the order of the commit.
    pub tasks: Vec<TaskId>,
}

/// A key that is not as it was expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyConflict {
    /// The key.
    pub key: String,
    /// The revision that it was expected to have.
    pub expected: Revision,
    /// The revision that it has.
    pub found: Revision,
}

/// A cursor that is not where it was expected to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorConflict {
    /// The consumer.
    pub name: String,
    /// Where it was expected to be.
    pub expected: u64,
    /// Where it is.
    pub found: u64,
}

impl CommitOutcome {
    /// What the commit has made, if it has taken place for certain.
    #[must_use]
    pub fn committed(&self) -> Option<&Committed> {
        match self {
            Self::Committed(committed) => Some(committed),
            _ => None,
        }
    }
}
