//! What can go wrong with a journal, by operation.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Holder;

/// A record that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "record {record} of the journal, at byte {offset}, is damaged: {reason}; restore the journal \
     from a copy, it does not mend itself"
)]
#[non_exhaustive]
pub struct BadRecord {
    /// Its place, counted from 1.
    pub record: u64,
    /// Where its line begins, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The log ends before a record that had been acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the journal ends after record {found}, at byte {offset}, but record {committed} was \
     acknowledged; restore the journal from a copy"
)]
#[non_exhaustive]
pub struct Truncation {
    /// The last record that was acknowledged, by the anchor.
    pub committed: u64,
    /// The last good record that is there, or 0.
    pub found: u64,
    /// Where the good part of the log ends, in bytes.
    pub offset: u64,
}

/// The anchor beside the log is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadAnchor {
    /// The log has content, the anchor is gone.
    #[error("the journal has records but its `head` file is missing; restore both from a copy")]
    Missing,
    /// The file does not have the form of an anchor.
    #[error("the `head` file of the journal is damaged; restore it from a copy")]
    Malformed,
    /// It names another record than the log has.
    #[error(
        "the `head` file names another record {record} than the journal has; one of the two was \
         replaced, restore both from the same copy"
    )]
    Mismatch {
        /// The record that they differ in.
        record: u64,
    },
}

/// Why a journal was not opened for writing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process, or another part of this one, writes the journal.
    #[error("the journal is held by {}; wait for it or stop it", describe(holder.as_ref()))]
    Held {
        /// Who that is, as far as its note could be read.
        holder: Option<Holder>,
    },
    /// Acknowledged records are gone from the end.
    #[error(transparent)]
    Truncated(Truncation),
    /// A record is damaged.
    #[error(transparent)]
    Corrupt(BadRecord),
    /// The anchor is damaged.
    #[error(transparent)]
    Anchor(BadAnchor),
    /// The disk or the file system refused.
    #[error("the journal could not be opened: {step} `{}` failed", path.display())]
    Io {
        /// What was tried.
        step: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a record was not appended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The data has no JSON form. Nothing was written.
    #[error("the data of the record has no JSON form")]
    Encode(#[source] serde_json::Error),
    /// Writing failed. The record may be on the disk, whole or in part.
    #[error("record {seq} could not be written, and the journal has stopped; open it again")]
    Write {
        /// The record's number.
        seq: u64,
        /// What the system said.
        source: io::Error,
    },
    /// The disk did not confirm what was written.
    #[error(
        "record {seq} was not confirmed by the disk, and the journal has stopped; open it again"
    )]
    Sync {
        /// The record's number.
        seq: u64,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier append failed.
    #[error("the journal stopped when record {failed} could not be made durable; open it again")]
    Stopped {
        /// The record that failed.
        failed: u64,
    },
}

/// Why a journal could not be read any further.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// A record is damaged.
    #[error(transparent)]
    Corrupt(BadRecord),
    /// The file could not be read.
    #[error("the journal `{}` could not be read", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a journal is not sound.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Acknowledged records are gone from the end.
    #[error(transparent)]
    Truncated(Truncation),
    /// A record is damaged.
    #[error(transparent)]
    Corrupt(BadRecord),
    /// The anchor is damaged.
    #[error(transparent)]
    Anchor(BadAnchor),
    /// A file could not be read.
    #[error("the journal could not be checked: reading `{}` failed", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl From<VerifyError> for OpenError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Truncated(truncation) => Self::Truncated(truncation),
            VerifyError::Corrupt(record) => Self::Corrupt(record),
            VerifyError::Anchor(anchor) => Self::Anchor(anchor),
            VerifyError::Io { path, source } => Self::Io {
                step: "reading",
                path,
                source,
            },
        }
    }
}

fn describe(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), Holder::to_string)
}
