//! What an object pool has done, counted by each thread for itself.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What an [`ObjectPool`](crate::ObjectPool) has done so far.
///
/// The numbers are of about one moment; they are exact when nobody uses the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectStats {
    /// Objects that were lent.
    pub lent: u64,
    /// Of these, how many had to be made. The others were used again.
    pub made: u64,
    /// Objects that came back and were kept.
    pub kept: u64,
    /// Objects that were dropped rather than kept: they refused to be recycled, were discarded,
    /// came back in a panic, or there was no room for them.
    pub dropped: u64,
}

impl ObjectStats {
    /// Objects that are out now.
    pub fn out(&self) -> u64 {
        self.lent.saturating_sub(self.kept + self.dropped)
    }
}

/// One thread's counts. Others only read them, so that no locked instruction is needed.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Counts {
    pub(crate) lent: Count,
    pub(crate) made: Count,
    pub(crate) kept: Count,
    pub(crate) dropped: Count,
}

#[derive(Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    /// By the thread whose count it is.
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.0
            .store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// One thread may take away what another has added: only the sum means something.
    pub(crate) fn take_away(&self, less: u64) {
        self.add(less.wrapping_neg());
    }

    fn add_to(&self, sum: &mut u64) {
        *sum = sum.wrapping_add(self.0.load(Relaxed));
    }
}

impl Counts {
    pub(crate) fn add_to(&self, stats: &mut ObjectStats) {
        self.lent.add_to(&mut stats.lent);
        self.made.add_to(&mut stats.made);
        self.kept.add_to(&mut stats.kept);
        self.dropped.add_to(&mut stats.dropped);
    }
}
