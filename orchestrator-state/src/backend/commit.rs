//! A commit: everything that is to happen together or not at all.

use serde::{Deserialize, Serialize};

use super::name::{check, check_once};
use super::{BackendError, Fence, Json, NewEvent, NewTask, TaskId};
use crate::Digest;

/// Which commit has written a key. Later commits have higher numbers; some are missing.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub u64);

impl Revision {
    /// The revision of a key that is not there.
    pub const NONE: Self = Self(0);
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// What a key is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Write {
    /// The key.
    pub key: String,
    /// Its new value, or nothing to take it away.
    pub value: Option<Json>,
}

/// How far a consumer of events has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CursorMove {
    /// The consumer.
    pub name: String,
    /// Where it is; 0 at first. If it is elsewhere, the commit is in conflict: somebody else has
    /// done this work.
    pub from: u64,
    /// Where it is to be: the sequence of the last event that it has dealt with.
    pub to: u64,
}

/// What is to happen together or not at all. Build it with its methods.
///
/// ```
/// use orchestrator_state::{Commit, NewEvent, NewTask, Revision};
/// use serde_json::json;
///
/// let commit = Commit::new()
///     .idempotency_key("mission-7/plan")
///     .expect("plan/7", Revision::NONE)
///     .put("plan/7", json!({ "items": 2 }))
///     .enqueue(NewTask::new("work", json!({ "item": 1 })))
///     .enqueue(NewTask::new("work", json!({ "item": 2 })).with_priority(5))
///     .event(NewEvent::new("mission/7", "planned", json!({ "items": 2 })));
/// assert_eq!(commit.enqueue.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Commit {
    /// Names the commit, so that it happens once however often it is sent.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
    /// Which revisions keys must have; [`Revision::NONE`] is that of a key that is not there.
    pub expects: Vec<(String, Revision)>,
    /// What keys are to be.
    pub writes: Vec<Write>,
    /// Tasks that are done. Each was leased, with this fence.
    pub complete: Vec<(TaskId, Fence)>,
    /// Tasks that are to be done.
    pub enqueue: Vec<NewTask>,
    /// What has happened, in order.
    pub events: Vec<NewEvent>,
    /// How far consumers of events have come.
    pub cursors: Vec<CursorMove>,
}

impl Commit {
    /// A commit of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names the commit, so that it happens once however often it is sent.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Refuses the commit if a key has another revision.
    #[must_use]
    pub fn expect(mut self, key: impl Into<String>, revision: Revision) -> Self {
        self.expects.push((key.into(), revision));
        self
    }

    /// Sets a key.
    #[must_use]
    pub fn put(mut self, key: impl Into<String>, value: impl Into<Json>) -> Self {
        let (key, value) = (key.into(), Some(value.into()));
        self.writes.push(Write { key, value });
        self
    }

    /// Takes a key away.
    #[must_use]
    pub fn delete(mut self, key: impl Into<String>) -> Self {
        let (key, value) = (key.into(), None);
        self.writes.push(Write { key, value });
        self
    }

    /// Marks a task as done. Without the fence of its newest lease the commit is refused.
    #[must_use]
    pub fn complete(mut self, task: TaskId, fence: Fence) -> Self {
        self.complete.push((task, fence));
        self
    }

    /// Adds a task.
    #[must_use]
    pub fn enqueue(mut self, task: NewTask) -> Self {
        self.enqueue.push(task);
        self
    }

    /// Adds an event.
    #[must_use]
    pub fn event(mut self, event: NewEvent) -> Self {
        self.events.push(event);
        self
    }

    /// Moves a consumer's cursor. The commit is refused if it is not at `from`.
    #[must_use]
    pub fn cursor(mut self, name: impl Into<String>, from: u64, to: u64) -> Self {
        let name = name.into();
        self.cursors.push(CursorMove { name, from, to });
        self
    }

    /// Stands for the content, without the idempotency key: the digest of its JSON. Two commits with
    /// the same key must have the same one.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match serde_json::to_vec(self) {
            Ok(json) => Digest::of(&json),
            Err(_) => unreachable!("texts, numbers and lists of them have a JSON form"),
        }
    }

    /// Checks what every backend has to refuse.
    ///
    /// # Errors
    /// [`BackendError::Name`] and [`BackendError::Twice`].
    pub fn check(&self) -> Result<(), BackendError> {
        if let Some(key) = &self.idempotency_key {
            check("idempotency key", key)?;
        }
        for (key, _) in &self.expects {
            check("key", key)?;
        }
        for write in &self.writes {
            check("key", &write.key)?;
        }
        for task in &self.enqueue {
            check("queue", &task.queue)?;
        }
        for event in &self.events {
            check("stream", &event.stream)?;
            check("kind of event", &event.kind)?;
        }
        for cursor in &self.cursors {
            check("cursor", &cursor.name)?;
        }
        check_once(
            "the expectation of key",
            self.expects.iter().map(|(key, _)| key),
        )?;
        check_once(
            "the write of key",
            self.writes.iter().map(|write| &write.key),
        )?;
        check_once(
            "the completion of task",
            self.complete.iter().map(|(task, _)| task),
        )?;
        check_once("cursor", self.cursors.iter().map(|cursor| &cursor.name))
    }
}
