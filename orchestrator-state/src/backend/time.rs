//! The backend's time: milliseconds, by a clock that is handed in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;

use crate::Clock;

/// A clock that many threads ask.
pub type SharedClock = Arc<dyn Clock + Sync>;

/// A clock that moves only when it is told to. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    /// A clock that shows a time, to the millisecond.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    /// Moves it forward. Parts of a millisecond count as a whole one.
    pub fn advance(&self, by: Duration) {
        let to = |now| Some(after(now, by));
        // The closure never refuses, so this cannot fail.
        let _always = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, to);
    }
}

impl Default for ManualClock {
    /// A clock that shows the first of January 2026.
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(1_767_225_600_000)))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        timestamp(self.0.load(Ordering::SeqCst))
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.now()).finish()
    }
}

/// The time that is a while after another one, or the last one that there is. Parts of a millisecond
/// count as a whole one, so that no lease and no delay is shorter than it was asked to be.
pub(super) fn after(milliseconds: i64, wait: Duration) -> i64 {
    let wait = wait.as_nanos().div_ceil(1_000_000);
    let wait = i64::try_from(wait).unwrap_or(i64::MAX);
    milliseconds
        .saturating_add(wait)
        .min(Timestamp::MAX.as_millisecond())
}

/// A time by its milliseconds since 1970.
pub(super) fn timestamp(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(if milliseconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_while_is_never_shorter_than_asked_and_never_runs_over() {
        assert_eq!(after(5, Duration::from_nanos(1)), 6);
        assert_eq!(after(5, Duration::from_millis(2)), 7);
        let last = Timestamp::MAX.as_millisecond();
        assert_eq!(after(5, Duration::MAX), last);
        assert!(timestamp(last) <= Timestamp::MAX);
        assert_eq!(timestamp(i64::MIN), Timestamp::MIN);
        let clock = ManualClock::default();
        let before = clock.now();
        clock.clone().advance(Duration::from_secs(2));
        assert_eq!(
            clock.now().as_millisecond() - before.as_millisecond(),
            2_000
        );
    }
}
