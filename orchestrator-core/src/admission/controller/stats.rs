//! Counts of a controller.

use std::time::Duration;

use crate::WaitHistogram;
use crate::admission::{Rejection, SlotKey};

/// What a controller has done so far, and what it has before it now. All numbers are of one
/// moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdmissionStats {
    /// What became of the calls.
    pub calls: CallCounts,
    /// Calls that run.
    pub running: usize,
    /// Calls that wait.
    pub waiting: usize,
}

/// What a controller knows of a role, a model or a provider. All numbers are of one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct KeyStats {
    /// Of what.
    pub key: SlotKey,
    /// How many slots are taken. More than `limit` after that was lowered, until enough have ended.
    pub taken: usize,
    /// How many there are; [`usize::MAX`] without a limit.
    pub limit: usize,
    /// Calls that wait, for whatever.
    pub waiting: usize,
    /// What became of the calls. Of those that came too deep, or to a closed controller, only such are
    /// counted as needed what others had needed before.
    pub calls: CallCounts,
    /// How long the admitted ones have waited; those that did not are in the first class.
    pub waits: WaitHistogram,
    /// For how long slots were taken: for two at a time, twice as long.
    pub taken_for: Duration,
    /// For how long there were slots, by the limits that there were. `None` where there was no limit at some
    /// time.
    pub there_for: Option<Duration>,
}

/// What became of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallCounts {
    /// Those that were admitted.
    pub admitted: u64,
    /// Those that were not.
    pub rejections: RejectionCounts,
    /// Those of which somebody said that they went well.
    pub succeeded: u64,
    /// Those of which somebody said that they failed.
    pub failed: u64,
    /// Those of which nobody said how they went, or which were not made after all.
    pub abandoned: u64,
}

impl CallCounts {
    pub(super) fn add(&mut self, other: &Self) {
        self.admitted += other.admitted;
        self.rejections.add(&other.rejections);
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.abandoned += other.abandoned;
    }
}

impl KeyStats {
    /// The share of the slots that were taken, over the time since the key was first asked for: between 0
    /// and 1, or more while a limit was lowered below what ran. `None` where there was no limit at some time.
    #[must_use]
    pub fn utilization(&self) -> Option<f64> {
        let there = self.there_for?.as_secs_f64();
        (there > 0.0).then(|| self.taken_for.as_secs_f64() / there)
    }
}

/// How many calls were not admitted, by the reason: see [`Rejection`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectionCounts {
    /// [`Rejection::Depth`].
    pub depth: u64,
    /// [`Rejection::TooManyTokens`].
    pub too_many_tokens: u64,
    /// [`Rejection::Refused`].
    pub refused: u64,
    /// [`Rejection::WouldWait`].
    pub would_wait: u64,
    /// [`Rejection::DeadlinePassed`].
    pub deadline_passed: u64,
    /// [`Rejection::Cancelled`].
    pub cancelled: u64,
    /// [`Rejection::Closed`].
    pub closed: u64,
    /// Those whose future was dropped while they waited: nobody was told.
    pub gave_up: u64,
}

impl RejectionCounts {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        let Self {
            depth,
            too_many_tokens,
            refused,
            would_wait,
            deadline_passed,
            cancelled,
            closed,
            gave_up,
        } = *self;
        depth
            + too_many_tokens
            + refused
            + would_wait
            + deadline_passed
            + cancelled
            + closed
            + gave_up
    }

    pub(super) fn count(&mut self, rejection: &Rejection) {
        let count = match rejection {
            Rejection::Depth(_) => &mut self.depth,
            Rejection::TooManyTokens { .. } => &mut self.too_many_tokens,
            Rejection::Refused { .. } => &mut self.refused,
            Rejection::WouldWait { .. } => &mut self.would_wait,
            Rejection::DeadlinePassed { .. } => &mut self.deadline_passed,
            Rejection::Cancelled => &mut self.cancelled,
            Rejection::Closed => &mut self.closed,
        };
        *count += 1;
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.depth += other.depth;
        self.too_many_tokens += other.too_many_tokens;
        self.refused += other.refused;
        self.would_wait += other.would_wait;
        self.deadline_passed += other.deadline_passed;
        self.cancelled += other.cancelled;
        self.closed += other.closed;
        self.gave_up += other.gave_up;
    }
}
