//! The ready tasks of a run, and who runs them.
//!
//! A ready task is a number in a queue, and not a task of the scheduler: there are as many *runners* as
//! there are lanes, and each takes one ready task after the other. A runner whose job has to wait gives up
//! its seat, and another one is spawned for it if there is something left to do. So a job that waits costs
//! a task of the scheduler, as it must, and one that does not costs an entry in a deque.
//!
//! Shuttle runs this module through its schedules (`seats/schedules.rs`).

#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crossbeam_deque::{Injector, Stealer, Worker};

use crate::scheduler::until_settled;
use crate::sync::{AtomicUsize, Mutex, Ordering, fence, lock};

/// Ready tasks, by how long a path begins with them; of equals the first.
type Line = BinaryHeap<(u64, Reverse<u32>)>;

/// The ready tasks, and the seats from which they are run.
pub(super) struct Seats {
    free: Mutex<Vec<Seat>>,
    /// How many are free, to be looked at without the lock.
    vacant: AtomicUsize,
    stealers: Box<[Stealer<u32>]>,
    /// What was made ready by somebody without a seat.
    standing: Injector<u32>,
    /// Where tasks are taken up by rank they are all here, and nowhere else.
    line: Option<Mutex<Line>>,
}

/// The right to run ready tasks, and those that were made ready by who had it. One for each lane.
pub(super) struct Seat(Worker<u32>);

impl Seats {
    pub(super) fn new(count: usize, by_rank: bool) -> Self {
        let free: Vec<_> = (0..count).map(|_| Seat(Worker::new_lifo())).collect();
        Self {
            stealers: free.iter().map(|seat| seat.0.stealer()).collect(),
            vacant: AtomicUsize::new(free.len()),
            free: Mutex::new(free),
            standing: Injector::new(),
            line: by_rank.then(|| Mutex::new(Line::new())),
        }
    }

    /// Whether tasks are taken up by rank, and not as they come.
    pub(super) fn by_rank(&self) -> bool {
        self.line.is_some()
    }

    /// Puts a ready task in line. Gives a free seat, if there is one: somebody is to take it.
    pub(super) fn push(&self, seat: Option<&Seat>, at: u32, rank: u64) -> Option<Seat> {
        match (&self.line, seat) {
            (Some(line), _) => lock(line).push((rank, Reverse(at))),
            (None, Some(seat)) => seat.0.push(at),
            (None, None) => self.standing.push(at),
        }
        // Of this and of one that gives up its seat, one sees the other.
        fence(Ordering::SeqCst);
        self.sit()
    }

    /// Takes a ready task: the newest of the own, the oldest of the others.
    pub(super) fn take(&self, seat: &Seat) -> Option<u32> {
        if let Some(line) = &self.line {
            let (_, at) = lock(line).pop()?;
            return Some(at.0);
        }
        seat.0
            .pop()
            .or_else(|| until_settled(|| self.standing.steal_batch_and_pop(&seat.0)))
            .or_else(|| {
                let mut others = self.stealers.iter();
                others.find_map(|other| until_settled(|| other.steal_batch_and_pop(&seat.0)))
            })
    }

    /// A free seat.
    pub(super) fn sit(&self) -> Option<Seat> {
        if self.vacant.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let seat = lock(&self.free).pop()?;
        self.vacant.fetch_sub(1, Ordering::Relaxed);
        Some(seat)
    }

    /// Gives up a seat. Gives one back if there is something to do, and nobody else has taken it.
    pub(super) fn leave(&self, seat: Seat) -> Option<Seat> {
        let mut free = lock(&self.free);
        free.push(seat);
        self.vacant.fetch_add(1, Ordering::Relaxed);
        drop(free);
        fence(Ordering::SeqCst);
        self.has_ready().then(|| self.sit()).flatten()
    }

    fn has_ready(&self) -> bool {
        match &self.line {
            Some(line) => !lock(line).is_empty(),
            None => {
                !self.standing.is_empty() || self.stealers.iter().any(|other| !other.is_empty())
            }
        }
    }
}
