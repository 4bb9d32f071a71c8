//! How often hooks were called, counted once a dispatch and not once a hook.
//!
//! A dispatch calls its plan's hooks from the first to the one where it ended. So it is enough
//! to count how many went to the end and, for each place, how many ended there; the rest is a
//! sum. Dispatches on different threads count in different cache lines, and a handle that only
//! one can use at a time counts without a locked instruction.

use std::{
    cell::Cell,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

/// Cache lines for the one count that every dispatch changes.
const SHARDS: usize = 16;

/// One dispatch of so many, on a thread or by a handle, looks at the clock around each hook.
const TIMED: u64 = 256;

/// Where a dispatch counts that goes to the end.
pub(crate) trait Count: Copy {
    /// Whether the dispatch that begins now is one of those that are timed.
    fn is_timed(self) -> bool;

    fn one_more(self);
}

/// The dispatches that followed one plan.
pub(crate) struct PlanCounts {
    /// Those that went to the end.
    full: [Shard; SHARDS],
    /// Those of handles that follow the plan.
    handles: Mutex<Vec<Arc<AtomicU64>>>,
    /// Those that ended at each place: broke off, stopped, or were dropped.
    ended: Box<[AtomicU64]>,
}

/// Two lines, because processors fetch them in pairs.
#[derive(Default)]
#[repr(align(128))]
struct Shard(AtomicU64);

impl PlanCounts {
    pub(crate) fn new(hooks: usize) -> Self {
        Self {
            full: Default::default(),
            handles: Mutex::default(),
            ended: (0..hooks).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(crate) fn ended_at(&self, place: usize) {
        self.ended[place].fetch_add(1, Ordering::Relaxed);
    }

    /// How often the hook at each place was called, last place first.
    pub(crate) fn calls_from_last(&self) -> impl Iterator<Item = u64> {
        let full = self.full.iter().map(|shard| &shard.0);
        let handles = self.handles();
        let full = full.chain(handles.iter().map(|count| &**count));
        let mut calls: u64 = full.map(|count| count.load(Ordering::Relaxed)).sum();
        drop(handles);
        self.ended.iter().rev().map(move |ended| {
            calls += ended.load(Ordering::Relaxed);
            calls
        })
    }

    /// Whether nobody has followed the plan to a hook, as when hooks come one after the other.
    pub(crate) fn is_empty(&self) -> bool {
        let full = self.full.iter().map(|shard| &shard.0);
        let mut all = full.chain(&self.ended);
        all.all(|count| count.load(Ordering::Relaxed) == 0)
    }

    fn handles(&self) -> MutexGuard<'_, Vec<Arc<AtomicU64>>> {
        // A list of pointers is never half changed.
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts for whoever comes, on the lines of its thread.
impl Count for &PlanCounts {
    #[inline]
    fn is_timed(self) -> bool {
        let so_far = self.full[shard()].0.load(Ordering::Relaxed);
        so_far.is_multiple_of(TIMED)
    }

    #[inline]
    fn one_more(self) {
        // Maybe on another thread than the one on which the dispatch began.
        self.full[shard()].0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The shard of this thread; threads share one where there are many.
#[inline]
fn shard() -> usize {
    let mine = MINE.get();
    if mine < SHARDS {
        return mine;
    }
    new_shard()
}

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(usize::MAX) };
}

#[cold]
fn new_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mine = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    MINE.set(mine);
    mine
}

/// The count of one handle under one plan.
pub(crate) struct HandleCount {
    plan: Arc<PlanCounts>,
    count: Arc<AtomicU64>,
}

impl HandleCount {
    pub(crate) fn new(plan: &Arc<PlanCounts>) -> Self {
        let count = Arc::default();
        plan.handles().push(Arc::clone(&count));
        Self {
            plan: Arc::clone(plan),
            count,
        }
    }

    /// To count with, for the one dispatch that the handle has under way.
    #[inline]
    pub(crate) fn alone(&mut self) -> Alone<'_> {
        Alone(&self.count)
    }
}

impl Drop for HandleCount {
    fn drop(&mut self) {
        let mut handles = self.plan.handles();
        handles.retain(|count| !Arc::ptr_eq(count, &self.count));
        let count = self.count.load(Ordering::Relaxed);
        self.plan.full[0].0.fetch_add(count, Ordering::Relaxed);
    }
}

/// A count that nobody else changes.
#[derive(Clone, Copy)]
pub(crate) struct Alone<'a>(&'a AtomicU64);

impl Count for Alone<'_> {
    #[inline]
    fn is_timed(self) -> bool {
        self.0.load(Ordering::Relaxed).is_multiple_of(TIMED)
    }

    #[inline]
    fn one_more(self) {
        let so_far = self.0.load(Ordering::Relaxed);
        self.0.store(so_far + 1, Ordering::Relaxed);
    }
}
