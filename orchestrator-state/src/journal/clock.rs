//! The clock that stamps records. It is handed in, so that tests and replays decide the time.

use jiff::Timestamp;

/// Tells the time. Any `Fn() -> Timestamp` is a clock.
pub trait Clock: Send + 'static {
    /// The time now. Records keep it to the millisecond.
    fn now(&self) -> Timestamp;
}

impl<F> Clock for F
where
    F: Fn() -> Timestamp + Send + 'static,
{
    fn now(&self) -> Timestamp {
        self()
    }
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
