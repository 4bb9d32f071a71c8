//! The commit verb, as one transaction of the store.

use std::cmp::Reverse;

use super::queues::{Move, Place, Spot};
use super::rows::{AnswerRow, EventRow, Head, LAST, TASK, TaskRow};
use super::{Inner, Refused};
use crate::backend::time::{after, timestamp};
use crate::backend::{
    BackendError, Commit, CommitOutcome, Committed, CursorConflict, Event, KeyConflict, Revision,
    TaskId,
};
use crate::{Digest, Pending, Transaction};

/// What a run of the transaction has come to.
pub(super) enum Attempt {
    /// All is written. Which revision that makes is not known before the store has it.
    Written {
        head: Head,
        tasks: Vec<TaskId>,
        moves: Vec<Move>,
    },
    /// It was written before.
    Replayed(Committed),
    /// Another one was written before, with the same key.
    KeyReused(String),
    Refused(CommitOutcome),
}

/// What will be answered if the storage does not break down.
pub(super) struct Answer {
    pub(super) outcome: Result<CommitOutcome, BackendError>,
    /// Whether that cannot be known before it is on the disk.
    pub(super) doubtful: bool,
}

impl Inner {
    /// Puts a commit in its place among all commits.
    pub(super) fn submit_commit(&self, commit: &Commit) -> Result<(Answer, Pending), Refused> {
        let content = commit.digest();
        // Commits that touch the head of the log or the queue would all be in each other's way. One
        // at a time they are quicker, and the index of the queues stays as it should.
        let ordered =
            !(commit.enqueue.is_empty() && commit.complete.is_empty() && commit.events.is_empty());
        let mut changing = ordered.then(|| self.lock_to_change());
        let run = |tx: &mut Transaction<'_>| Ok(self.attempt(tx, commit, content));
        let (value, pending) = match &mut changing {
            Some(changing) => self.submit_under(changing, run)?,
            None => self.submit(run)?,
        };
        let (outcome, doubtful) = match value {
            Attempt::Written { head, tasks, moves } => {
                if let Some(changing) = &mut changing {
                    changing.follow(moves);
                }
                let outcome = CommitOutcome::Committed(Committed {
                    revision: Revision(pending.version().get()),
                    sequence: head.sequence,
                    chain_hash: head.chain_hash,
                    tasks,
                });
                (Ok(outcome), true)
            }
            Attempt::Replayed(committed) => (Ok(CommitOutcome::Committed(committed)), true),
            Attempt::KeyReused(key) => (Err(BackendError::KeyReused { key }), false),
            Attempt::Refused(outcome) => (Ok(outcome), false),
        };
        Ok((Answer { outcome, doubtful }, pending))
    }

    fn attempt(&self, tx: &mut Transaction<'_>, commit: &Commit, content: Digest) -> Attempt {
        let tables = &self.tables;
        if let Some(key) = &commit.idempotency_key
            && let Some(answer) = tx.get(&tables.answers, key.as_str())
        {
            if answer.content != content {
                return Attempt::KeyReused(key.clone());
            }
            let revision = Revision(answer.version().get());
            return Attempt::Replayed(answer.committed(revision));
        }
        let mut moves = Vec::new();
        if let Some(refused) = self.check_fences(tx, commit, &mut moves) {
            return Attempt::Refused(refused);
        }
        if let Some(refused) = self.check_expectations(tx, commit) {
            return Attempt::Refused(refused);
        }

        for write in &commit.writes {
            match &write.value {
                Some(value) => tx.put(&tables.state, write.key.clone(), value.clone()),
                None => tx.remove(&tables.state, write.key.clone()),
            }
        }
        for cursor in &commit.cursors {
            tx.put(&tables.cursors, cursor.name.clone(), cursor.to);
        }
        for (task, _) in &commit.complete {
            tx.remove(&tables.tasks, task.0);
            tx.remove(&tables.attempts, task.0);
        }
        let now = self.now();
        let tasks = self.enqueue(tx, commit, now, &mut moves);
        let head = self.append(tx, commit, now);
        if let Some(key) = &commit.idempotency_key {
            let answer = AnswerRow {
                content,
                head,
                tasks: tasks.clone(),
                at: now,
            };
            tx.put(&tables.answers, key.clone(), answer);
        }
        Attempt::Written { head, tasks, moves }
    }

