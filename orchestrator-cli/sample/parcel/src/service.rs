//! The service: how fast the sender wants it.

use std::time::Duration;

/// How fast a parcel travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// The same day.
    Express,
    /// Within two days.
    Standard,
    /// When there is room.
    Economy,
}

impl Service {
    /// Hours from the counter to the door.
    #[must_use]
    pub fn hours(self) -> u64 {
        match self {
            Self::Express => 8,
            Self::Standard => 48,
            Self::Economy => 120,
        }
    }

    /// The same as a span of time.
    #[must_use]
    pub fn promise(self) -> Duration {
        let seconds = self.hours() * 60 * 60;
        Duration::from_millis(seconds * 1000)
    }

    /// How long a parcel may wait in a bay before someone is told.
    #[must_use]
    pub fn patience(self) -> Duration {
        let minutes = self.hours() * 5;
        Duration::from_millis(minutes * 60 * 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_is_kept_in_hours() {
        assert_eq!(Service::Express.promise().as_secs(), 8 * 3_600);
        assert_eq!(Service::Economy.promise().as_secs(), 120 * 3_600);
    }

    #[test]
    fn express_is_impatient() {
        assert_eq!(Service::Express.patience().as_secs(), 40 * 60);
        assert!(Service::Express.patience() < Service::Standard.patience());
    }
}
