//! One commit verb over state, a durable queue and an event log, behind a trait.
//!
//! What an orchestrator knows, what it has to do and what has happened belong together: a task that
//! is done without its result, or a result without its event, is a lie. So there is one commit for all
//! three. [`StateBackend`] says what it promises, [`LocalBackend`] keeps it on a
//! [`StateStore`](crate::StateStore), and `conformance` are the tests that every backend has to pass.
//!
//! - `commit` and `outcome` are the verb and what becomes of it, `task` and `event` the other two parts
//!   of the contract.
//! - `json` and `name` are what may be stored, `time` is by whose clock.
//! - `local` is the backend on a store, in memory or in a folder.

mod commit;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod event;
mod json;
mod local;
mod name;
mod outcome;
mod task;
#[cfg(test)]
mod tests;
mod time;

pub use commit::{Commit, CursorMove, Revision, Write};
pub use error::{BackendError, BackendSource};
pub use event::{Event, EventLog, EventPage, NewEvent, VerifiedEvents};
pub use json::{Json, JsonError};
pub use local::{LocalBackend, OpenBackendError};
pub use outcome::{CommitOutcome, Committed, CursorConflict, KeyConflict};
pub use task::{
    DeadLetter, Delivery, ExtendOutcome, Fence, NackOutcome, NewTask, QueueCounts, Readiness,
    TaskId, TaskQueue,
};
pub use time::{ManualClock, SharedClock};

use async_trait::async_trait;
use jiff::Timestamp;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The value.
    pub value: Json,
    /// Which commit has written it.
    pub revision: Revision,
}

/// Where an orchestrator keeps what it knows, has to do and has seen happen.
///
/// # What every backend promises
/// - **All or nothing.** A [`Commit`] takes place as a whole, at one moment, or not at all; also when
///   its future is dropped, or the machine stops.
/// - **Serializable.** Commits have one order, and each sees all before it. Reads show what was
///   committed, and never half of a commit; after a commit was acknowledged, everybody reads it.
/// - **Once.** A commit with an idempotency key takes place once. Sent again, it gets the first answer,
///   for as long as the key is kept; that it was refused is not kept, and is found out anew. With
///   another content it gets [`BackendError::KeyReused`]. The key is looked at first, then the fences,
///   then the expectations.
/// - **Unknown is an answer.** See [`CommitOutcome::Unknown`].
/// - Names (of keys, queues, streams, kinds, workers, cursors and idempotency keys) are 1 to 512 bytes
///   of UTF-8 without control characters. They are compared and ordered byte by byte.
///
/// The queue and the log have promises of their own: see [`TaskQueue`] and [`EventLog`].
#[async_trait]
pub trait StateBackend: TaskQueue + EventLog {
    /// Does everything that a commit says, or nothing.
    ///
    /// # Errors
    /// [`BackendError`] when the commit cannot be made at all. Nothing was done then.
    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, BackendError>;

    /// Whether a commit with this idempotency key has taken place, and what it has made. Nothing means
    /// that it has not, and, if it is not under way still, will not.
    ///
    /// # Errors
    /// [`BackendError`] while the storage cannot say.
    async fn resolve(&self, idempotency_key: &str) -> Result<Option<Committed>, BackendError>;

    /// Forgets idempotency keys that were used before a time, and returns how many. Nobody may send
    /// their commits again after that.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn forget_keys(&self, used_before: Timestamp) -> Result<u64, BackendError>;

    /// The value of a key.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn get(&self, key: &str) -> Result<Option<Entry>, BackendError>;

    /// The keys that begin with a prefix and come after `after`, up to `limit`, in order, all as they
    /// were at one moment.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, BackendError>;
}
