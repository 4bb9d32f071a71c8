//! Judges a whole journal: the chain through all segments, what is gone before them, and the
//! anchor.

use std::io;

use super::anchor::{Anchor, Anchors};
use super::block::{Header, Link};
use super::error::{BadAnchor, BadRecord, MissingSegment, Truncation};
use super::pruned::{self, BadPruned};
use super::shelf::{Shelf, Source};
use super::tape::{Behind, Found, Tape};

/// A journal, found sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    /// What retention has left: the records begin behind it.
    pub(super) base: Link,
    /// The last good block.
    pub(super) end: Link,
    /// The newest anchor; none if there is none yet.
    pub(super) anchored: Option<Anchor>,
    /// Whether a slot of the anchor is torn.
    pub(super) torn_anchor: bool,
    /// The first record of the last segment; none if there is no segment.
    pub(super) segment: Option<u64>,
    /// Where the good part of the last segment ends.
    pub(super) good: u64,
    /// How many torn bytes stand behind it.
    pub(super) torn: u64,
    /// How many blocks there are.
    pub(super) blocks: u64,
    /// How many bytes of records and headers there are.
    pub(super) bytes: u64,
}

/// Why a journal is not sound.
#[derive(Debug)]
pub(super) enum Unsound {
    Old,
    Truncated(Truncation),
    Corrupt(BadRecord),
    Missing(MissingSegment),
    Anchor(BadAnchor),
    Pruned(BadPruned),
    /// A segment, or none where it was another file.
    Io(Option<u64>, io::Error),
}

/// Judges a journal. Files that are not there are a journal without records.
///
/// The anchor is read first: a writer that is at work moves the segments first. If retention has
/// dropped a segment meanwhile, the judge begins again.
pub(super) fn survey<S: Shelf>(shelf: &S) -> Result<Survey, Unsound> {
    let io = |error| Unsound::Io(None, error);
    loop {
        let pruned = shelf.pruned().map_err(io)?;
        let judged = survey_once(shelf, pruned.as_deref());
        if judged.is_ok() || shelf.pruned().map_err(io)? == pruned {
            return judged;
        }
    }
}

fn survey_once<S: Shelf>(shelf: &S, pruned: Option<&[u8]>) -> Result<Survey, Unsound> {
    let io = |error| Unsound::Io(None, error);
    if shelf.is_old() {
        return Err(Unsound::Old);
    }
    let anchor = shelf.anchor().map_err(io)?;
    let anchors = anchor
        .map(|bytes| Anchors::decode(&bytes))
        .transpose()
        .map_err(Unsound::Anchor)?;
    let base = pruned::base(pruned).map_err(Unsound::Pruned)?;
    let mut survey = Survey {
        base,
        end: base,
        anchored: anchors.map(|anchors| anchors.last),
        torn_anchor: anchors.is_some_and(|anchors| anchors.torn),
        segment: None,
        good: 0,
        torn: 0,
        blocks: 0,
        bytes: 0,
    };
    if let Some(Anchors { last, .. }) = anchors
        && (last.link.seq < base.seq || last.link.seq == base.seq && last.link != base)
    {
        let record = last.link.seq;
        return Err(Unsound::Anchor(BadAnchor::Mismatch { record }));
    }
    // Those that the list names were about to be removed.
    let mut segments = shelf.segments().map_err(io)?;
    let mut segments = segments.split_off(&(base.seq + 1)).into_iter().peekable();
    while let Some(first) = segments.next() {
        let is_last = segments.peek().is_none();
        survey.add(shelf, first, is_last, anchors.as_ref())?;
    }
    survey.conclude(anchors.as_ref())
}

