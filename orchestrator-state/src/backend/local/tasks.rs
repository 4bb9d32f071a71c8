//! The queue on the store. Every change of a task is a transaction, made under the lock of the index.

use std::cmp::Reverse;
use std::time::Duration;

use super::queues::{Move, Place, Spot};
use super::rows::{AttemptRow, DeadRow, FENCE, Lease, TaskRow};
use super::{Inner, Refused};
use crate::backend::time::{after, timestamp};
use crate::backend::{Delivery, ExtendOutcome, Fence, NackOutcome, QueueCounts, TaskId};
use crate::{Pending, Transaction, Value};

/// A task under the lease that it was said to be under.
pub(super) struct Leased {
    id: u64,
    task: Value<TaskRow>,
    attempt: Value<AttemptRow>,
    lease: Lease,
}

impl Leased {
    pub(super) fn moves(&self, to: Spot) -> Move {
        Move {
            queue: self.task.queue.clone(),
            task: self.id,
            from: Spot::Leased {
                expires: self.lease.expires,
            },
            to,
        }
    }
}

impl Inner {
    /// A task that is leased, whoever has it.
    fn any_leased(&self, tx: &Transaction<'_>, id: u64) -> Option<Leased> {
        let attempt = tx.get(&self.tables.attempts, &id)?;
        let lease = attempt.lease.clone()?;
        let task = tx.get(&self.tables.tasks, &id)?;
        Some(Leased {
            id,
            task,
            attempt,
            lease,
        })
    }

    /// A task, if it is leased with this fence.
    pub(super) fn leased(
        &self,
        tx: &Transaction<'_>,
        task: TaskId,
        fence: Fence,
    ) -> Option<Leased> {
        let leased = self.any_leased(tx, task.0)?;
        (leased.lease.fence == fence.0).then_some(leased)
    }

    /// Puts an attempt that has failed where it belongs: back among those that wait, or among the dead.
    fn fail(
        &self,
        tx: &mut Transaction<'_>,
        leased: &Leased,
        ready: i64,
        now: i64,
        reason: String,
    ) -> Move {
        let tables = &self.tables;
        let Leased {
            id, task, attempt, ..
        } = leased;
        if attempt.count >= task.max_attempts {
            tx.remove(&tables.tasks, *id);
            tx.remove(&tables.attempts, *id);
            let row = DeadRow {
                task: (**task).clone(),
                attempts: attempt.count,
                reason,
                since: now,
            };
            tx.put(&tables.dead, *id, row);
            return leased.moves(Spot::Dead);
        }
        let row = AttemptRow {
            count: attempt.count,
            ready,
            lease: None,
            last_failure: Some(reason),
        };
        tx.put(&tables.attempts, *id, row);
        leased.moves(Spot::Waiting(Place {
            priority: Reverse(task.priority),
            ready,
            task: *id,
        }))
    }

    /// Acts on the leases of a queue that have ended. What comes after it is on the disk after it.
    pub(super) fn reap(&self, queue: &str, now: i64) -> Result<(), Refused> {
        let mut queues = self.lock_to_change();
        let expired = queues.queue(queue).expired(now);
        if expired.is_empty() {
            return Ok(());
        }
        let ((), _later) = self.change(queues, |tx| {
            let mut moves = Vec::with_capacity(expired.len());
            for (_, id) in &expired {
                if let Some(leased) = self.any_leased(tx, *id) {
                    let worker = leased.lease.worker.escape_debug();
                    let reason = format!("the lease of worker `{worker}` has ended");
                    let ready = leased.attempt.ready;
                    moves.push(self.fail(tx, &leased, ready, now, reason));
                }
            }
            Ok(((), moves))
        })?;
        Ok(())
    }

    pub(super) fn lease(
        &self,
        queue: &str,
        worker: &str,
        max: usize,
        duration: Duration,
    ) -> Result<(Vec<Delivery>, Pending), Refused> {
        let now = self.now();
        self.reap(queue, now)?;
        let tables = &self.tables;
        let mut queues = self.lock_to_change();
        let due = queues.queue(queue).due(now, max);
        let expires = after(now, duration);
        self.change(queues, |tx| {
            let mut deliveries = Vec::with_capacity(due.len());
            let mut moves = Vec::with_capacity(due.len());
            let newest = tx.get(&tables.counters, FENCE);
            let mut fence = newest.map_or(0, |newest| *newest);
            for place in &due {
                let Some(task) = tx.get(&tables.tasks, &place.task) else {
                    continue;
                };
                let before = tx.get(&tables.attempts, &place.task);
                let attempt = before.as_ref().map_or(0, |before| before.count) + 1;
                let last_failure = before.and_then(|before| before.last_failure.clone());
                fence += 1;
                let lease = Lease {
                    fence,
                    worker: worker.to_owned(),
                    expires,
                };
                let row = AttemptRow {
                    count: attempt,
                    ready: place.ready,
                    lease: Some(lease),
                    last_failure: last_failure.clone(),
                };
                tx.put(&tables.attempts, place.task, row);
                moves.push(Move {
                    queue: task.queue.clone(),
                    task: place.task,
                    from: Spot::Waiting(*place),
                    to: Spot::Leased { expires },
                });
                deliveries.push(Delivery {
                    task: TaskId(place.task),
                    payload: task.payload.clone(),
                    attempt,
                    max_attempts: task.max_attempts,
                    fence: Fence(fence),
                    expires: timestamp(expires),
                    last_failure,
                });
            }
            if !deliveries.is_empty() {
                tx.put(&tables.counters, FENCE.to_owned(), fence);
            }
            Ok((deliveries, moves))
        })
    }

    pub(super) fn extend(
        &self,
        task: TaskId,
        fence: Fence,
        duration: Duration,
    ) -> Result<(ExtendOutcome, Pending), Refused> {
        let expires = after(self.now(), duration);
        self.change(self.lock_to_change(), |tx| {
            let Some(leased) = self.leased(tx, task, fence) else {
                return Ok((ExtendOutcome::Fenced, Vec::new()));
            };
            let mut row = (*leased.attempt).clone();
            if let Some(lease) = &mut row.lease {
                lease.expires = expires;
            }
            tx.put(&self.tables.attempts, task.0, row);
            let outcome = ExtendOutcome::Extended {
                expires: timestamp(expires),
            };
            Ok((outcome, vec![leased.moves(Spot::Leased { expires })]))
        })
    }

    pub(super) fn nack(
        &self,
        task: TaskId,
        fence: Fence,
        delay: Duration,
        reason: &str,
    ) -> Result<(NackOutcome, Pending), Refused> {
        let now = self.now();
        let ready = after(now, delay);
        self.change(self.lock_to_change(), |tx| {
            let Some(leased) = self.leased(tx, task, fence) else {
                return Ok((NackOutcome::Fenced, Vec::new()));
            };
            let moved = self.fail(tx, &leased, ready, now, reason.to_owned());
            let outcome = match moved.to {
                Spot::Dead => NackOutcome::Dead,
                _ => NackOutcome::Retried {
                    at: timestamp(ready),
                },
            };
            Ok((outcome, vec![moved]))
        })
    }

    pub(super) fn counts(&self, queue: &str) -> Result<(QueueCounts, Pending), Refused> {
        let now = self.now();
        self.reap(queue, now)?;
        let mut queues = self.lock_to_change();
        let counts = queues.queue(queue).counts(now);
        self.change(queues, |_| Ok((counts, Vec::new())))
    }
}
