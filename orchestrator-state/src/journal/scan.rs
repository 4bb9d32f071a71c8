//! Walks over a log record by record, and judges a log together with its anchor.

use std::io::{self, BufRead};

use super::anchor::{Anchor, Anchors};
use super::error::{BadAnchor, BadRecord, Truncation};
use super::record::{Record, decode, genesis, looks_like_one};
use crate::Digest;

/// A walk over a log, in constant memory.
#[derive(Debug)]
pub(super) struct Scan<R> {
    input: R,
    line: Vec<u8>,
    /// The last good record.
    pub(super) seq: u64,
    /// Its hash.
    pub(super) hash: Digest,
    /// Where the good part ends.
    pub(super) good: u64,
    /// Where the reading is.
    read: u64,
}

/// What the walk met.
pub(super) enum Step {
    Record(Record),
    /// The end of the file, right after a record.
    End,
    /// A last line without its line feed: torn, or still being written.
    Partial,
    /// A line that is not the next record.
    Bad(BadRecord),
}

impl<R: BufRead> Scan<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: Vec::new(),
            seq: 0,
            hash: genesis(),
            good: 0,
            read: 0,
        }
    }

    pub(super) fn step(&mut self) -> io::Result<Step> {
        if !self.next_line()? {
            let end = if self.line.is_empty() {
                Step::End
            } else {
                Step::Partial
            };
            return Ok(end);
        }
        match decode(&self.hash, self.seq + 1, &self.line) {
            Ok(record) => {
                self.seq = record.seq;
                self.hash = record.hash;
                self.good = self.read;
                Ok(Step::Record(record))
            }
            Err(reason) => Ok(Step::Bad(BadRecord {
                record: self.seq + 1,
                offset: self.good,
                reason,
            })),
        }
    }

    /// Reads the rest of the file, and says whether a record stands behind the bad line.
    fn anything_behind(&mut self) -> io::Result<bool> {
        let mut found = false;
        while self.next_line()? {
            found |= looks_like_one(&self.line);
        }
        Ok(found)
    }

    /// Reads a line; false at the end, where `line` is the rest without a line feed.
    fn next_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        self.read += self.input.read_until(b'\n', &mut self.line)? as u64;
        Ok(self.line.pop_if(|byte| *byte == b'\n').is_some())
    }
}

/// A log and its anchor, found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    /// The last good record and its hash.
    pub(super) head: Anchor,
    /// How many records the anchor vouches for; none if there is no anchor yet.
    pub(super) anchored: Option<u64>,
    /// Whether a slot of the anchor is torn.
    pub(super) torn_anchor: bool,
    /// Where the good part of the log ends.
    pub(super) good: u64,
    /// How many torn bytes stand behind it.
    pub(super) torn: u64,
}

/// Why a log and its anchor are not sound.
#[derive(Debug)]
pub(super) enum Unsound {
    Truncated(Truncation),
    Corrupt(BadRecord),
    Anchor(BadAnchor),
    Io(io::Error),
}

/// Judges a log by its chain and by its anchor, given as the bytes of its file.
///
/// The anchor has to be read before the log: a writer that is at work moves the log first.
pub(super) fn survey(anchor: Option<&[u8]>, log: impl BufRead) -> Result<Survey, Unsound> {
    // A crash may have left the file with a part of its first content, or with none.
    let first = Anchor {
        seq: 0,
        hash: genesis(),
    }
    .first_file();
    let anchors = anchor
        .filter(|bytes| bytes.len() == first.len() || !first.as_bytes().starts_with(bytes))
        .map(Anchors::decode)
        .transpose()
        .map_err(Unsound::Anchor)?;
    let committed = anchors.map_or(0, |anchors| anchors.last.seq);
    let witnesses = anchors.map(|Anchors { last, before, .. }| [Some(last), before]);
    let agrees = |seq, hash| {
        let mut witnesses = witnesses.iter().flatten().flatten();
        witnesses.all(|anchor| anchor.seq != seq || anchor.hash == hash)
    };

    let mut scan = Scan::new(log);
    let mut bad = None;
    if !agrees(0, scan.hash) {
        return Err(Unsound::Anchor(BadAnchor::Mismatch { record: 0 }));
    }
    loop {
        match scan.step().map_err(Unsound::Io)? {
            Step::Record(record) if agrees(record.seq, record.hash) => {}
            Step::Record(Record { seq: record, .. }) => {
                return Err(Unsound::Anchor(BadAnchor::Mismatch { record }));
            }
            Step::End | Step::Partial => break,
            Step::Bad(record) => {
                bad = Some(record);
                break;
            }
        }
    }
    if let Some(record) = bad
        && scan.anything_behind().map_err(Unsound::Io)?
    {
        return Err(Unsound::Corrupt(record));
    }
    if scan.seq < committed {
        return Err(Unsound::Truncated(Truncation {
            committed,
            found: scan.seq,
            offset: scan.good,
        }));
    }
    // The anchor is written before the first record, so a log with content has had one.
    if anchors.is_none() && scan.read > 0 {
        return Err(Unsound::Anchor(BadAnchor::Missing));
    }
    // A torn slot was to name the next record, which was durable by then. If that record is not
    // there, the slot was damaged otherwise, and nobody knows what it has named.
    let torn_anchor = anchors.is_some_and(|anchors| anchors.torn);
    if torn_anchor && scan.seq == committed {
        return Err(Unsound::Anchor(BadAnchor::Malformed));
    }
    Ok(Survey {
        head: Anchor {
            seq: scan.seq,
            hash: scan.hash,
        },
        anchored: anchors.map(|anchors| anchors.last.seq),
        torn_anchor,
        good: scan.good,
        torn: scan.read - scan.good,
    })
}
