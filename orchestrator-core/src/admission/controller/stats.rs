//! Counts of a controller.

use crate::admission::SlotKey;

/// What a controller has done so far, and what it has before it now. All numbers are of one
/// moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AdmissionStats {
    /// Calls that were admitted.
    pub admitted: u64,
    /// Calls that were not, whoever decided that: also those that gave up waiting.
    pub rejected: u64,
    /// Calls of which somebody said that they went well.
    pub succeeded: u64,
    /// Calls of which somebody said that they failed.
    pub failed: u64,
    /// Calls that run.
    pub running: usize,
    /// Calls that wait.
    pub waiting: usize,
}

/// The slots of a role, a model or a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotUse {
    /// Of what.
    pub key: SlotKey,
    /// How many are taken. More than `limit` after that was lowered, until enough have ended.
    pub taken: usize,
    /// How many there are; [`usize::MAX`] without a limit.
    pub limit: usize,
}
