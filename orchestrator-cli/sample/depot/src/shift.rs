//! A shift: who is at the counter, and until when.

use std::time::Duration;

/// The hours of one clerk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    clerk: String,
    hours: u64,
}

impl Shift {
    /// A clerk's shift.
    #[must_use]
    pub fn new(clerk: &str, hours: u64) -> Self {
        Self {
            clerk: clerk.to_owned(),
            hours,
        }
    }

    /// How long it lasts.
    #[must_use]
    pub fn length(&self) -> Duration {
        let seconds = self.hours * 3_600;
        Duration::from_millis(seconds * 1000)
    }

    /// How long the clerk may rest in it: a tenth.
    #[must_use]
    pub fn rest(&self) -> Duration {
        let seconds = self.hours * 360;
        Duration::from_millis(seconds * 1000)
    }

    /// What stands on the door.
    #[must_use]
    pub fn sign(&self) -> String {
        let Self { clerk, hours } = self;
        format!("{} is here for {} h", clerk, hours)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_has_rest_in_it() {
        let shift = Shift::new("Ada", 8);
        assert_eq!(shift.length().as_secs(), 8 * 3_600);
        assert_eq!(shift.rest().as_secs(), 48 * 60);
        assert_eq!(shift.sign(), "Ada is here for 8 h");
    }
}
