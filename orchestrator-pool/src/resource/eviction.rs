//! When to look for resources that have been idle for too long.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Remembers when the first of the idle resources can be stale, so that a checkout need not look
/// at all of them each time.
#[derive(Default)]
pub(crate) struct Eviction {
    /// In milliseconds. No resource that was idle when it was set is stale before,
    /// and none that came back later.
    next: AtomicU64,
    is_due: AtomicBool,
}

impl Eviction {
    /// One who has looked at the clock says so.
    #[inline]
    pub(crate) fn look(&self, now: Duration) {
        if millis(now) >= self.next.load(Relaxed) {
            self.is_due.store(true, Relaxed);
        }
    }

    /// Whether somebody has to look, who is then the caller.
    #[inline]
    pub(crate) fn take_due(&self) -> bool {
        self.is_due.load(Relaxed) && self.is_due.swap(false, Relaxed)
    }

    /// When to look again; `None`: never.
    pub(crate) fn set_next(&self, next: Option<Duration>) {
        let millis = next.map_or(u64::MAX, millis);
        self.next.store(millis, Relaxed);
    }
}

#[inline]
fn millis(time: Duration) -> u64 {
    // `as_millis` would divide 128 bits, at each checkout.
    let seconds = time.as_secs().saturating_mul(1_000);
    seconds.saturating_add(time.subsec_millis().into())
}