    fn check_fences(
        &self,
        tx: &Transaction<'_>,
        commit: &Commit,
        moves: &mut Vec<Move>,
    ) -> Option<CommitOutcome> {
        let mut fenced = Vec::new();
        for (task, fence) in &commit.complete {
            match self.leased(tx, *task, *fence) {
                Some(leased) => moves.push(leased.moves(Spot::Nowhere)),
                None => fenced.push(*task),
            }
        }
        (!fenced.is_empty()).then_some(CommitOutcome::Fenced { tasks: fenced })
    }

    fn check_expectations(&self, tx: &Transaction<'_>, commit: &Commit) -> Option<CommitOutcome> {
        let mut keys = Vec::new();
        for (key, expected) in &commit.expects {
            let row = tx.get(&self.tables.state, key.as_str());
            let found = row.map_or(Revision::NONE, |row| Revision(row.version().get()));
            if found != *expected {
                keys.push(KeyConflict {
                    key: key.clone(),
                    expected: *expected,
                    found,
                });
            }
        }
        let mut cursors = Vec::new();
        for cursor in &commit.cursors {
            let found = tx.get(&self.tables.cursors, cursor.name.as_str());
            let found = found.map_or(0, |found| *found);
            if found != cursor.from {
                cursors.push(CursorConflict {
                    name: cursor.name.clone(),
                    expected: cursor.from,
                    found,
                });
            }
        }
        let fits = keys.is_empty() && cursors.is_empty();
        (!fits).then_some(CommitOutcome::Conflict { keys, cursors })
    }

    fn enqueue(
        &self,
        tx: &mut Transaction<'_>,
        commit: &Commit,
        now: i64,
        moves: &mut Vec<Move>,
    ) -> Vec<TaskId> {
        if commit.enqueue.is_empty() {
            return Vec::new();
        }
        let tables = &self.tables;
        let mut newest = tx.get(&tables.counters, TASK).map_or(0, |newest| *newest);
        let mut ids = Vec::with_capacity(commit.enqueue.len());
        for new in &commit.enqueue {
            newest += 1;
            ids.push(TaskId(newest));
            let row = TaskRow {
                queue: new.queue.clone(),
                payload: new.payload.clone(),
                priority: new.priority,
                max_attempts: new.max_attempts.max(1),
                ready: after(now, new.delay),
            };
            moves.push(Move {
                queue: row.queue.clone(),
                task: newest,
                from: Spot::Nowhere,
                to: Spot::Waiting(Place {
                    priority: Reverse(row.priority),
                    ready: row.ready,
                    task: newest,
                }),
            });
            tx.put(&tables.tasks, newest, row);
        }
        tx.put(&tables.counters, TASK.to_owned(), newest);
        ids
    }

    /// Appends the events, and returns the head of the log.
    fn append(&self, tx: &mut Transaction<'_>, commit: &Commit, now: i64) -> Head {
        let tables = &self.tables;
        if commit.events.is_empty() {
            // Not read in the transaction: a commit without events need not wait for those with.
            return self.head(&self.store.snapshot(), LAST);
        }
        let last = tx.get(&tables.heads, LAST);
        let mut head = last.map_or_else(Head::genesis, |last| *last);
        for new in &commit.events {
            let sequence = head.sequence + 1;
            let event = Event::after(&head.chain_hash, sequence, timestamp(now), new.clone());
            head = Head {
                sequence,
                chain_hash: event.chain_hash,
            };
            tx.put(&tables.events, sequence, EventRow::from(event));
        }
        tx.put(&tables.heads, LAST.to_owned(), head);
        head
    }
}

impl AnswerRow {
    /// The answer that was given.
    pub(super) fn committed(&self, revision: Revision) -> Committed {
        Committed {
            revision,
            sequence: self.head.sequence,
            chain_hash: self.head.chain_hash,
            tasks: self.tasks.clone(),
        }
    }
}
