//! How many tasks are in a scope, and who waits for there to be none.
//!
//! Tasks that end on two lanes at once would take one count from each other, which costs as much as all else
//! that a small task costs. So those that leave are counted in several places, by lane; those that come in, in
//! one, which nobody touches who leaves. Who leaves looks whether somebody waits, which is written only then.
//!
//! At every moment as many have come as have left, or more, and both only grow. So where those that have left
//! are read first, and the two sums are equal, the scope was empty when the second was read; and it still is if
//! nobody has come by the time it is closed.
//!
//! Shuttle runs this module through its schedules (`census/schedules.rs`).

#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;

use crate::sync::{AtomicBool, AtomicUsize, Ordering, Padded};

/// In how many places those are counted that leave. With more lanes than this, some share one.
const PLACES: usize = 2;

/// In the count of those that have come: nobody may come any more.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// Counts the tasks of a scope.
#[derive(Debug, Default)]
pub(super) struct Census {
    came: Padded<AtomicUsize>,
    left: [Padded<AtomicUsize>; PLACES],
    /// Somebody waits for the last to leave.
    awaited: AtomicBool,
}

impl Census {
    /// Counts one in; `false` when the scope is closed.
    pub(super) fn enter(&self) -> bool {
        // What the task may see of the spawner's memory goes with the queue; this is a count.
        if self.came.fetch_add(1, Ordering::SeqCst) & CLOSED == 0 {
            return true;
        }
        self.came.fetch_sub(1, Ordering::SeqCst);
        false
    }

    /// Counts one out that ends on a lane. Says whether somebody waits for the last, and this may be the last.
    #[inline]
    pub(super) fn leave(&self, lane: usize) -> bool {
        // What the task has done is seen by whoever waits for the scope to be empty. In the one order of all:
        // either this is seen by who looks after it has said that it waits, or that is seen here.
        self.left[lane % PLACES].fetch_add(1, Ordering::SeqCst);
        self.awaited.load(Ordering::SeqCst) && self.is_empty()
    }

    /// From now on who leaves looks whether it is the last. To be said before the look that decides to wait.
    pub(super) fn wait(&self) {
        self.awaited.store(true, Ordering::SeqCst);
    }

    /// Closes the scope if it is empty. `true` where it is closed.
    pub(super) fn try_close(&self) -> bool {
        let left = self.sum();
        let came = self.came.load(Ordering::SeqCst);
        if came & CLOSED != 0 {
            return true;
        }
        left == came
            && self
                .came
                .compare_exchange(came, came | CLOSED, Ordering::SeqCst, Ordering::SeqCst)
                .is_ok()
    }

    /// How many there are.
    pub(super) fn live(&self) -> usize {
        let left = self.sum();
        (self.came.load(Ordering::SeqCst) & !CLOSED).saturating_sub(left)
    }

    fn is_empty(&self) -> bool {
        let left = self.sum();
        self.came.load(Ordering::SeqCst) & !CLOSED == left
    }

    fn sum(&self) -> usize {
        let left = self.left.iter();
        left.map(|place| place.load(Ordering::SeqCst)).sum()
    }
}
