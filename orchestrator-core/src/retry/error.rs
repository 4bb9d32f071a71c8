//! Why a call gave up.

use std::time::Duration;

use super::RetryStop;

/// Why [`retry`](crate::retry) gave up. Each variant has how many attempts were made, how long they
/// and the waits between them took, and the last one's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError<E> {
    /// A fault that trying again does not mend.
    #[error(
        "attempt {attempts}, {took:?} after the first, failed for good: {source}; \
         mend the cause, trying again does not help"
    )]
    Permanent {
        /// How many attempts were made.
        attempts: u32,
        /// How long it all took.
        took: Duration,
        /// What went wrong the last time.
        #[source]
        source: E,
    },

    /// Every attempt failed.
    #[error(
        "all {attempts} attempts failed within {took:?}, the last with: {source}; \
         wait longer, or allow more of them"
    )]
    Exhausted {
        /// How many attempts were made.
        attempts: u32,
        /// How long it all took.
        took: Duration,
        /// What went wrong the last time.
        #[source]
        source: E,
    },

    /// The next wait would have passed the call's own time. It was not begun.
    #[error(
        "{attempts} attempts failed within {took:?}, the last with: {source}; the next would come \
         {wait:?} later, and the call has {time:?} in all: give it more, or come back later"
    )]
    OutOfTime {
        /// How many attempts were made.
        attempts: u32,
        /// How long it all took.
        took: Duration,
        /// The wait that was not begun.
        wait: Duration,
        /// The time that the whole call had.
        time: Duration,
        /// What went wrong the last time.
        #[source]
        source: E,
    },

    /// The next wait would have passed the deadline. It was not begun.
    #[error(
        "{attempts} attempts failed within {took:?}, the last with: {source}; the next would come \
         {wait:?} later, and the deadline is {left:?} away: set a later one, or come back later"
    )]
    PastDeadline {
        /// How many attempts were made.
        attempts: u32,
        /// How long it all took.
        took: Duration,
        /// The wait that was not begun.
        wait: Duration,
        /// What was left until the deadline.
        left: Duration,
        /// What went wrong the last time.
        #[source]
        source: E,
    },

    /// The shared [`RetryBudget`](crate::RetryBudget) has no retry left.
    #[error(
        "{attempts} attempts failed within {took:?}, the last with: {source}; so much fails that \
         the shared retry budget is spent: come back when calls succeed again"
    )]
    OutOfBudget {
        /// How many attempts were made.
        attempts: u32,
        /// How long it all took.
        took: Duration,
        /// What went wrong the last time.
        #[source]
        source: E,
    },

    /// The caller cancelled it before the next attempt.
    #[error(
        "cancelled after {attempts} attempts and {took:?}, the last failed with: {source}; \
         no further attempt was made"
    )]
    Cancelled {
        /// How many attempts were made.
        attempts: u32,
        /// How long it all took.
        took: Duration,
        /// What went wrong the last time.
        #[source]
        source: E,
    },
}

impl<E> RetryError<E> {
    pub(super) fn new(stop: RetryStop, attempts: u32, took: Duration, source: E) -> Self {
        match stop {
            RetryStop::Permanent => Self::Permanent {
                attempts,
                took,
                source,
            },
            RetryStop::Exhausted => Self::Exhausted {
                attempts,
                took,
                source,
            },
            RetryStop::OutOfTime { wait, time } => Self::OutOfTime {
                attempts,
                took,
                wait,
                time,
                source,
            },
            RetryStop::PastDeadline { wait, left } => Self::PastDeadline {
                attempts,
                took,
                wait,
                left,
                source,
            },
            RetryStop::OutOfBudget => Self::OutOfBudget {
                attempts,
                took,
                source,
            },
            RetryStop::Cancelled => Self::Cancelled {
                attempts,
                took,
                source,
            },
        }
    }

    /// How many attempts were made.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Permanent { attempts, .. }
            | Self::Exhausted { attempts, .. }
            | Self::OutOfTime { attempts, .. }
            | Self::PastDeadline { attempts, .. }
            | Self::OutOfBudget { attempts, .. }
            | Self::Cancelled { attempts, .. } => *attempts,
        }
    }

    /// What went wrong the last time.
    pub fn into_source(self) -> E {
        match self {
            Self::Permanent { source, .. }
            | Self::Exhausted { source, .. }
            | Self::OutOfTime { source, .. }
            | Self::PastDeadline { source, .. }
            | Self::OutOfBudget { source, .. }
            | Self::Cancelled { source, .. } => source,
        }
    }
}
