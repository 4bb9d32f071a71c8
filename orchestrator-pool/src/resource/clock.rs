//! By which clock a resource has been idle for too long.

use std::time::Duration;

/// Tells how long ago some moment was: always the same one. It never goes back.
pub trait Clock: Send + Sync + 'static {
    /// The time since that moment.
    fn now(&self) -> Duration;
}

/// The system's monotonic clock, where there is one the kind that is cheap and goes in steps of a
/// few milliseconds: it is looked at twice a checkout, for minutes.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoarseClock;

#[cfg(target_os = "linux")]
impl Clock for CoarseClock {
    fn now(&self) -> Duration {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
        // Neither is negative.
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
    }
}

#[cfg(not(target_os = "linux"))]
impl Clock for CoarseClock {
    fn now(&self) -> Duration {
        use std::{sync::LazyLock, time::Instant};

        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        START.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn it_goes_on() {
        let (began, start) = (CoarseClock.now(), Instant::now());
        let mut now = began;
        while now < began + Duration::from_millis(20) {
            let next = CoarseClock.now();
            assert!(next >= now);
            now = next;
        }
        // As fast as the other, but for a step at either end.
        let (gone, steps) = (start.elapsed(), Duration::from_millis(25));
        assert!(now - began <= gone + steps, "{gone:?}");
    }
}
