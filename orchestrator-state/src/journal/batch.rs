//! A batch on its way to the disk: the bytes of one block, gathered record by record.

use super::block::{ENTRY, FRAME, HEADER, Header, Link, MOST};
use crate::Digest;

/// A buffer that has grown beyond this is not kept for the next batch.
const KEPT: usize = 2 * MOST;

/// The records that will go into one block. Its memory is used again for a later batch.
#[derive(Debug)]
pub(super) struct Batch {
    /// Room for the header, then the frames.
    bytes: Vec<u8>,
    /// Where each frame ends, counted from the end of the header.
    ends: Vec<u32>,
    /// The number of the first record.
    pub(super) first: u64,
    /// Which batch this is, counted from 0.
    pub(super) number: u64,
    /// How many want to know the hash of the block, once it has one.
    pub(super) wanted: usize,
}

impl Batch {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; HEADER],
            ends: Vec::new(),
            first: 0,
            number: 0,
            wanted: 0,
        }
    }

    /// Makes it an empty batch that begins with this record.
    pub(super) fn restart(&mut self, first: u64, number: u64) {
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        self.bytes.clear();
        self.bytes.resize(HEADER, 0);
        self.ends.clear();
        self.first = first;
        self.number = number;
        self.wanted = 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The number of the last record. There must be one.
    pub(super) fn last(&self) -> u64 {
        self.first + self.ends.len() as u64 - 1
    }

    /// How many bytes its payload will have.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - HEADER + self.ends.len() * ENTRY
    }

    /// Whether a record of this size would make the block too long.
    pub(super) fn is_full_for(&self, kind: &str, data: &[u8]) -> bool {
        !self.is_empty() && self.len() + FRAME + kind.len() + data.len() + ENTRY > MOST
    }

    /// Adds a record. The caller has checked the lengths.
    pub(super) fn push(&mut self, at: i64, kind: &str, data: &[u8]) {
        self.bytes.extend_from_slice(&at.to_le_bytes());
        let kind_len = u16::try_from(kind.len()).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&kind_len.to_le_bytes());
        self.bytes.extend_from_slice(kind.as_bytes());
        self.bytes.extend_from_slice(data);
        let end = self.bytes.len() - HEADER;
        self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
    }

    /// Hashes the batch and chains it. Gives the bytes to write and the hash of the block.
    pub(super) fn seal(&mut self, before: &Digest) -> (&[u8], Link) {
        for end in &self.ends {
            self.bytes.extend_from_slice(&end.to_le_bytes());
        }
        let payload = &self.bytes[HEADER..];
        let header = Header {
            payload: u32::try_from(payload.len()).unwrap_or(u32::MAX),
            count: u32::try_from(self.ends.len()).unwrap_or(u32::MAX),
            first: self.first,
            prev: *before,
            root: Digest::of(payload),
        };
        let (bytes, head) = header.encode();
        self.bytes[..HEADER].copy_from_slice(&bytes);
        let seq = self.last();
        (&self.bytes, Link { seq, head })
    }
}
