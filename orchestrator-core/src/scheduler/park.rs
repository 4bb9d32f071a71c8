//! Sleeping and being woken, without losing a wake-up.
//!
//! Whoever brings work makes it visible first and rings then. A lane that has found none lies down,
//! looks once more, and sleeps only then. There is a full fence between the two steps of either, so one
//! of them sees the other (Dekker's way): the ring finds the lane lying, or the lane's last look finds
//! the work.
//!
//! One ring is enough while a lane that was woken has not found anything yet: it will look everywhere.
//! When it finds something and was the last that searched, it rings for the next one. Go's scheduler
//! and tokio's do the same; otherwise a thousand tasks would wake every lane a thousand times.
//!
//! Shuttle runs this module through its schedules (`park/schedules.rs`).

#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;

use std::task::Waker;

use crate::sync::{AtomicUsize, Mutex, MutexGuard, Ordering, Padded, fence, lock};

/// Where idle lanes sleep.
#[derive(Debug)]
pub(super) struct Parking {
    /// How many lie here: looked at without the lock.
    lying: Padded<AtomicUsize>,
    /// How many were woken and have found nothing yet.
    searching: Padded<AtomicUsize>,
    beds: Mutex<Beds>,
}

#[derive(Debug)]
struct Beds {
    wakers: Vec<Option<Waker>>,
    /// Nobody sleeps any more.
    closed: bool,
}

impl Parking {
    pub(super) fn new(lanes: usize) -> Self {
        Self {
            lying: Padded(AtomicUsize::new(0)),
            searching: Padded(AtomicUsize::new(0)),
            beds: Mutex::new(Beds {
                wakers: vec![None; lanes],
                closed: false,
            }),
        }
    }

    /// To be called after work was made visible. Gives who is to be woken for it, if anybody: best the
    /// lane that is preferred.
    pub(super) fn ring(&self, preferred: Option<usize>) -> Option<Waker> {
        fence(Ordering::SeqCst);
        if self.lying.load(Ordering::Relaxed) == 0 || self.searching.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let mut beds = self.lock();
        let of_preferred = preferred.and_then(|lane| beds.wakers[lane].take());
        let waker = of_preferred.or_else(|| beds.wakers.iter_mut().find_map(Option::take))?;
        self.lying.fetch_sub(1, Ordering::Relaxed);
        self.searching.fetch_add(1, Ordering::Relaxed);
        Some(waker)
    }

    /// A lane has found nothing. It must look once more after this. `false`: it must not sleep.
    #[must_use]
    pub(super) fn lie_down(&self, lane: usize, waker: Waker, searched: bool) -> bool {
        let mut beds = self.lock();
        if beds.closed {
            return false;
        }
        let old = beds.wakers[lane].replace(waker);
        debug_assert!(old.is_none(), "a lane lies down once");
        self.lying.fetch_add(1, Ordering::Relaxed);
        if searched {
            self.searching.fetch_sub(1, Ordering::Relaxed);
        }
        drop(beds);
        fence(Ordering::SeqCst);
        true
    }

    /// Whether nobody has rung for a lane that lies here; then its waker is the new one.
    pub(super) fn sleeps_on(&self, lane: usize, waker: &Waker) -> bool {
        match &mut self.lock().wakers[lane] {
            Some(old) => {
                old.clone_from(waker);
                true
            }
            None => false,
        }
    }

    /// A lane gets up by itself, and will not look for work that others may have left to it. `false`:
    /// somebody has rung for it, and it is one of those that search.
    #[must_use]
    pub(super) fn get_up(&self, lane: usize) -> bool {
        let mut beds = self.lock();
        let lay = beds.wakers[lane].take().is_some();
        if lay {
            self.lying.fetch_sub(1, Ordering::Relaxed);
        }
        lay || beds.closed
    }

    /// A lane has seen work in its last look, and gets up. From now on it is one of those that search,
    /// whether or not somebody has rung for it: of several tasks that came while it searched before,
    /// none has woken anybody, so it has to ring for the next lane when it has taken the first.
    pub(super) fn get_up_to_search(&self, lane: usize) {
        let mut beds = self.lock();
        if beds.wakers[lane].take().is_some() {
            self.lying.fetch_sub(1, Ordering::Relaxed);
            self.searching.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A lane that was searching has found work. Gives the next one to be woken, if this was the last that
    /// searched and there is more to do.
    pub(super) fn found(&self, is_more: impl FnOnce() -> bool) -> Option<Waker> {
        let others = self.searching.fetch_sub(1, Ordering::Relaxed) - 1;
        if others > 0 {
            return None;
        }
        // Of somebody who has brought work and woken nobody because this lane was searching, and this
        // look, the one sees the other, as it is with the last look of a lane that lies down.
        fence(Ordering::SeqCst);
        if is_more() { self.ring(None) } else { None }
    }

    /// From now on nobody sleeps. Gives those who do.
    pub(super) fn close(&self) -> Vec<Waker> {
        let mut beds = self.lock();
        beds.closed = true;
        let sleepers: Vec<_> = beds.wakers.iter_mut().filter_map(Option::take).collect();
        self.lying.fetch_sub(sleepers.len(), Ordering::Relaxed);
        sleepers
    }

    fn lock(&self) -> MutexGuard<'_, Beds> {
        lock(&self.beds)
    }
}
