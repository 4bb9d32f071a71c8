//! What is wrong with a history.

use thiserror::Error;

use crate::history::{State, Step};

/// What no strictly serializable store does.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// Two commits were told the same version, or a version that was there before.
    #[error("two commits were told version {version}, or it was there before the first")]
    SameVersion {
        /// The version.
        version: u64,
    },
    /// A version that nobody has committed: a commit was lost, or took effect twice.
    #[error("nobody has committed version {version}, yet there are later ones")]
    UnknownVersion {
        /// The version.
        version: u64,
    },
    /// The order of the versions is not that of time.
    #[error("version {later} was answered before version {earlier} was asked for")]
    RealTime {
        /// The version that should be the later one.
        earlier: u64,
        /// The version that should be the earlier one.
        later: u64,
    },
    /// A committed transaction or a snapshot was told what is not in its version.
    #[error("client {client} was told {told:?} at version {version}, and it has {has}")]
    WrongRead {
        /// The client.
        client: usize,
        /// The version whose state it should have read.
        version: u64,
        /// What it was told.
        told: Step,
        /// What the version has there.
        has: String,
    },
    /// A snapshot is older than what was known before it was taken.
    #[error("client {client} was shown version {version} after {known} had been known")]
    Stale {
        /// The client.
        client: usize,
        /// The version that it was shown.
        version: u64,
        /// The version that somebody had been told of before.
        known: u64,
    },
    /// A snapshot shows a version that nobody had asked for yet.
    #[error("client {client} was shown version {version}, which nobody had asked for yet")]
    Early {
        /// The client.
        client: usize,
        /// The version that it was shown.
        version: u64,
    },
    /// A refused transaction has read what no version has.
    #[error(
        "client {client} was refused, but had read what no version in {from}..={to} has: {steps:?}"
    )]
    Inconsistent {
        /// The client.
        client: usize,
        /// The first version that it may have read.
        from: u64,
        /// The last one.
        to: u64,
        /// What it did.
        steps: Vec<Step>,
    },
    /// The version at the end is not that of the last commit: a commit came late, or took effect twice.
    #[error("the last version is {shown}; the last commit was told {committed}")]
    LastVersion {
        /// What the store showed.
        shown: u64,
        /// The highest version that a commit was told.
        committed: u64,
    },
    /// The state at the end is not that of the last version.
    #[error("the last state is {shown:?}; replayed it is {replayed:?}")]
    LastState {
        /// What the store showed.
        shown: State,
        /// What it should have shown.
        replayed: State,
    },
}
