//! The durable queue: tasks are leased, and done exactly once.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackendError, Json};

/// The number of a task. Later tasks have higher numbers; some are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub u64);

/// The number of a delivery. Each delivery of a backend has a higher one than all before it, so that
/// whatever a worker writes to can tell an old holder of a task from the present one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A task that is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct NewTask {
    /// In which queue.
    pub queue: String,
    /// What to do, in the caller's terms.
    pub payload: Json,
    /// Tasks with a higher one come first. 0 by default.
    pub priority: i16,
    /// How long it is kept back. Not at all by default.
    pub delay: Duration,
    /// How often it is delivered before it is a dead letter; at least once. 5 by default.
    pub max_attempts: u32,
}

impl NewTask {
    /// A task with the defaults.
    #[must_use]
    pub fn new(queue: impl Into<String>, payload: impl Into<Json>) -> Self {
        Self {
            queue: queue.into(),
            payload: payload.into(),
            priority: 0,
            delay: Duration::ZERO,
            max_attempts: 5,
        }
    }

    /// Puts it before tasks of a lower priority.
    #[must_use]
    pub fn with_priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Keeps it back for a while.
    #[must_use]
    pub fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Makes it a dead letter after so many deliveries; 0 counts as 1.
    #[must_use]
    pub fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }
}

/// A task that was leased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The task.
    pub task: TaskId,
    /// What to do.
    pub payload: Json,
    /// The how manieth delivery this is, from 1.
    pub attempt: u32,
    /// How many there are at most.
    pub max_attempts: u32,
    /// Proves that the task is leased to this holder.
    pub fence: Fence,
    /// When the lease ends.
    pub expires: Timestamp,
    /// Why the delivery before has failed.
    pub last_failure: Option<String>,
}

/// A task that was delivered too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The task.
    pub task: TaskId,
    /// What was to be done.
    pub payload: Json,
    /// How often it was delivered.
    pub attempts: u32,
    /// Why the last delivery has failed.
    pub reason: String,
    /// Since when it is a dead letter.
    pub since: Timestamp,
}

/// How many tasks of a queue are in which condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueCounts {
    /// Can be leased now.
    pub ready: u64,
    /// Are kept back still.
    pub delayed: u64,
    /// Are leased.
    pub leased: u64,
    /// Are dead letters.
    pub dead: u64,
}

/// When a queue may have something to lease. What is sooner is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Readiness {
    /// Now.
    Now,
    /// At this time a delay or a lease ends.
    At(Timestamp),
    /// Not before something else happens.
    Idle,
}

/// What has become of a lease that was to be longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the lease may be lost"]
pub enum ExtendOutcome {
    /// It ends later now.
    Extended {
        /// When.
        expires: Timestamp,
    },
    /// The task is somebody else's now. Nothing was done; drop the work.
    Fenced,
}

/// What has become of a task that was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NackOutcome {
    /// It will be delivered again.
    Retried {
        /// Not before this time.
        at: Timestamp,
    },
    /// It was delivered as often as it may be, and is a dead letter now.
    Dead,
    /// The task is somebody else's already. Nothing was done.
    Fenced,
}

/// A durable queue of tasks, many queues by name.
///
/// - Tasks are added and completed by [`commit`](super::StateBackend::commit) alone, together with
///   what else they mean.
/// - Delivery is by priority, then by the time from which a task may be delivered, then by number.
///   That order is kept among the tasks of one queue that are ready when the call is made.
/// - Time is the backend's. A lease that has ended is void as soon as the backend has acted on it,
///   which [`lease`](Self::lease), [`counts`](Self::counts) and
///   [`dead_letters`](Self::dead_letters) of its queue do. Until then its holder can still complete,
///   extend or give back: nobody else has the task.
/// - Delivered is not done: a worker can die after its work and before its commit. The commit is what
///   happens exactly once; guard effects outside of it with the fence.
/// - A call whose future is dropped happens as a whole or not at all. A lease that nobody heard of
///   ends by itself.
#[async_trait]
pub trait TaskQueue: Send + Sync {
    /// Leases up to `max` tasks to a worker for a while. An empty answer means that nothing is ready.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn lease(
        &self,
        queue: &str,
        worker: &str,
        max: usize,
        duration: Duration,
    ) -> Result<Vec<Delivery>, BackendError>;

    /// Makes a lease end a while from now, which may be sooner than it would have.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn extend(
        &self,
        task: TaskId,
        fence: Fence,
        duration: Duration,
    ) -> Result<ExtendOutcome, BackendError>;

    /// Gives a task back, to be delivered again after a delay, or to become a dead letter if this was
    /// its last attempt.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn nack(
        &self,
        task: TaskId,
        fence: Fence,
        delay: Duration,
        reason: &str,
    ) -> Result<NackOutcome, BackendError>;

    /// The dead letters of a queue with a number after `after`, up to `limit`, in the order of their
    /// numbers.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn dead_letters(
        &self,
        queue: &str,
        after: Option<TaskId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BackendError>;

    /// Puts a dead letter back into its queue, with all its attempts. False when it is none.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn requeue(&self, task: TaskId) -> Result<bool, BackendError>;

    /// Throws a dead letter away. False when it is none.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn discard(&self, task: TaskId) -> Result<bool, BackendError>;

    /// How many tasks of a queue are in which condition.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn counts(&self, queue: &str) -> Result<QueueCounts, BackendError>;

    /// When a queue may have something to lease.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn readiness(&self, queue: &str) -> Result<Readiness, BackendError>;

    /// Returns when a queue may have something to lease sooner than `seen` says: at once if that is so
    /// already. It is a hint; another worker may be quicker.
    ///
    /// Nothing in a backend keeps time for its callers. A worker leases until it gets nothing, asks
    /// for [`readiness`](Self::readiness), and then waits for this future or for the time that it was
    /// told, whichever comes first. Nothing is missed between the two.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn wait_for_task(&self, queue: &str, seen: Readiness) -> Result<Readiness, BackendError>;
}
