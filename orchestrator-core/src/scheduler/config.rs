//! How a scheduler is laid out.

use std::num::NonZeroUsize;

/// How a [`Scheduler`](super::Scheduler) is laid out. The default: a lane for each processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchedulerConfig {
    /// How many lanes there are: how many tasks are worked on at the same moment. Tasks that wait do
    /// not count.
    pub lanes: NonZeroUsize,
    /// See [`with_seed`](Self::with_seed).
    pub seed: Option<u64>,
}

impl SchedulerConfig {
    /// A scheduler of that many lanes.
    #[must_use]
    pub fn new(lanes: NonZeroUsize) -> Self {
        Self { lanes, seed: None }
    }

    /// Has the lanes take turns, a task at a time, in an order that the seed decides. On a
    /// current-thread runtime whose clock is paused, everything happens in the same order each time: for
    /// tests, which find more orders with more seeds.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }
}

impl Default for SchedulerConfig {
    fn default() -> Self {
        let lanes = std::thread::available_parallelism();
        Self::new(lanes.unwrap_or(NonZeroUsize::MIN))
    }
}
