//! When to look for resources that have been idle for too long.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use tokio::time::Instant;

/// Remembers when the first of the idle resources can be stale, so that a checkout need not look
/// at all of them each time.
pub(crate) struct Eviction {
    start: Instant,
    /// In milliseconds from the start. No resource that was idle when it was set is stale before,
    /// and none that came back later.
    next: AtomicU64,
    is_due: AtomicBool,
}

impl Eviction {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            next: AtomicU64::new(0),
            is_due: AtomicBool::new(false),
        }
    }

    /// One who has looked at the clock says so.
    pub(crate) fn look(&self, now: Instant) {
        if self.millis(now) >= self.next.load(Relaxed) {
            self.is_due.store(true, Relaxed);
        }
    }

    /// Whether somebody has to look, who is then the caller.
    pub(crate) fn take_due(&self) -> bool {
        self.is_due.load(Relaxed) && self.is_due.swap(false, Relaxed)
    }

    /// When to look again; `None`: never.
    pub(crate) fn set_next(&self, next: Option<Instant>) {
        let millis = next.map_or(u64::MAX, |next| self.millis(next));
        self.next.store(millis, Relaxed);
    }

    fn millis(&self, at: Instant) -> u64 {
        let since: Duration = at.saturating_duration_since(self.start);
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}
