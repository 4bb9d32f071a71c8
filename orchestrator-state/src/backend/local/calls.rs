//! The contract, call by call: check the names, submit, wait for the disk.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{LocalBackend, entry, first_of};
use crate::WatchError;
use crate::backend::name::check;
use crate::backend::{
    BackendError, Commit, CommitOutcome, Committed, DeadLetter, Delivery, Entry, EventLog,
    EventPage, ExtendOutcome, Fence, NackOutcome, QueueCounts, Readiness, Revision, StateBackend,
    TaskId, TaskQueue, VerifiedEvents,
};

/// How many idempotency keys are forgotten in one transaction.
const FORGET: usize = 1_000;

#[async_trait]
impl StateBackend for LocalBackend {
    async fn commit(&self, commit: Commit) -> Result<CommitOutcome, BackendError> {
        const ACTION: &str = "the commit";
        commit.check()?;
        let inner = &self.inner;
        let unknown = |key: Option<String>| CommitOutcome::Unknown {
            idempotency_key: key,
        };
        let (answer, pending) = match inner.submit_commit(&commit) {
            Ok(submitted) => submitted,
            Err(refused) => {
                let _why = inner.in_doubt(ACTION, refused)?;
                return Ok(unknown(commit.idempotency_key));
            }
        };
        match pending.await.map_err(|error| inner.broke_off(error)) {
            Ok(_) => answer.outcome,
            Err(_) if answer.doubtful => Ok(unknown(commit.idempotency_key)),
            // It was refused because of another commit, whose fate nobody knows.
            Err(error) => Err(BackendError::Failed {
                action: ACTION,
                transient: false,
                source: error.into(),
            }),
        }
    }

    async fn resolve(&self, idempotency_key: &str) -> Result<Option<Committed>, BackendError> {
        const ACTION: &str = "the look at an idempotency key";
        check("idempotency key", idempotency_key)?;
        let inner = &self.inner;
        // In a transaction, and not in a snapshot: the commit may be on its way to the disk still, and
        // then the answer has to wait until it is there.
        let submitted = inner.submit(|tx| {
            let answer = tx.get(&inner.tables.answers, idempotency_key);
            Ok(answer.map(|answer| answer.committed(Revision(answer.version().get()))))
        });
        inner.settle(ACTION, submitted).await
    }

    async fn forget_keys(&self, used_before: Timestamp) -> Result<u64, BackendError> {
        let inner = &self.inner;
        let answers = &inner.tables.answers;
        let before = used_before.as_millisecond();
        let mut old = Vec::new();
        inner.store.snapshot().for_each(answers, .., |key, answer| {
            if answer.at < before {
                old.push(key.clone());
            }
        });
        let mut forgotten = 0;
        for keys in old.chunks(FORGET) {
            let submitted = inner.submit(|tx| {
                let mut count = 0;
                for key in keys {
                    // It may have been forgotten, and used again, since.
                    if tx
                        .get(answers, key)
                        .is_some_and(|answer| answer.at < before)
                    {
                        tx.remove(answers, key.clone());
                        count += 1;
                    }
                }
                Ok(count)
            });
            forgotten += inner
                .settle("forgetting idempotency keys", submitted)
                .await?;
        }
        Ok(forgotten)
    }

    async fn get(&self, key: &str) -> Result<Option<Entry>, BackendError> {
        check("key", key)?;
        let value = self
            .inner
            .store
            .snapshot()
            .get(&self.inner.tables.state, key);
        Ok(value.map(|value| entry(key, &value)))
    }

    async fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, BackendError> {
        Ok(self.inner.scan(prefix, after, limit))
    }
}

#[async_trait]
impl TaskQueue for LocalBackend {
    async fn lease(
        &self,
        queue: &str,
        worker: &str,
        max: usize,
        duration: Duration,
    ) -> Result<Vec<Delivery>, BackendError> {
        check("queue", queue)?;
        check("worker", worker)?;
        let leased = self.inner.lease(queue, worker, max, duration);
        self.inner.settle("the lease of tasks", leased).await
    }

