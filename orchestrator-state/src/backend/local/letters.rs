//! Dead letters on the store.

use std::cmp::Reverse;

use super::queues::{Move, Place, Spot};
use super::rows::{AttemptRow, TaskRow};
use super::{Inner, Refused};
use crate::Pending;
use crate::backend::time::timestamp;
use crate::backend::{DeadLetter, TaskId};

impl Inner {
    pub(super) fn dead_letters(
        &self,
        queue: &str,
        after: Option<TaskId>,
        limit: usize,
    ) -> Result<(Vec<DeadLetter>, Pending), Refused> {
        self.reap(queue, self.now())?;
        let mut queues = self.lock_to_change();
        let dead = queues.queue(queue).dead(after.map(|task| task.0), limit);
        self.change(queues, |tx| {
            let rows = dead.iter().filter_map(|id| {
                let row = tx.get(&self.tables.dead, id)?;
                Some(DeadLetter {
                    task: TaskId(*id),
                    payload: row.task.payload.clone(),
                    attempts: row.attempts,
                    reason: row.reason.clone(),
                    since: timestamp(row.since),
                })
            });
            Ok((rows.collect(), Vec::new()))
        })
    }

    /// Takes a dead letter away, and puts it back into its queue if it is to be tried again.
    pub(super) fn raise(&self, id: u64, again: bool) -> Result<(bool, Pending), Refused> {
        let tables = &self.tables;
        let ready = self.now();
        self.change(self.lock_to_change(), |tx| {
            let Some(dead) = tx.get(&tables.dead, &id) else {
                return Ok((false, Vec::new()));
            };
            tx.remove(&tables.dead, id);
            let mut to = Spot::Nowhere;
            if again {
                let task = TaskRow {
                    ready,
                    ..dead.task.clone()
                };
                to = Spot::Waiting(Place {
                    priority: Reverse(task.priority),
                    ready,
                    task: id,
                });
                tx.put(&tables.tasks, id, task);
                let attempt = AttemptRow {
                    count: 0,
                    ready,
                    lease: None,
                    last_failure: Some(dead.reason.clone()),
                };
                tx.put(&tables.attempts, id, attempt);
            }
            let moved = Move {
                queue: dead.task.queue.clone(),
                task: id,
                from: Spot::Dead,
                to,
            };
            Ok((true, vec![moved]))
        })
    }
}
