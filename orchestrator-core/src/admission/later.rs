//! Instants that are not reached in practice.

use std::time::{Duration, Instant};

/// `wait` after `now`. What no clock can tell, as `Duration::MAX` means it, is thirty years away.
pub(super) fn later(now: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    now.checked_add(wait.min(FAR)).unwrap_or(now)
}
