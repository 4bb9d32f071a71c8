//! What can go wrong with a journal, by operation.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::queue::{Cause, Stop};
use super::shelf::segment_name;
use super::survey::Unsound;
use super::{BadPruned, Holder, SEGMENTS};
use crate::atomic::AtomicWriteError;

/// A block that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "record {record} of the journal, or one in its batch, is damaged: at byte {offset} of segment \
     `{name}`, {reason}; restore the journal from a copy, it does not mend itself",
    name = segment_name(*.segment)
)]
#[non_exhaustive]
pub struct BadRecord {
    /// The first record of the damaged batch, counted from 1.
    pub record: u64,
    /// The segment, by its first record, which is its name.
    pub segment: u64,
    /// Where the block begins in the segment, in bytes.
    pub offset: u64,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// The journal ends before a record that had been acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the journal ends after record {found}, at byte {offset} of segment `{name}`, but record \
     {committed} was acknowledged; restore the journal from a copy",
    name = segment_name(*.segment)
)]
#[non_exhaustive]
pub struct Truncation {
    /// The last record that was acknowledged, by the anchor.
    pub committed: u64,
    /// The last good record that is there, or 0.
    pub found: u64,
    /// The segment that the good part ends in, by its first record.
    pub segment: u64,
    /// Where the good part ends in it, in bytes.
    pub offset: u64,
}

/// A segment is gone, and no line of `pruned` says that it was dropped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the segment of the journal that begins with record {record} is missing, and `{name}` is \
     there; restore the journal from a copy",
    name = segment_name(*.found)
)]
#[non_exhaustive]
pub struct MissingSegment {
    /// The record that should come next.
    pub record: u64,
    /// The first record of the segment that comes instead.
    pub found: u64,
}

/// The anchor beside the segments is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadAnchor {
    /// The journal has content, the anchor is gone.
    #[error("the journal has records but its `head` file is missing; restore both from a copy")]
    Missing,
    /// The file does not have the form of an anchor.
    #[error("the `head` file of the journal is damaged; restore it from a copy")]
    Malformed,
    /// It names another record than the journal has.
    #[error(
        "the `head` file names another record {record} than the journal has; one of the two was \
         replaced, restore both from the same copy"
    )]
    Mismatch {
        /// The record that they differ in.
        record: u64,
    },
}

/// The folder has a journal of version 1, which this version does not read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{}` holds a journal of format version 1 (`journal.log`), and this program reads and writes \
     version 2; move the folder aside to begin a new journal, nothing in it was touched",
    folder.display()
)]
#[non_exhaustive]
pub struct OldFormat {
    /// The folder.
    pub folder: PathBuf,
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
    /// It is not sound.
    #[error(transparent)]
    Unsound(#[from] VerifyError),
    /// The anchor could not be written.
    #[error("the journal could not be opened: its `head` file was not replaced")]
    Anchor(#[source] AtomicWriteError),
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
    /// The record is too long. Nothing was written.
    #[error("the record would have {bytes} bytes and {limit} is the limit; split it")]
    TooLarge {
        /// How long it would be.
        bytes: usize,
        /// How long a record may be.
        limit: usize,
    },
    /// The kind is too long. Nothing was written.
    #[error("the kind of the record has {bytes} bytes and 65535 is the limit; use a word")]
    LongKind {
        /// How long it is.
        bytes: usize,
    },
    /// Writing failed. The record may be on the disk, whole or in part.
    #[error("record {seq} could not be written, and the journal has stopped; open it again")]
    Write {
        /// The record's number.
        seq: u64,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The disk did not confirm what was written.
    #[error(
        "record {seq} was not confirmed by the disk, and the journal has stopped; open it again"
    )]
    Sync {
        /// The record's number.
        seq: u64,
        /// What the system said.
        source: Arc<io::Error>,
    },
    /// The journal stopped before this record.
    #[error("the journal stopped when record {failed} could not be made durable; open it again")]
    Stopped {
        /// The record that failed.
        failed: u64,
    },
}

impl AppendError {
    /// What a record is told when the journal has stopped.
    pub(super) fn of(seq: u64, stop: Stop) -> Self {
        let Stop { first, last, cause } = stop;
        // A sync on its own, without a batch, concerns everybody.
        let concerned = last < first || (first..=last).contains(&seq);
        match cause {
            Cause::Write(source) if concerned => Self::Write { seq, source },
            Cause::Sync(source) if concerned => Self::Sync { seq, source },
            _ => Self::Stopped { failed: first },
        }
    }
}

/// Why a journal could not be read any further.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is not sound.
    #[error(transparent)]
    Unsound(VerifyError),
    /// The records were dropped by retention.
    #[error("record {seq} of the journal was dropped by retention; the first one left is {first}")]
    Pruned {
        /// The record that was asked for.
        seq: u64,
        /// The first record that is left.
        first: u64,
    },
    /// There is no such record.
    #[error("the journal has no record {seq}; its last one is {last}")]
    Absent {
        /// The record that was asked for.
        seq: u64,
        /// The last record that is there.
        last: u64,
    },
}

impl ReadError {
    pub(super) fn at(folder: &Path, unsound: Unsound) -> Self {
        Self::Unsound(VerifyError::at(folder, unsound))
    }
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
    /// A segment is gone.
    #[error(transparent)]
    Missing(MissingSegment),
    /// The anchor is damaged.
    #[error(transparent)]
    Anchor(BadAnchor),
    /// The list of dropped segments is damaged.
    #[error(transparent)]
    Pruned(BadPruned),
    /// It is of another version.
    #[error(transparent)]
    Old(OldFormat),
    /// There is no journal, or all of it was removed.
    #[error("there is no journal in {}; check the path, or restore a copy", folder.display())]
    Absent {
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A file could not be read.
    #[error(
        "the journal could not be read: `{}` could not; check that it is there, and its permissions",
        path.display()
    )]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl VerifyError {
    pub(super) fn at(folder: &Path, unsound: Unsound) -> Self {
        match unsound {
            Unsound::Truncated(truncation) => Self::Truncated(truncation),
            Unsound::Corrupt(record) => Self::Corrupt(record),
            Unsound::Missing(segment) => Self::Missing(segment),
            Unsound::Anchor(anchor) => Self::Anchor(anchor),
            Unsound::Pruned(line) => Self::Pruned(line),
            Unsound::Old => Self::Old(OldFormat {
                folder: folder.to_owned(),
            }),
            Unsound::Io(segment, source) => Self::Io {
                path: segment.map_or_else(
                    || folder.to_owned(),
                    |first| folder.join(SEGMENTS).join(segment_name(first)),
                ),
                source,
            },
        }
    }
}

/// Why old segments were not dropped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RetainError {
    /// The journal has stopped.
    #[error("the journal has stopped, and drops nothing; open it again")]
    Stopped(#[source] AppendError),
    /// What is to be dropped is not sound. Nothing was dropped.
    #[error("nothing was dropped from the journal, because it is not sound")]
    Unsound(#[source] VerifyError),
    /// The list of dropped segments could not be written. Nothing was dropped.
    #[error("nothing was dropped from the journal, because that could not be noted")]
    Note(#[source] AtomicWriteError),
    /// A segment could not be removed. It is noted, and the next opening removes it.
    #[error("`{}` was not removed; the next opening of the journal does it", path.display())]
    Remove {
        /// Which segment.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Why a journal was not exported.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExportError {
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The output could not be written.
    #[error("the exported record {seq} could not be written")]
    Write {
        /// The record's number.
        seq: u64,
        /// What the system said.
        source: io::Error,
    },
}

fn describe(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "another process".to_owned(), Holder::to_string)
}
