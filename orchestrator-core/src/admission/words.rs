//! Times and priorities as people say them.

use std::{fmt, time::Duration};

use crate::Priority;

/// A time in seconds, with one digit after the point below ten of them.
pub(super) struct Seconds(pub(super) Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds < 10.0 {
            true => write!(f, "{seconds:.1} s"),
            false => write!(f, "{seconds:.0} s"),
        }
    }
}

pub(super) fn urgency(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "high",
        Priority::Normal => "normal",
        Priority::Low => "low",
    }
}
