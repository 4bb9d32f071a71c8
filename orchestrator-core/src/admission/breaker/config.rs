//! When a breaker opens and closes.

use std::{num::NonZeroU32, time::Duration};

use super::Trip;

/// When a breaker opens, how long it stays so, and when it closes.
///
/// The default opens after 5 failures in a row, tries again after 30 s, and closes after 2
/// successes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerConfig {
    pub(super) trip: Trip,
    pub(super) open_for: Duration,
    pub(super) close_after: NonZeroU32,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            trip: Trip::default(),
            open_for: Duration::from_secs(30),
            close_after: const { NonZeroU32::new(2).expect("2 is not 0") },
        }
    }
}

impl BreakerConfig {
    /// What opens it.
    #[must_use]
    pub fn with_trip(mut self, trip: Trip) -> Self {
        self.trip = trip;
        self
    }

    /// How long it stays open before a probe is let through.
    #[must_use]
    pub fn with_open_for(mut self, open_for: Duration) -> Self {
        self.open_for = open_for;
        self
    }

    /// How many probes in a row must succeed to close it.
    #[must_use]
    pub fn with_close_after(mut self, successes: NonZeroU32) -> Self {
        self.close_after = successes;
        self
    }
}
