//! A proof that a record stands in a journal, for whoever trusts a head of the chain and does not
//! have the journal.

use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

use super::block::{CHAINED, ENTRY, Header};
use super::error::{BadRecord, ReadError};
use super::reader::Cursor;
use super::record::Record;
use super::shelf::Folder;
use super::survey::Unsound;
use super::tree::{self, Slice};
use crate::Digest;

/// A proof that a record stands in a journal.
///
/// It holds the record, the way from it to the hash of its batch, and the headers of the batches
/// behind, up to the one whose hash is trusted. Its JSON form may be kept and sent; every changed
/// bit of it is noticed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    seq: u64,
    /// Where the frame is in its payload.
    start: u64,
    end: u64,
    header: Hex,
    chunks: Hex,
    path: Hex,
    behind: Vec<Hex>,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It does not have the form of a proof.
    #[error("the proof of record {seq} is malformed: {reason}; ask for a new one")]
    Malformed {
        /// The record that it is about.
        seq: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It leads to another head than the trusted one.
    #[error(
        "the proof of record {seq} leads to the head {found}, and {trusted} is trusted; it is \
         forged, or made for another head"
    )]
    OtherHead {
        /// The record that it is about.
        seq: u64,
        /// Where it leads to.
        found: Digest,
        /// What is trusted.
        trusted: Digest,
    },
}

impl Proof {
    /// The record that it is about.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Checks the proof against a head that is trusted: the one that the journal had
    /// when the proof was made. Gives the proven record.
    ///
    /// # Errors
    /// [`ProofError`] when anything in it is not as it was made.
    pub fn verify(&self, trusted: &Digest) -> Result<Record, ProofError> {
        let seq = self.seq;
        let malformed = |reason| ProofError::Malformed { seq, reason };
        let header = read_header(&self.header).map_err(malformed)?;
        if !(header.first..=header.last()).contains(&seq) {
            return Err(malformed("the record is not in its batch"));
        }
        let index = usize::try_from(seq - header.first).unwrap_or(usize::MAX);
        let frame = self.frame();
        if frame.start >= frame.end || frame.end > header.table() {
            return Err(malformed("the record is not in its batch"));
        }
        let slice = Slice {
            chunks: self.chunks.0.clone(),
            path: self
                .path
                .hashes()
                .ok_or(malformed("its path has no hashes"))?,
        };
        let entries = entries(&header, index);
        let ranges = [frame.clone(), entries.clone()];
        let (root, placed) = tree::root(&slice, header.payload as usize, &ranges)
            .ok_or(malformed("its path does not lead to a batch"))?;
        if root != header.root {
            return Err(malformed("the record does not fit its batch"));
        }
        // Only the table says where a record begins: a record's data may look like another one.
        let table = tree::gather(&placed, entries);
        let table = table.as_deref().and_then(|table| bounds(table, index));
        if table != Some(frame.clone()) {
            return Err(malformed("the record is not where its batch has it"));
        }

        let head = header.head();
        let mut found = head;
        let mut last = header.last();
        for later in &self.behind {
            let header = read_header(later).map_err(malformed)?;
            if header.prev != found || header.first != last + 1 {
                return Err(malformed("its batches do not follow each other"));
            }
            (found, last) = (header.head(), header.last());
        }
        if found != *trusted {
            let trusted = *trusted;
            return Err(ProofError::OtherHead {
                seq,
                found,
                trusted,
            });
        }
        let frame = tree::gather(&placed, frame).ok_or(malformed("the record is incomplete"))?;
        Record::from_frame(seq, head, &frame).map_err(malformed)
    }

    fn frame(&self) -> Range<usize> {
        let place = |at| usize::try_from(at).unwrap_or(usize::MAX);
        place(self.start)..place(self.end)
    }
}

/// Makes the proof of a record, up to the newest batch that the anchor names, or up to the last
/// one if the record is behind that.
pub(super) fn prove(folder: &Path, seq: u64) -> Result<Proof, ReadError> {
    let unsound = |unsound| ReadError::at(folder, unsound);
    let mut cursor = Cursor::open(Folder(folder.to_owned()), seq).map_err(unsound)?;
    if seq <= cursor.chain.end.seq {
        let first = cursor.chain.end.seq + 1;
        return Err(ReadError::Pruned { seq, first });
    }
    let anchored = cursor.anchors().map_err(unsound)?;
    while cursor.chain.end.seq < seq {
        if !cursor.next_block().map_err(unsound)? {
            let last = cursor.chain.end.seq;
            return Err(ReadError::Absent { seq, last });
        }
    }
    let corrupt = || {
        unsound(Unsound::Corrupt(BadRecord {
            record: seq,
            segment: 0,
            offset: 0,
            reason: "it is not in its batch",
        }))
    };
    let header = cursor.header.ok_or_else(corrupt)?;
    let index = usize::try_from(seq - header.first).unwrap_or(usize::MAX);
    let entries = entries(&header, index);
    let frame = cursor
        .payload
        .get(entries.clone())
        .and_then(|table| bounds(table, index))
        .ok_or_else(corrupt)?;
    let slice = tree::cut(&cursor.payload, &[frame.clone(), entries]);
    let until = anchored
        .map(|anchors| anchors.last.link.seq)
        .filter(|until| seq <= *until);
    let mut behind = Vec::new();
    while until != Some(cursor.chain.end.seq) && cursor.next_block().map_err(unsound)? {
        let header = cursor.header.ok_or_else(corrupt)?;
        behind.push(Hex(header.chained().to_vec()));
    }
    Ok(Proof {
        seq,
        start: frame.start as u64,
        end: frame.end as u64,
        header: Hex(header.chained().to_vec()),
        chunks: Hex(slice.chunks),
        path: Hex(slice.path.concat()),
        behind,
    })
}

/// Where the table says where a record begins and ends: the end of the one before, and its own.
fn entries(header: &Header, index: usize) -> Range<usize> {
    let own = header.table() + index * ENTRY;
    own - if index == 0 { 0 } else { ENTRY }..own + ENTRY
}

/// What these entries say.
fn bounds(entries: &[u8], index: usize) -> Option<Range<usize>> {
    let mut ends = entries
        .as_chunks::<ENTRY>()
        .0
        .iter()
        .map(|entry| u32::from_le_bytes(*entry) as usize);
    let start = if index == 0 { 0 } else { ends.next()? };
    Some(start..ends.next()?)
}

fn read_header(hex: &Hex) -> Result<Header, &'static str> {
    let bytes = <&[u8; CHAINED]>::try_from(&*hex.0).map_err(|_| "a header has another length")?;
    Header::decode_chained(bytes)
}

/// Bytes that are hexadecimal digits in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hex(Vec<u8>);

impl Hex {
    fn hashes(&self) -> Option<Vec<[u8; 32]>> {
        let (hashes, rest) = self.0.as_chunks::<32>();
        rest.is_empty().then(|| hashes.to_vec())
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::hex::decode(&text)
            .map(Self)
            .ok_or_else(|| de::Error::custom("bytes are lowercase hexadecimal digits in pairs"))
    }
}
