//! What helps against an error.

use std::time::Duration;

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// It may pass: try again after the policy's next wait.
    Retry,
    /// Whoever was asked said when to come back (`Retry-After`). That replaces the policy's wait,
    /// whether it is longer or shorter and whatever the longest wait is.
    RetryAfter(Duration),
    /// Trying again does not mend it.
    GiveUp,
}

/// Whether it may pass.
impl From<bool> for Remedy {
    fn from(may_pass: bool) -> Self {
        if may_pass { Self::Retry } else { Self::GiveUp }
    }
}

/// An error that knows its remedy. Give [`Retryable::remedy`] to [`retry`](crate::retry).
pub trait Retryable {
    /// What to do about it.
    fn remedy(&self) -> Remedy;
}
