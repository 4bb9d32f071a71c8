//! The backend's tables, and what their rows are.

use serde::{Deserialize, Serialize};

use crate::backend::{Json, TaskId};
use crate::{Digest, StateStore, Table, TableError};

/// The row of `heads` with the last event.
pub(super) const LAST: &str = "last";
/// The row of `heads` with the last event that was trimmed.
pub(super) const TRIMMED: &str = "trimmed";
/// The row of `counters` with the number of the newest task.
pub(super) const TASK: &str = "task";
/// The row of `counters` with the newest fence.
pub(super) const FENCE: &str = "fence";

/// Every table of the backend.
pub(super) struct Tables {
    /// Keys and values. The revision of a key is the version of its row.
    pub(super) state: Table<String, Json>,
    /// What was asked for, by task. It is never changed while the task is there.
    pub(super) tasks: Table<u64, TaskRow>,
    /// What has become of it, by task. A task that was never delivered has none.
    pub(super) attempts: Table<u64, AttemptRow>,
    /// Dead letters, by task.
    pub(super) dead: Table<u64, DeadRow>,
    /// Events, by sequence.
    pub(super) events: Table<u64, EventRow>,
    /// Ends of the chain of events.
    pub(super) heads: Table<String, Head>,
    pub(super) cursors: Table<String, u64>,
    /// Commits by their idempotency keys. Their revision is the version of the row.
    pub(super) answers: Table<String, AnswerRow>,
    pub(super) counters: Table<String, u64>,
}

impl Tables {
    pub(super) fn open(store: &StateStore) -> Result<Self, TableError> {
        Ok(Self {
            state: store.table("backend.state")?,
            tasks: store.table("backend.tasks")?,
            attempts: store.table("backend.attempts")?,
            dead: store.table("backend.dead")?,
            events: store.table("backend.events")?,
            heads: store.table("backend.heads")?,
            cursors: store.table("backend.cursors")?,
            answers: store.table("backend.answers")?,
            counters: store.table("backend.counters")?,
        })
    }
}

/// A task as it was asked for. Times are in milliseconds since 1970, here and below.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TaskRow {
    pub(super) queue: String,
    pub(super) payload: Json,
    pub(super) priority: i16,
    pub(super) max_attempts: u32,
    /// From when it may be delivered for the first time.
    pub(super) ready: i64,
}

/// A task that was delivered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AttemptRow {
    /// How often.
    pub(super) count: u32,
    /// From when it may be delivered, unless it is leased; if it is, from when it might have been.
    pub(super) ready: i64,
    pub(super) lease: Option<Lease>,
    pub(super) last_failure: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) fence: u64,
    pub(super) worker: String,
    pub(super) expires: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeadRow {
    pub(super) task: TaskRow,
    pub(super) attempts: u32,
    pub(super) reason: String,
    pub(super) since: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EventRow {
    pub(super) at: i64,
    pub(super) stream: String,
    pub(super) kind: String,
    pub(super) data: Json,
    pub(super) chain_hash: Digest,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) sequence: u64,
    pub(super) chain_hash: Digest,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AnswerRow {
    pub(super) content: Digest,
    pub(super) head: Head,
    pub(super) tasks: Vec<TaskId>,
    pub(super) at: i64,
}
