//! What the lanes have done.
//!
//! Each lane has counters of its own that it alone writes, so counting is a load and a store, and
//! nobody's cache line moves. Whoever reads them sees each as it is at that moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::WaitHistogram;
use crate::histogram::CLASSES;
use crate::task::TaskError;

/// What one lane has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaneStats {
    /// Tasks that the lane took up for the first time.
    pub begun: u64,
    /// How often the lane was at a task: once, and once after each wait.
    pub polls: u64,
    /// Tasks that returned here.
    pub completed: u64,
    /// Tasks that panicked here.
    pub panicked: u64,
    /// Tasks whose cancellation came to its end here.
    pub cancelled: u64,
    /// Turns at tasks that belonged to another lane: stolen from it.
    pub stolen: u64,
    /// Turns at tasks that belonged to this lane: children that ran where their parent did, and
    /// tasks that were woken and came back.
    pub affinity_hits: u64,
    /// How often the lane has gone to sleep.
    pub parked: u64,
    /// How long it was at tasks, looking for the next included.
    pub busy: Duration,
}

impl LaneStats {
    fn add(mut self, other: &Self) -> Self {
        self.begun += other.begun;
        self.polls += other.polls;
        self.completed += other.completed;
        self.panicked += other.panicked;
        self.cancelled += other.cancelled;
        self.stolen += other.stolen;
        self.affinity_hits += other.affinity_hits;
        self.parked += other.parked;
        self.busy += other.busy;
        self
    }
}

/// What the lanes have done so far. The numbers are read one by one while the lanes go on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchedulerStats {
    /// One for each lane.
    pub lanes: Vec<LaneStats>,
    /// How long the scheduler has been there.
    pub uptime: Duration,
    /// How long tasks have waited before they were first taken up.
    pub waits: WaitHistogram,
}

impl SchedulerStats {
    pub(super) fn read<'a>(uptime: Duration, counters: impl Iterator<Item = &'a Counters>) -> Self {
        let mut waits = WaitHistogram::default();
        let lanes = counters.map(|lane| {
            waits.add(lane.waits.iter().map(|class| class.load(Ordering::Relaxed)));
            lane.read()
        });
        Self {
            lanes: lanes.collect(),
            uptime,
            waits,
        }
    }

    /// The sum over the lanes.
    #[must_use]
    pub fn total(&self) -> LaneStats {
        let lanes = self.lanes.iter();
        lanes.fold(LaneStats::default(), |sum, lane| sum.add(lane))
    }

    /// The share of their time that the lanes were at tasks, between 0 and 1. A lane that sleeps or
    /// lets its thread do other work is not.
    #[must_use]
    pub fn utilization(&self) -> f64 {
        let available = self.uptime.as_secs_f64() * self.lanes.len() as f64;
        if available > 0.0 {
            (self.total().busy.as_secs_f64() / available).min(1.0)
        } else {
            0.0
        }
    }
}

/// Whose a task was that a lane has taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// Nobody's.
    Nobody,
    /// The lane's own.
    Own,
    /// Another lane's.
    Other,
}

/// How a task has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ending {
    Completed,
    Panicked,
    Cancelled,
}

impl Ending {
    pub(crate) fn of<T>(result: &Result<T, TaskError>) -> Self {
        match result {
            Ok(_) => Self::Completed,
            Err(TaskError::Panicked { .. }) => Self::Panicked,
            Err(_) => Self::Cancelled,
        }
    }
}

/// A lane's counters.
#[derive(Debug)]
pub(super) struct Counters {
    begun: AtomicU64,
    polls: AtomicU64,
    completed: AtomicU64,
    panicked: AtomicU64,
    cancelled: AtomicU64,
    stolen: AtomicU64,
    affinity_hits: AtomicU64,
    parked: AtomicU64,
    busy_nanos: AtomicU64,
    waits: [AtomicU64; CLASSES],
}

impl Default for Counters {
    fn default() -> Self {
        let zero = AtomicU64::default;
        Self {
            begun: zero(),
            polls: zero(),
            completed: zero(),
            panicked: zero(),
            cancelled: zero(),
            stolen: zero(),
            affinity_hits: zero(),
            parked: zero(),
            busy_nanos: zero(),
            waits: std::array::from_fn(|_| zero()),
        }
    }
}

/// Adds to a counter that only this thread writes.
fn add(counter: &AtomicU64, amount: u64) {
    // Relaxed: they are counts, and nothing else is read by their light.
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(amount),
        Ordering::Relaxed,
    );
}

impl Counters {
    pub(super) fn began(&self, waited: Duration) {
        add(&self.begun, 1);
        add(&self.waits[WaitHistogram::class(waited)], 1);
    }

    pub(super) fn polled(&self, owner: Owner) {
        add(&self.polls, 1);
        match owner {
            Owner::Nobody => {}
            Owner::Own => add(&self.affinity_hits, 1),
            Owner::Other => add(&self.stolen, 1),
        }
    }

    pub(super) fn ended(&self, ending: Ending) {
        let counter = match ending {
            Ending::Completed => &self.completed,
            Ending::Panicked => &self.panicked,
            Ending::Cancelled => &self.cancelled,
        };
        add(counter, 1);
    }

    pub(super) fn parked(&self) {
        add(&self.parked, 1);
    }

    pub(super) fn busy(&self, time: Duration) {
        add(
            &self.busy_nanos,
            u64::try_from(time.as_nanos()).unwrap_or(0),
        );
    }

    fn read(&self) -> LaneStats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LaneStats {
            begun: get(&self.begun),
            polls: get(&self.polls),
            completed: get(&self.completed),
            panicked: get(&self.panicked),
            cancelled: get(&self.cancelled),
            stolen: get(&self.stolen),
            affinity_hits: get(&self.affinity_hits),
            parked: get(&self.parked),
            busy: Duration::from_nanos(get(&self.busy_nanos)),
        }
    }
}