    async fn extend(
        &self,
        task: TaskId,
        fence: Fence,
        duration: Duration,
    ) -> Result<ExtendOutcome, BackendError> {
        let extended = self.inner.extend(task, fence, duration);
        self.inner
            .settle("the extension of a lease", extended)
            .await
    }

    async fn nack(
        &self,
        task: TaskId,
        fence: Fence,
        delay: Duration,
        reason: &str,
    ) -> Result<NackOutcome, BackendError> {
        let given_back = self.inner.nack(task, fence, delay, reason);
        self.inner.settle("giving a task back", given_back).await
    }

    async fn dead_letters(
        &self,
        queue: &str,
        after: Option<TaskId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, BackendError> {
        check("queue", queue)?;
        let letters = self.inner.dead_letters(queue, after, limit);
        self.inner.settle("the look at dead letters", letters).await
    }

    async fn requeue(&self, task: TaskId) -> Result<bool, BackendError> {
        let raised = self.inner.raise(task.0, true);
        self.inner
            .settle("putting a dead letter back", raised)
            .await
    }

    async fn discard(&self, task: TaskId) -> Result<bool, BackendError> {
        let raised = self.inner.raise(task.0, false);
        self.inner
            .settle("throwing a dead letter away", raised)
            .await
    }

    async fn counts(&self, queue: &str) -> Result<QueueCounts, BackendError> {
        check("queue", queue)?;
        let counts = self.inner.counts(queue);
        self.inner.settle("counting tasks", counts).await
    }

    async fn readiness(&self, queue: &str) -> Result<Readiness, BackendError> {
        check("queue", queue)?;
        let now = self.inner.now();
        Ok(self.inner.lock().queue(queue).readiness(now))
    }

    async fn wait_for_task(&self, queue: &str, seen: Readiness) -> Result<Readiness, BackendError> {
        check("queue", queue)?;
        const ACTION: &str = "waiting for a task";
        // Nobody need be committing when the journal stops.
        let mut ended = self.inner.store.ended();
        loop {
            self.inner.check(ACTION)?;
            let now = self.inner.now();
            // The count is taken before the look, so that no change gets lost between the look and
            // the wait.
            let (signal, changes, readiness) = {
                let mut queues = self.inner.lock();
                let queue = queues.queue(queue);
                let signal = Arc::clone(&queue.signal);
                let changes = signal.seen();
                (signal, changes, queue.readiness(now))
            };
            if readiness == Readiness::Now || readiness < seen {
                return Ok(readiness);
            }
            if first_of(&mut ended, signal.changed(changes)).await {
                return Err(BackendError::Failed {
                    action: ACTION,
                    transient: false,
                    source: WatchError::Closed.into(),
                });
            }
        }
    }
}

#[async_trait]
impl EventLog for LocalBackend {
    async fn events(
        &self,
        after: u64,
        limit: usize,
        stream_prefix: &str,
    ) -> Result<EventPage, BackendError> {
        self.inner.events(after, limit, stream_prefix)
    }

    async fn wait_for_events(&self, after: u64) -> Result<u64, BackendError> {
        self.inner.wait_for_events(after).await
    }

    async fn cursor(&self, name: &str) -> Result<u64, BackendError> {
        check("cursor", name)?;
        let place = self
            .inner
            .store
            .snapshot()
            .get(&self.inner.tables.cursors, name);
        Ok(place.map_or(0, |place| *place))
    }

    async fn verify_events(&self) -> Result<VerifiedEvents, BackendError> {
        self.inner.verify_events()
    }

    async fn trim_events(&self, through: u64) -> Result<u64, BackendError> {
        loop {
            let trimmed = self.inner.trim(through);
            let (first, more) = self.inner.settle("trimming events", trimmed).await?;
            if !more {
                return Ok(first);
            }
        }
    }
}
