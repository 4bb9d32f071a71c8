//! A backend that is broken in one way, around one that is not.

use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

use crate::backend::*;

/// A way in which a backend can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bug {
    ForgetKeys,
    ResolveNothing,
    IgnoreExpectations,
    HalfOfConflict,
    IgnoreCursors,
    SplitCommit,
    DropEvents,
    SameRevision,
    TakeAnyName,
    UnorderedScan,
    IgnorePriority,
    IgnoreDelay,
    DeliverTwice,
    IgnoreFences,
    IgnoreAttempts,
    NackInTwoSteps,
    DiscardInstead,
    CountWrong,
    WrongHash,
    SkipAnEvent,
    HideTrimming,
    TrimTooFar,
    ForgetTooMuch,
    NeverWake,
}

pub(super) struct Broken {
    inner: Arc<dyn StateBackend>,
    bug: Option<Bug>,
    delivered: Mutex<Vec<Delivery>>,
}

impl Broken {
    pub(super) fn by(bug: Bug, inner: Arc<dyn StateBackend>) -> Self {
        Self {
            bug: Some(bug),
            ..Self::not_at_all(inner)
        }
    }

    pub(super) fn not_at_all(inner: Arc<dyn StateBackend>) -> Self {
        Self {
            inner,
            bug: None,
            delivered: Mutex::default(),
        }
    }

    fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }
}

/// Is pending once.
async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[async_trait]
impl StateBackend for Broken {
    async fn commit(&self, mut commit: Commit) -> Result<CommitOutcome, BackendError> {
        pause().await;
        match self.bug {
            Some(Bug::ForgetKeys) => commit.idempotency_key = None,
            Some(Bug::IgnoreExpectations) => {
                commit.expects.clear();
                std::thread::yield_now();
            }
            Some(Bug::IgnoreCursors) => {
                // Until it gets through, whoever is faster.
                loop {
                    for cursor in &mut commit.cursors {
                        cursor.from = self.inner.cursor(&cursor.name).await?;
                    }
                    match self.inner.commit(commit.clone()).await? {
                        CommitOutcome::Conflict { cursors, .. } if !cursors.is_empty() => {}
                        outcome => return Ok(outcome),
                    }
                }
            }
            Some(Bug::SplitCommit) => {
                for write in std::mem::take(&mut commit.writes) {
                    let mut part = Commit::new();
                    part.writes.push(write);
                    let _ = self.inner.commit(part).await?;
                    pause().await;
                }
            }
            Some(Bug::DropEvents) => commit.events.truncate(1),
            Some(Bug::IgnorePriority) => {
                commit.enqueue.iter_mut().for_each(|task| task.priority = 0);
            }
            Some(Bug::IgnoreDelay) => {
                commit
                    .enqueue
                    .iter_mut()
                    .for_each(|task| task.delay = Duration::ZERO);
            }
            Some(Bug::IgnoreAttempts) => {
                commit
                    .enqueue
                    .iter_mut()
                    .for_each(|task| task.max_attempts = 9);
            }
            _ => {}
        }
        let outcome = self.inner.commit(commit.clone()).await;
        let outcome = match outcome {
            Err(BackendError::Name { .. } | BackendError::Twice { .. })
                if self.has(Bug::TakeAnyName) =>
            {
                Ok(CommitOutcome::Fenced { tasks: Vec::new() })
            }
            Ok(CommitOutcome::Conflict { .. }) if self.has(Bug::HalfOfConflict) => {
                let mut half = Commit::new();
                half.writes = commit.writes.split_off(1);
                let _ = self.inner.commit(half).await?;
                outcome
            }
            Ok(CommitOutcome::Fenced { .. }) if self.has(Bug::IgnoreFences) => {
                commit.complete.clear();
                self.inner.commit(commit).await
            }
            outcome => outcome,
        };
        pause().await;
        outcome
    }

    async fn resolve(&self, idempotency_key: &str) -> Result<Option<Committed>, BackendError> {
        let answer = self.inner.resolve(idempotency_key).await?;
        Ok(answer.filter(|_| !self.has(Bug::ResolveNothing)))
    }

    async fn forget_keys(&self, used_before: Timestamp) -> Result<u64, BackendError> {
        if self.has(Bug::ForgetTooMuch) {
            // All of them, and then nothing is left to be done.
            let _ = self.inner.forget_keys(Timestamp::MAX).await?;
        }
        pause().await;
        self.inner.forget_keys(used_before).await
    }

