//! Reading a journal beside its writer.

use std::path::Path;

use super::anchor::Anchors;
use super::block::{HEADER, Header, Link};
use super::error::{BadAnchor, BadRecord, MissingSegment, ReadError};
use super::pruned;
use super::record::Record;
use super::shelf::{Folder, Shelf};
use super::survey::{Chain, Unsound, check_end};
use super::tape::{Found, Tape};

/// The records of a journal, first to last, each block checked against the one before.
///
/// It takes no lock. It ends at the first block that is not finished, which is one that the
/// writer is about to finish: asked again later, it goes on from there. What the anchor names has
/// to be there, or the end is an error. After an error it stays ended.
#[derive(Debug)]
pub struct Reader {
    cursor: Cursor<Folder>,
    from: u64,
    failed: bool,
}

impl Reader {
    pub(super) fn open(folder: &Path, from: u64) -> Result<Self, ReadError> {
        let shelf = Folder(folder.to_owned());
        Ok(Self {
            cursor: Cursor::open(shelf, from).map_err(|unsound| ReadError::at(folder, unsound))?,
            from,
            failed: false,
        })
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.cursor.next_record() {
                Ok(Some(record)) if record.seq < self.from => {}
                Ok(record) => return record.map(Ok),
                Err(unsound) => {
                    self.failed = true;
                    let folder = self.cursor.shelf.path();
                    return Some(Err(ReadError::at(folder, unsound)));
                }
            }
        }
        None
    }
}

/// A place in a journal.
#[derive(Debug)]
pub(super) struct Cursor<S: Shelf> {
    shelf: S,
    /// The segment that the place is in, by its first record.
    segment: u64,
    tape: Option<Tape<S::Source>>,
    pub(super) chain: Chain,
    /// The block that the last step has read.
    pub(super) header: Option<Header>,
    pub(super) payload: Vec<u8>,
    /// The record in it that comes next.
    index: u32,
}

impl<S: Shelf> Cursor<S> {
    /// Goes to the segment that holds a record, or would hold it.
    pub(super) fn open(shelf: S, from: u64) -> Result<Self, Unsound> {
        let io = |error| Unsound::Io(None, error);
        if shelf.is_old() {
            return Err(Unsound::Old);
        }
        let pruned = shelf.pruned().map_err(io)?;
        let base = pruned::base(pruned.as_deref()).map_err(Unsound::Pruned)?;
        let segments = shelf.segments().map_err(io)?;
        if segments.is_empty() && shelf.anchor().map_err(io)?.is_none() {
            return Err(Unsound::Io(None, std::io::ErrorKind::NotFound.into()));
        }
        let mut start = base;
        // Where a segment begins in the chain is known by its first block, if it has one.
        for first in segments.range(base.seq + 2..=from.max(base.seq + 2)).rev() {
            let io = |error| Unsound::Io(Some(*first), error);
            let mut tape = Tape::new(shelf.open(*first).map_err(io)?);
            let bytes = tape.view(0, HEADER).map_err(io)?;
            let header = <&[u8; HEADER]>::try_from(bytes).map(Header::decode);
            if let Ok(Ok((header, _))) = header
                && *first <= from
            {
                start = Link {
                    seq: first - 1,
                    head: header.prev,
                };
                break;
            }
        }
        Ok(Self {
            shelf,
            segment: start.seq + 1,
            tape: None,
            chain: Chain::new(start),
            header: None,
            payload: Vec::new(),
            index: 0,
        })
    }

    /// The next record, or nothing where the journal ends for now.
    pub(super) fn next_record(&mut self) -> Result<Option<Record>, Unsound> {
        loop {
            if let Some(header) = &self.header
                && self.index < header.count
            {
                let record =
                    Record::from_payload(header, &self.chain.end, &self.payload, self.index);
                let seq = header.first + u64::from(self.index);
                let offset = self.chain.offset - header.len();
                self.index += 1;
                return match record {
                    Ok(record) => Ok(Some(record)),
                    Err(reason) => Err(self.bad(seq, offset, reason)),
                };
            }
            if !self.next_block()? {
                return Ok(None);
            }
        }
    }

