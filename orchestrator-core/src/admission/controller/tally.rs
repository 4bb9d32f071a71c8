//! What is counted of a route. A role, a model or a provider has the sum of its routes: so a call counts
//! once, and who reads adds up.

use std::time::{Duration, Instant};

use super::core::{End, Left};
use super::stats::{AdmissionStats, CallCounts, KeyStats};
use crate::WaitHistogram;

/// What is counted of a route.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) calls: CallCounts,
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
            calls: CallCounts::default(),
            waits: WaitHistogram::default(),
            running: Integral::new(0, now),
        }
    }

    pub(super) fn admit(&mut self, now: Instant, waited: Duration) {
        self.calls.admitted += 1;
        self.waits.record(waited);
        self.running.set(self.running.now + 1, now);
    }

    pub(super) fn end(&mut self, now: Instant, end: End) {
        match end {
            End::Succeeded(_) => self.calls.succeeded += 1,
            End::Failed(..) => self.calls.failed += 1,
            End::Abandoned | End::Unused => self.calls.abandoned += 1,
        }
        self.running.set(self.running.now - 1, now);
    }

    pub(super) fn leave(&mut self, left: Left) {
        let rejections = &mut self.calls.rejections;
        let count = match left {
            Left::GaveUp => &mut rejections.gave_up,
            Left::Cancelled => &mut rejections.cancelled,
            Left::DeadlinePassed => &mut rejections.deadline_passed,
            Left::WouldWait => &mut rejections.would_wait,
        };
        *count += 1;
    }

    pub(super) fn add_to(&self, sum: &mut AdmissionStats) {
        sum.calls.add(&self.calls);
        sum.running += self.running.now;
    }

    pub(super) fn add_to_key(&self, sum: &mut KeyStats, now: Instant) {
        sum.calls.add(&self.calls);
        sum.waits.add_all_of(&self.waits);
        sum.taken_for = sum.taken_for.saturating_add(self.running.at(now));
    }
}
