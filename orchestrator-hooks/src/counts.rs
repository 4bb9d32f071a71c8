//! How often hooks were called, counted once a dispatch and not once a hook.
//!
//! A dispatch calls its plan's hooks from the first to the one where it ended. So it is enough
//! to count how many went to the end and, for each place, how many ended there; the rest is a
//! sum. Dispatches on different threads count in different cache lines.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Cache lines for the one count that every dispatch changes.
const SHARDS: usize = 16;

/// One dispatch of so many, a thread, looks at the clock around each hook.
const TIMED: u64 = 256;

/// Two lines, because processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Shard(AtomicU64);

/// The dispatches that followed one plan.
pub(crate) struct PlanCounts {
    /// Those that went to the end.
    full: [Shard; SHARDS],
    /// Those that ended at each place: broke off, stopped, or were dropped.
    ended: Box<[AtomicU64]>,
}

impl PlanCounts {
    pub(crate) fn new(hooks: usize) -> Self {
        Self {
            full: Default::default(),
            ended: (0..hooks).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Whether the dispatch that begins now, on this thread, is one of those that are timed.
    pub(crate) fn is_timed(&self) -> bool {
        let so_far = self.full[shard()].0.load(Ordering::Relaxed);
        so_far.is_multiple_of(TIMED)
    }

    pub(crate) fn went_to_the_end(&self) {
        self.full[shard()].0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn ended_at(&self, place: usize) {
        self.ended[place].fetch_add(1, Ordering::Relaxed);
    }

    /// How often the hook at each place was called, last place first.
    pub(crate) fn calls_from_last(&self) -> impl Iterator<Item = u64> {
        let full = self
            .full
            .iter()
            .map(|shard| shard.0.load(Ordering::Relaxed));
        let mut calls: u64 = full.sum();
        self.ended.iter().rev().map(move |ended| {
            calls += ended.load(Ordering::Relaxed);
            calls
        })
    }
}

/// The shard of this thread.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    let mine = MINE.get();
    if mine < SHARDS {
        return mine;
    }
    let mine = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    MINE.set(mine);
    mine
}