    async fn get(&self, key: &str) -> Result<Option<Entry>, BackendError> {
        let mut entry = self.inner.get(key).await?;
        if let (Some(entry), true) = (&mut entry, self.has(Bug::SameRevision)) {
            entry.revision = Revision(1);
        }
        Ok(entry)
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, BackendError> {
        let mut entries = self.inner.scan(prefix, after, limit).await?;
        if self.has(Bug::UnorderedScan) {
            entries.reverse();
        }
        Ok(entries)
    }
}

#[async_trait]
impl TaskQueue for Broken {
    async fn lease(
        &self,
        queue: &str,
        worker: &str,
        max: usize,
        duration: Duration,
    ) -> Result<Vec<Delivery>, BackendError> {
        pause().await;
        let mut leased = self.inner.lease(queue, worker, max, duration).await?;
        pause().await;
        if self.has(Bug::DeliverTwice) {
            let mut delivered = self.delivered.lock().unwrap();
            let before = std::mem::replace(&mut *delivered, leased.clone());
            leased.extend(before);
        }
        Ok(leased)
    }

    async fn extend(
        &self,
        task: TaskId,
        fence: Fence,
        duration: Duration,
    ) -> Result<ExtendOutcome, BackendError> {
        pause().await;
        self.inner.extend(task, fence, duration).await
    }

    async fn nack(
        &self,
        task: TaskId,
        fence: Fence,
        delay: Duration,
        reason: &str,
    ) -> Result<NackOutcome, BackendError> {
        pause().await;
        let delay = if self.has(Bug::IgnoreDelay) {
            Duration::ZERO
        } else {
            delay
        };
        if self.has(Bug::NackInTwoSteps) {
            let _ = self
                .inner
                .commit(Commit::new().complete(task, fence))
                .await?;
            pause().await;
            let again = Commit::new().enqueue(NewTask::new("q", json!(0)).with_delay(delay));
            let _ = self.inner.commit(again).await?;
            let at = Timestamp::UNIX_EPOCH;
            return Ok(NackOutcome::Retried { at });
        }
        let outcome = self.inner.nack(task, fence, delay, reason).await;
        pause().await;
        outcome
    }

    async fn dead_letters(
        &self,
        queue: &str,
        after: Option<TaskId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BackendError> {
        pause().await;
        self.inner.dead_letters(queue, after, limit).await
    }

    async fn requeue(&self, task: TaskId) -> Result<bool, BackendError> {
        pause().await;
        if self.has(Bug::DiscardInstead) {
            return self.inner.discard(task).await;
        }
        self.inner.requeue(task).await
    }

    async fn discard(&self, task: TaskId) -> Result<bool, BackendError> {
        let discarded = self.inner.discard(task).await;
        pause().await;
        discarded
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts, BackendError> {
        let mut counts = self.inner.counts(queue).await?;
        if self.has(Bug::CountWrong) {
            counts.ready += std::mem::take(&mut counts.leased);
        }
        Ok(counts)
    }

    async fn readiness(&self, queue: &str) -> Result<Readiness, BackendError> {
        self.inner.readiness(queue).await
    }

    async fn wait_for_task(&self, queue: &str, seen: Readiness) -> Result<Readiness, BackendError> {
        if self.has(Bug::NeverWake) {
            return pending().await;
        }
        self.inner.wait_for_task(queue, seen).await
    }
}

#[async_trait]
impl EventLog for Broken {
    async fn events(
        &self,
        after: u64,
        limit: usize,
        stream_prefix: &str,
    ) -> Result<EventPage, BackendError> {
        let mut page = match self.inner.events(after, limit, stream_prefix).await {
            Err(BackendError::Trimmed { first, .. }) if self.has(Bug::HideTrimming) => {
                self.inner.events(first - 1, limit, stream_prefix).await?
            }
            page => page?,
        };
        if self.has(Bug::SkipAnEvent) && limit > 0 && page.events.len() == limit {
            page.events.pop();
        }
        if self.has(Bug::WrongHash) {
            page.events
                .iter_mut()
                .for_each(|event| event.chain_hash = Event::genesis());
        }
        Ok(page)
    }

    async fn wait_for_events(&self, after: u64) -> Result<u64, BackendError> {
        if self.has(Bug::NeverWake) {
            return pending().await;
        }
        self.inner.wait_for_events(after).await
    }

    async fn cursor(&self, name: &str) -> Result<u64, BackendError> {
        self.inner.cursor(name).await
    }

    async fn verify_events(&self) -> Result<VerifiedEvents, BackendError> {
        self.inner.verify_events().await
    }

    async fn trim_events(&self, through: u64) -> Result<u64, BackendError> {
        if self.has(Bug::TrimTooFar) {
            let _ = self.inner.trim_events(through + 1).await?;
        }
        pause().await;
        self.inner.trim_events(through).await
    }
}