    /// Reads and checks the next block; false where the journal ends for now.
    pub(super) fn next_block(&mut self) -> Result<bool, Unsound> {
        loop {
            if self.step()?.is_none() {
                return Ok(true);
            }
            // The second look has to be after the look at what should be there: a writer that is
            // at work moves the block first, then the anchor and the next segment.
            let anchors = self.anchors()?;
            let segments = self.shelf.segments().map_err(|e| Unsound::Io(None, e))?;
            let next = self.chain.end.seq + 1;
            if let Some(tape) = &mut self.tape {
                tape.forget();
            }
            let Some(found) = self.step()? else {
                return Ok(true);
            };
            let later = segments.range(next.max(self.segment + 1)..).next().copied();
            let reason = match (found, later) {
                (Found::Unused, Some(first)) if first == next => {
                    self.segment = next;
                    self.tape = None;
                    self.chain.offset = 0;
                    continue;
                }
                (Found::Unused, Some(found)) => {
                    let record = next;
                    return Err(Unsound::Missing(MissingSegment { record, found }));
                }
                (Found::Unused, None) => {
                    self.check_end(anchors.as_ref())?;
                    return Ok(false);
                }
                (Found::Bad(reason), _) => reason,
                (Found::Block { .. }, _) => return Ok(true),
            };
            let is_named = anchors.is_some_and(|anchors| next <= anchors.last.link.seq);
            let holes = anchors.is_some_and(|anchors| anchors.last.relaxed);
            if is_named || later.is_some() {
                return Err(self.bad(next, self.chain.offset, reason));
            }
            if !holes && self.is_followed()? {
                // What is behind it was written after it: it may be finished by now.
                if let Some(tape) = &mut self.tape {
                    tape.forget();
                }
                return match self.step()? {
                    None => Ok(true),
                    Some(_) => Err(self.bad(next, self.chain.offset, reason)),
                };
            }
            self.check_end(anchors.as_ref())?;
            return Ok(false);
        }
    }

    /// Takes the next block, or says what is there instead.
    fn step(&mut self) -> Result<Option<Found>, Unsound> {
        let io = |error| Unsound::Io(Some(self.segment), error);
        if self.tape.is_none() {
            match self.shelf.open(self.segment) {
                Ok(source) => self.tape = Some(Tape::new(source)),
                // It is not there yet, or any more: the other files will tell.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    return Ok(Some(Found::Unused));
                }
                Err(error) => return Err(io(error)),
            }
        }
        let Some(tape) = &mut self.tape else {
            return Ok(Some(Found::Unused));
        };
        let offset = self.chain.offset;
        match self.chain.step(tape).map_err(io)? {
            Found::Block { header, .. } => {
                let len = header.payload as usize;
                let payload = tape.view(offset + HEADER as u64, len).map_err(io)?;
                self.payload.clear();
                self.payload.extend_from_slice(payload);
                self.header = Some(header);
                self.index = 0;
                Ok(None)
            }
            found => Ok(Some(found)),
        }
    }

    /// Whether a block stands behind what is bad here.
    fn is_followed(&mut self) -> Result<bool, Unsound> {
        let (segment, offset) = (self.segment, self.chain.offset);
        let Some(tape) = &mut self.tape else {
            return Ok(false);
        };
        let behind = tape.behind(offset + 1, true);
        Ok(behind
            .map_err(|error| Unsound::Io(Some(segment), error))?
            .block)
    }

    pub(super) fn anchors(&self) -> Result<Option<Anchors>, Unsound> {
        let bytes = self
            .shelf
            .anchor()
            .map_err(|error| Unsound::Io(None, error))?;
        let anchors = bytes.map(|bytes| Anchors::decode(&bytes)).transpose();
        anchors.map_err(Unsound::Anchor)
    }

    fn check_end(&self, anchors: Option<&Anchors>) -> Result<(), Unsound> {
        match anchors {
            Some(anchors) => check_end(anchors, &self.chain.end, self.segment, self.chain.offset),
            None if self.chain.end.seq == 0 => Ok(()),
            None => Err(Unsound::Anchor(BadAnchor::Missing)),
        }
    }

    fn bad(&self, record: u64, offset: u64, reason: &'static str) -> Unsound {
        Unsound::Corrupt(BadRecord {
            record,
            segment: self.segment,
            offset,
            reason,
        })
    }
}
