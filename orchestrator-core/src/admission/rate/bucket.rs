//! The arithmetic of one limit: the generic cell rate algorithm in its virtual scheduling form
//! (ITU-T I.371, annex A), with weights and with corrections afterwards.

use std::{
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// One limit. It remembers a single instant: when everything that was taken has flowed back.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    /// How long one cell takes to flow back, rounded up: never more than the limit a minute.
    every: Duration,
    burst: u32,
    /// In the past: the bucket is full.
    full_at: Instant,
    /// How much has been given back so far, as time.
    given_back: Duration,
}

/// What was taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    cells: u32,
    /// When the bucket would have been full again, if nothing more had happened.
    full_at: Instant,
    given_back: Duration,
}

impl Bucket {
    pub(super) fn new(per_minute: NonZeroU32, burst: NonZeroU32, now: Instant) -> Self {
        let nanos = 60_000_000_000_u64.div_ceil(per_minute.get().into());
        Self {
            every: Duration::from_nanos(nanos),
            burst: burst.get(),
            full_at: now,
            given_back: Duration::ZERO,
        }
    }

    pub(super) fn burst(&self) -> u32 {
        self.burst
    }

    /// How long until so many cells may be taken. Zero cells wait only while more is owed than
    /// fits into the bucket.
    pub(super) fn wait(&self, now: Instant, cells: u32) -> Duration {
        let owed = self.full_at.saturating_duration_since(now);
        if owed.is_zero() {
            return owed;
        }
        owed.saturating_sub(self.every * self.burst.saturating_sub(cells))
    }

    pub(super) fn take(&mut self, now: Instant, cells: u32) -> Taken {
        self.full_at = self.full_at.max(now) + self.every * cells;
        Taken {
            cells,
            full_at: self.full_at,
            given_back: self.given_back,
        }
    }

    /// What was taken turns out to be more or less than what was used.
    pub(super) fn correct(&mut self, now: Instant, taken: &Taken, used: u32) {
        if used >= taken.cells {
            self.full_at = self.full_at.max(now) + self.every * (used - taken.cells);
            return;
        }
        // What has flowed back since is not given back once more. Had less been taken, the bucket
        // would have been full sooner, and what flows into a full bucket is lost. It would have
        // been full sooner still by what others have got back since.
        let others = self.given_back - taken.given_back;
        let left = taken.full_at.saturating_duration_since(now);
        let back = (self.every * (taken.cells - used)).min(left.saturating_sub(others));
        self.given_back += back;
        self.full_at = self.full_at.checked_sub(back).unwrap_or(now);
    }
}
