//! What is counted of a route. A role, a model or a provider has the sum of its routes: so a call counts
//! once, and who reads adds up.

use std::time::{Duration, Instant};

use super::core::{End, Left};
use super::stats::{AdmissionStats, KeyStats, RejectionCounts};
use crate::WaitHistogram;

/// What is counted of a route.
#[derive(Debug)]
pub(super) struct Tally {
    admitted: u64,
    pub(super) rejections: RejectionCounts,
    succeeded: u64,
    failed: u64,
    abandoned: u64,
    waits: WaitHistogram,
    running: Integral,
}

/// A number, and its sum over time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Integral {
    now: usize,
    since: Instant,
    until_then: Duration,
}

impl Integral {
    pub(super) fn new(number: usize, since: Instant) -> Self {
        Self {
            now: number,
            since,
            until_then: Duration::ZERO,
        }
    }

    pub(super) fn set(&mut self, number: usize, now: Instant) {
        self.until_then = self.at(now);
        self.since = now;
        self.now = number;
    }

    /// The sum up to a time. The time itself, for as long as the number was one.
    pub(super) fn at(&self, now: Instant) -> Duration {
        let number = u32::try_from(self.now).unwrap_or(u32::MAX);
        let since = now.saturating_duration_since(self.since);
        self.until_then.saturating_add(since.saturating_mul(number))
    }
}

impl Tally {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            admitted: 0,
            rejections: RejectionCounts::default(),
            succeeded: 0,
            failed: 0,
            abandoned: 0,
            waits: WaitHistogram::default(),
            running: Integral::new(0, now),
        }
    }

    pub(super) fn admit(&mut self, now: Instant, waited: Duration) {
        self.admitted += 1;
        self.waits.record(waited);
        self.running.set(self.running.now + 1, now);
    }

    pub(super) fn end(&mut self, now: Instant, end: End) {
        match end {
            End::Succeeded(_) => self.succeeded += 1,
            End::Failed(..) => self.failed += 1,
            End::Abandoned | End::Unused => self.abandoned += 1,
        }
        self.running.set(self.running.now - 1, now);
    }

    pub(super) fn leave(&mut self, left: Left) {
        let count = match left {
            Left::GaveUp => &mut self.rejections.gave_up,
            Left::Cancelled => &mut self.rejections.cancelled,
            Left::DeadlinePassed => &mut self.rejections.deadline_passed,
            Left::WouldWait => &mut self.rejections.would_wait,
        };
        *count += 1;
    }

    pub(super) fn add_to(&self, sum: &mut AdmissionStats) {
        sum.admitted += self.admitted;
        sum.rejections.add(&self.rejections);
        sum.succeeded += self.succeeded;
        sum.failed += self.failed;
        sum.abandoned += self.abandoned;
        sum.running += self.running.now;
    }

    pub(super) fn add_to_key(&self, sum: &mut KeyStats, now: Instant) {
        sum.admitted += self.admitted;
        sum.rejections.add(&self.rejections);
        sum.succeeded += self.succeeded;
        sum.failed += self.failed;
        sum.abandoned += self.abandoned;
        sum.waits.add_all_of(&self.waits);
        sum.taken_for = sum.taken_for.saturating_add(self.running.at(now));
    }
}
