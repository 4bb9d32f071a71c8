//! Which tasks are where: an index in memory over the tables, which alone are the truth.
//!
//! It is built when the backend is opened and follows every commit that touches tasks. Those commits
//! are made one at a time under its lock, so that it never lags behind and they never undo each
//! other's work. The lock is not held while the disk is waited for or anybody is woken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::rows::Tables;
use super::signal::Signal;
use crate::Snapshot;
use crate::backend::time::timestamp;
use crate::backend::{QueueCounts, Readiness};

/// A task's place among those that wait: by priority, then by time, then by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) priority: Reverse<i16>,
    pub(super) ready: i64,
    pub(super) task: u64,
}

/// Where a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    Nowhere,
    Waiting(Place),
    Leased { expires: i64 },
    Dead,
}

/// A task that goes from one spot to another.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) queue: String,
    pub(super) task: u64,
    pub(super) from: Spot,
    pub(super) to: Spot,
}

/// One queue.
#[derive(Default)]
pub(super) struct Queue {
    waiting: BTreeSet<Place>,
    leased: BTreeSet<(i64, u64)>,
    dead: BTreeSet<u64>,
    pub(super) signal: Arc<Signal>,
}

/// All queues, by name.
#[derive(Default)]
pub(super) struct Queues(BTreeMap<String, Queue>);

impl Queues {
    /// The index over what a snapshot shows.
    pub(super) fn of(snapshot: &Snapshot, tables: &Tables) -> Self {
        let mut queues = Self::default();
        snapshot.for_each(&tables.tasks, .., |task, row| {
            let attempt = snapshot.get(&tables.attempts, task);
            let place = |ready| Place {
                priority: Reverse(row.priority),
                ready,
                task: *task,
            };
            let queue = queues.queue(&row.queue);
            match attempt.as_deref() {
                None => drop(queue.waiting.insert(place(row.ready))),
                Some(attempt) => match &attempt.lease {
                    None => drop(queue.waiting.insert(place(attempt.ready))),
                    Some(lease) => drop(queue.leased.insert((lease.expires, *task))),
                },
            }
        });
        snapshot.for_each(&tables.dead, .., |task, row| {
            queues.queue(&row.task.queue).dead.insert(*task);
        });
        queues
    }

    pub(super) fn queue(&mut self, name: &str) -> &mut Queue {
        // Looked up first, because the name is nearly always there and `entry` would copy it.
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), Queue::default());
        }
        match self.0.get_mut(name) {
            Some(queue) => queue,
            None => unreachable!("it was just put in"),
        }
    }

    /// Everybody who may be waiting.
    pub(super) fn signals(&self) -> Vec<Arc<Signal>> {
        let signals = self.0.values().map(|queue| &queue.signal);
        signals.cloned().collect()
    }

    /// Follows what was committed, and says who has to be told of it.
    pub(super) fn apply(&mut self, moves: Vec<Move>) -> Vec<Arc<Signal>> {
        let mut signals: Vec<Arc<Signal>> = Vec::new();
        for Move {
            queue,
            task,
            from,
            to,
        } in moves
        {
            let queue = self.queue(&queue);
            match from {
                Spot::Nowhere => {}
                Spot::Waiting(place) => drop(queue.waiting.remove(&place)),
                Spot::Leased { expires } => drop(queue.leased.remove(&(expires, task))),
                Spot::Dead => drop(queue.dead.remove(&task)),
            }
            match to {
                Spot::Nowhere => {}
                Spot::Waiting(place) => drop(queue.waiting.insert(place)),
                Spot::Leased { expires } => drop(queue.leased.insert((expires, task))),
                Spot::Dead => drop(queue.dead.insert(task)),
            }
            if !signals
                .iter()
                .any(|signal| Arc::ptr_eq(signal, &queue.signal))
            {
                signals.push(Arc::clone(&queue.signal));
            }
        }
        signals
    }
}

impl Queue {
    /// The first `max` tasks that may be delivered, in order.
    pub(super) fn due(&self, now: i64, max: usize) -> Vec<Place> {
        let mut due = Vec::new();
        let mut from = Bound::Unbounded;
        // Within a priority, those that are kept back come last; so each priority is left behind at
        // the first of them.
        while due.len() < max
            && let Some(first) = self.waiting.range((from, Bound::Unbounded)).next()
        {
            let last = |ready| Place {
                priority: first.priority,
                ready,
                task: u64::MAX,
            };
            let ready = self
                .waiting
                .range((from, Bound::Included(last(now.max(first.ready)))));
            let ready = ready.take_while(|place| place.ready <= now);
            due.extend(ready.take(max - due.len()).copied());
            from = Bound::Excluded(last(i64::MAX));
        }
        due
    }

    /// Tasks whose leases have ended.
    pub(super) fn expired(&self, now: i64) -> Vec<(i64, u64)> {
        let ended = self.leased.range(..=(now, u64::MAX));
        ended.copied().collect()
    }

    /// When something may be leased.
    pub(super) fn readiness(&self, now: i64) -> Readiness {
        let mut soonest = self.leased.first().map(|(expires, _)| *expires);
        let mut from = Bound::Unbounded;
        while let Some(first) = self.waiting.range((from, Bound::Unbounded)).next() {
            soonest = Some(soonest.map_or(first.ready, |soonest| soonest.min(first.ready)));
            from = Bound::Excluded(Place {
                priority: first.priority,
                ready: i64::MAX,
                task: u64::MAX,
            });
        }
        match soonest {
            None => Readiness::Idle,
            Some(time) if time <= now => Readiness::Now,
            Some(time) => Readiness::At(timestamp(time)),
        }
    }

    pub(super) fn counts(&self, now: i64) -> QueueCounts {
        let delayed = self
            .waiting
            .iter()
            .filter(|place| place.ready > now)
            .count() as u64;
        QueueCounts {
            ready: self.waiting.len() as u64 - delayed,
            delayed,
            leased: self.leased.len() as u64,
            dead: self.dead.len() as u64,
        }
    }

    /// Dead letters in the order of their numbers.
    pub(super) fn dead(&self, after: Option<u64>, limit: usize) -> Vec<u64> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        let dead = self.dead.range((after, Bound::Unbounded));
        dead.take(limit).copied().collect()
    }
}
