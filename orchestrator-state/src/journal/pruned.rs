//! The list of the segments that retention has dropped: it keeps the chain provable without them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::block::Link;
use crate::Digest;

/// The list is not what was written, or does not fit the segments.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "line {line} of the `pruned` file of the journal is damaged: {reason}; restore the journal \
     from a copy"
)]
#[non_exhaustive]
pub struct BadPruned {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A segment that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(deny_unknown_fields)]
pub struct PrunedSegment {
    /// Its first record.
    pub first: u64,
    /// Its last record.
    pub last: u64,
    /// The hash of the block before it.
    pub prev_head: Digest,
    /// The hash of its last block.
    pub head: Digest,
    /// The hash of the file, so that a copy of it can be recognised.
    pub digest: Digest,
    /// The hash over the lines up to this one.
    check: Digest,
}

impl PrunedSegment {
    pub(super) fn new(
        first: u64,
        before: &Link,
        end: &Link,
        digest: Digest,
        above: &Digest,
    ) -> Self {
        let mut line = Self {
            first,
            last: end.seq,
            prev_head: before.head,
            head: end.head,
            digest,
            check: *above,
        };
        line.check = line.expected_check(above);
        line
    }

    /// The hash over the line above and this one.
    pub(super) fn check(&self) -> Digest {
        self.check
    }

    fn expected_check(&self, above: &Digest) -> Digest {
        let mut bytes = [0; 112];
        bytes[..8].copy_from_slice(&self.first.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last.to_le_bytes());
        bytes[16..48].copy_from_slice(self.prev_head.as_bytes());
        bytes[48..80].copy_from_slice(self.head.as_bytes());
        bytes[80..].copy_from_slice(self.digest.as_bytes());
        above.link(&bytes)
    }

    /// Its line in the file.
    pub(super) fn line(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)? + "\n")
    }
}

/// What the first line's check is over, in the place of a line above.
pub(super) fn top() -> Digest {
    Digest::of(b"orchestrator-pruned-v2")
}

/// Reads the list. No file is an empty list.
pub(super) fn decode(bytes: Option<&[u8]>) -> Result<Vec<PrunedSegment>, BadPruned> {
    let bytes = bytes.unwrap_or_default();
    let mut lines: Vec<PrunedSegment> = Vec::new();
    let (mut end, mut above) = (Link::genesis(), top());
    for text in bytes.split_inclusive(|byte| *byte == b'\n') {
        let bad = |reason| BadPruned {
            line: lines.len() + 1,
            reason,
        };
        let segment: PrunedSegment =
            serde_json::from_slice(text).map_err(|_| bad("it is not the JSON of a segment"))?;
        // There is one text for each line, and nothing else is accepted.
        if segment.line().ok().as_deref().map(str::as_bytes) != Some(text) {
            return Err(bad("it is not as it was written"));
        }
        if segment.check != segment.expected_check(&above) {
            return Err(bad("its check does not fit"));
        }
        if segment.first != end.seq + 1 || segment.prev_head != end.head {
            return Err(bad("it does not follow the line above"));
        }
        end = Link {
            seq: segment.last,
            head: segment.head,
        };
        above = segment.check;
        lines.push(segment);
    }
    Ok(lines)
}

/// Where the chain goes on behind the list.
pub(super) fn base(bytes: Option<&[u8]>) -> Result<Link, BadPruned> {
    let lines = decode(bytes)?;
    Ok(lines.last().map_or_else(Link::genesis, |last| Link {
        seq: last.last,
        head: last.head,
    }))
}
