//! The outcomes that a closed breaker looks back on.

use std::{collections::VecDeque, num::NonZeroU32};

/// What opens a breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trip {
    /// So many failures in a row.
    Consecutive(NonZeroU32),
    /// A share of failures among the last calls.
    Rate {
        /// How many calls are looked back on.
        window: NonZeroU32,
        /// How many there must be before the share means something. More than `window` means
        /// `window`.
        minimum: NonZeroU32,
        /// The share of failures that opens it, in percent, 1 to 100.
        percent: u8,
    },
}

impl Default for Trip {
    fn default() -> Self {
        Self::Consecutive(const { NonZeroU32::new(5).expect("5 is not 0") })
    }
}

/// The last outcomes.
#[derive(Debug, Clone)]
pub(super) enum Window {
    InARow {
        failures: u32,
        limit: u32,
    },
    Sliding {
        last: VecDeque<bool>,
        failures: u32,
        window: u32,
        minimum: u32,
        percent: u8,
    },
}

impl Window {
    pub(super) fn new(trip: &Trip) -> Self {
        match *trip {
            Trip::Consecutive(limit) => Self::InARow {
                failures: 0,
                limit: limit.get(),
            },
            Trip::Rate {
                window,
                minimum,
                percent,
            } => Self::Sliding {
                last: VecDeque::new(),
                failures: 0,
                window: window.get(),
                minimum: minimum.get().min(window.get()),
                percent: percent.clamp(1, 100),
            },
        }
    }

    /// One more outcome. `true`: that is too many failures.
    pub(super) fn add(&mut self, failed: bool) -> bool {
        match self {
            Self::InARow { failures, limit } => {
                *failures = if failed { *failures + 1 } else { 0 };
                failures >= limit
            }
            Self::Sliding {
                last,
                failures,
                window,
                minimum,
                percent,
            } => {
                if last.len() >= *window as usize {
                    *failures -= u32::from(last.pop_front() == Some(true));
                }
                last.push_back(failed);
                *failures += u32::from(failed);
                // A success never opens a breaker, even if it completes the minimum.
                let enough = last.len() >= *minimum as usize;
                let share = u64::from(*failures) * 100 >= u64::from(*percent) * last.len() as u64;
                failed && enough && share
            }
        }
    }
}