impl Survey {
    /// Walks through the next segment.
    fn add<S: Shelf>(
        &mut self,
        shelf: &S,
        first: u64,
        is_last: bool,
        anchors: Option<&Anchors>,
    ) -> Result<(), Unsound> {
        if first != self.end.seq + 1 {
            return Err(Unsound::Missing(MissingSegment {
                record: self.end.seq + 1,
                found: first,
            }));
        }
        let io = |error| Unsound::Io(Some(first), error);
        let mut tape = Tape::new(shelf.open(first).map_err(io)?);
        let mut chain = Chain::new(self.end);
        let mut looked = None;
        loop {
            let found = chain.step(&mut tape).map_err(io)?;
            if let Found::Block { header, end } = found {
                if anchors.is_some_and(|anchors| !anchors.agree(header.first, &end)) {
                    return Err(Unsound::Anchor(BadAnchor::Mismatch { record: end.seq }));
                }
                self.blocks += 1;
                continue;
            }
            (self.end, self.segment, self.good) = (chain.end, Some(first), chain.offset);
            let Found::Bad(reason) = found else { break };
            match looked {
                Some((offset, behind)) if offset == chain.offset => {
                    self.judge_bad(chain.bad_record(first, reason), behind, is_last)?;
                    break;
                }
                // A writer at work may have finished this block since, and others behind it. So
                // the second look at the block comes after the look behind it.
                _ => {
                    tape.forget();
                    let behind = tape.behind(chain.offset + 1, true).map_err(io)?;
                    looked = Some((chain.offset, behind));
                    tape.forget();
                }
            }
        }
        self.bytes += chain.offset;
        Ok(())
    }

    /// What is bad at the end of the last segment, with nothing good behind it, is torn.
    fn judge_bad(&mut self, bad: BadRecord, behind: Behind, is_last: bool) -> Result<(), Unsound> {
        // Where the writer did not wait for the disk, a power cut may have left holes.
        let holes = self
            .anchored
            .is_some_and(|anchor| anchor.relaxed && anchor.link.seq <= self.end.seq);
        if !is_last || behind.block && !holes {
            return Err(Unsound::Corrupt(bad));
        }
        self.torn = behind.bytes + 1;
        Ok(())
    }

    /// Compares the end of the chain with the anchor.
    fn conclude(self, anchors: Option<&Anchors>) -> Result<Self, Unsound> {
        let Some(anchors) = anchors else {
            // The anchor is written before the first record, so a log with content has had one.
            let empty = self.end.seq == 0 && self.torn == 0;
            return if empty {
                Ok(self)
            } else {
                Err(Unsound::Anchor(BadAnchor::Missing))
            };
        };
        check_end(anchors, &self.end, self.segment.unwrap_or(1), self.good)?;
        Ok(self)
    }
}

/// Whether a journal may end here, by its anchors.
pub(super) fn check_end(
    anchors: &Anchors,
    end: &Link,
    segment: u64,
    offset: u64,
) -> Result<(), Unsound> {
    let committed = anchors.last.link.seq;
    if end.seq < committed {
        return Err(Unsound::Truncated(Truncation {
            committed,
            found: end.seq,
            segment,
            offset,
        }));
    }
    if end.seq == committed && end.head != anchors.last.link.head {
        return Err(Unsound::Anchor(BadAnchor::Mismatch { record: end.seq }));
    }
    // A torn slot was to name a later block, which was durable by then. If there is none, the
    // slot was damaged otherwise, and nobody knows what it has named.
    if anchors.torn && end.seq == committed {
        return Err(Unsound::Anchor(BadAnchor::Malformed));
    }
    Ok(())
}

/// A walk over the blocks of a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain {
    /// The last good block.
    pub(super) end: Link,
    /// Where it ends in the segment.
    pub(super) offset: u64,
}

impl Chain {
    /// Begins with a segment, after the block before it.
    pub(super) fn new(end: Link) -> Self {
        Self { end, offset: 0 }
    }

    /// Checks the next block, and moves behind it if it is good.
    pub(super) fn step<S: Source>(&mut self, tape: &mut Tape<S>) -> io::Result<Found> {
        let found = tape.block(self.offset, &self.end)?;
        if let Found::Block { header, end } = found {
            self.pass(&header, end);
        }
        Ok(found)
    }

    fn pass(&mut self, header: &Header, end: Link) {
        self.end = end;
        self.offset += header.len();
    }

    /// What stands here is not the next block.
    pub(super) fn bad(&self, segment: u64, reason: &'static str) -> Unsound {
        Unsound::Corrupt(self.bad_record(segment, reason))
    }

    fn bad_record(&self, segment: u64, reason: &'static str) -> BadRecord {
        BadRecord {
            record: self.end.seq + 1,
            segment,
            offset: self.offset,
            reason,
        }
    }
}
