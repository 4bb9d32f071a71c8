//! What the lanes have done.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one lane has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneStats {
    /// Tasks that the lane took up.
    pub executed: u64,
    /// Those of them that it stole from another lane.
    pub stolen: u64,
    /// Those of them that came from its own deque: children that ran where their parent did.
    pub affinity_hits: u64,
}

/// What the lanes have done so far. The numbers are read one by one while the lanes go on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchedulerStats {
    /// One for each lane.
    pub lanes: Vec<LaneStats>,
}

impl SchedulerStats {
    /// The sum over the lanes.
    #[must_use]
    pub fn total(&self) -> LaneStats {
        self.lanes
            .iter()
            .fold(LaneStats::default(), |sum, lane| LaneStats {
                executed: sum.executed + lane.executed,
                stolen: sum.stolen + lane.stolen,
                affinity_hits: sum.affinity_hits + lane.affinity_hits,
            })
    }
}

/// Where a lane found a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Injector,
    Own,
    Sibling,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    executed: AtomicU64,
    stolen: AtomicU64,
    affinity_hits: AtomicU64,
}

impl Counters {
    // Relaxed: they are counts, and nothing else is read by their light.
    pub(super) fn record(&self, source: Source) {
        self.executed.fetch_add(1, Ordering::Relaxed);
        match source {
            Source::Injector => {}
            Source::Own => {
                self.affinity_hits.fetch_add(1, Ordering::Relaxed);
            }
            Source::Sibling => {
                self.stolen.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn read(&self) -> LaneStats {
        LaneStats {
            executed: self.executed.load(Ordering::Relaxed),
            stolen: self.stolen.load(Ordering::Relaxed),
            affinity_hits: self.affinity_hits.load(Ordering::Relaxed),
        }
    }
}
