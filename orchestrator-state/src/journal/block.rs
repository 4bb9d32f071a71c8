//! One block: a batch of records behind a header that chains it to the block before.
//!
//! The layout is in `docs/format.md`. The records' bytes are hashed in one go, and the chain goes
//! over the headers only: that is what makes an audit as fast as the hash.

use crate::Digest;

/// How many bytes a header has.
pub(super) const HEADER: usize = 128;
/// How many of them the chain's hash is over: all but that hash.
pub(super) const CHAINED: usize = 96;
/// The word that a block begins with.
pub(super) const MAGIC: [u8; 8] = *b"orchblk2";
/// The version of the format.
pub(super) const VERSION: u16 = 2;
/// A payload is no longer than this, unless it is a single record. So whoever reads needs that
/// much memory and no more.
pub(super) const MOST: usize = 4 << 20;
/// What a record has besides its kind and its data: the time, and the length of the kind.
pub(super) const FRAME: usize = 10;
/// What the payload has besides for each record: where its frame ends.
pub(super) const ENTRY: usize = 4;

/// Where a chain stands: a record's number and the hash of the block that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) seq: u64,
    pub(super) head: Digest,
}

impl Link {
    /// The start of every journal.
    pub(super) fn genesis() -> Self {
        Self {
            seq: 0,
            head: Digest::of(b"orchestrator-journal-v2"),
        }
    }
}

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// How many bytes follow.
    pub(super) payload: u32,
    /// How many records they are.
    pub(super) count: u32,
    /// The number of the first.
    pub(super) first: u64,
    /// The hash of the block before.
    pub(super) prev: Digest,
    /// The hash of the payload.
    pub(super) root: Digest,
}

impl Header {
    /// The bytes that are chained.
    pub(super) fn chained(&self) -> [u8; CHAINED] {
        let mut bytes = [0; CHAINED];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.payload.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.count.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..64].copy_from_slice(self.prev.as_bytes());
        bytes[64..96].copy_from_slice(self.root.as_bytes());
        bytes
    }

    /// The hash of the block.
    pub(super) fn head(&self) -> Digest {
        Digest::of(&self.chained())
    }

    /// All bytes, and the hash at their end.
    pub(super) fn encode(&self) -> ([u8; HEADER], Digest) {
        let mut bytes = [0; HEADER];
        bytes[..CHAINED].copy_from_slice(&self.chained());
        let head = Digest::of(&bytes[..CHAINED]);
        bytes[CHAINED..].copy_from_slice(head.as_bytes());
        (bytes, head)
    }

    /// Reads the chained bytes. There is one text for each header, and nothing else is accepted.
    pub(super) fn decode_chained(bytes: &[u8; CHAINED]) -> Result<Self, &'static str> {
        if bytes[..8] != MAGIC {
            return Err("it does not begin with the word of a block");
        }
        if bytes[8..10] != VERSION.to_le_bytes() {
            return Err("it is of another version of the format");
        }
        let header = Self {
            payload: u32::from_le_bytes(four(bytes, 12)),
            count: u32::from_le_bytes(four(bytes, 16)),
            first: u64::from_le_bytes(eight(bytes, 24)),
            prev: Digest::from_bytes(hash(bytes, 32)),
            root: Digest::from_bytes(hash(bytes, 64)),
        };
        let least = u64::from(header.count) * (FRAME + ENTRY) as u64;
        let plain = bytes[10..12] == [0; 2] && bytes[20..24] == [0; 4];
        if !plain || header.count == 0 || u64::from(header.payload) < least {
            return Err("its header contradicts itself");
        }
        if header.payload as usize > MOST && header.count != 1 {
            return Err("it is longer than a block of several records may be");
        }
        if header.first == 0 || header.first.checked_add(u64::from(header.count)).is_none() {
            return Err("its sequence number is none that a record can have");
        }
        Ok(header)
    }

    /// Reads a whole header.
    pub(super) fn decode(bytes: &[u8; HEADER]) -> Result<(Self, Digest), &'static str> {
        let mut chained = [0; CHAINED];
        chained.copy_from_slice(&bytes[..CHAINED]);
        let header = Self::decode_chained(&chained)?;
        let head = Digest::of(&chained);
        if bytes[CHAINED..] != *head.as_bytes() {
            return Err("its hash does not fit its header");
        }
        Ok((header, head))
    }

    /// The number of the last record.
    pub(super) fn last(&self) -> u64 {
        self.first + u64::from(self.count) - 1
    }

    /// How many bytes the block has in the file.
    pub(super) fn len(&self) -> u64 {
        HEADER as u64 + u64::from(self.payload)
    }

    /// Where, in the payload, the table begins that says where each frame ends.
    pub(super) fn table(&self) -> usize {
        self.payload as usize - self.count as usize * ENTRY
    }
}

/// Whether a whole payload consists of the records that its header promises.
pub(super) fn check_frames(header: &Header, payload: &[u8]) -> Result<(), &'static str> {
    let (frames, table) = payload
        .split_at_checked(header.table())
        .ok_or("it is shorter than its header says")?;
    let mut start = 0;
    for entry in table.as_chunks::<ENTRY>().0 {
        let end = u32::from_le_bytes(*entry) as usize;
        check_frame(frames.get(start..end).unwrap_or_default())?;
        start = end;
    }
    if start == frames.len() {
        Ok(())
    } else {
        Err("its records do not fill it")
    }
}

/// Whether a frame is long enough for what it says to hold. The first bytes are enough for it.
fn check_frame(frame: &[u8]) -> Result<(), &'static str> {
    kind_len(frame)
        .filter(|kind| FRAME + kind <= frame.len())
        .map(|_| ())
        .ok_or("a record in it is shorter than it says")
}

/// How long the kind of a frame is.
pub(super) fn kind_len(frame: &[u8]) -> Option<usize> {
    let bytes = frame.get(8..FRAME)?;
    Some(usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

/// The time, the kind and the data of a frame, or what is wrong with it.
pub(super) fn split_frame(frame: &[u8]) -> Result<(i64, &str, &[u8]), &'static str> {
    check_frame(frame)?;
    let kind = kind_len(frame).unwrap_or(0);
    let (kind, data) = frame[FRAME..].split_at(kind);
    let kind = std::str::from_utf8(kind).map_err(|_| "the kind of a record in it is not text")?;
    Ok((i64::from_le_bytes(eight(frame, 0)), kind, data))
}

/// Where the frame of a record is in its payload: `index` counts from 0.
pub(super) fn frame_range(header: &Header, payload: &[u8], index: usize) -> Option<(usize, usize)> {
    let table = payload.get(header.table()..)?;
    let entry = |index: usize| {
        let entry = table.as_chunks::<ENTRY>().0.get(index)?;
        Some(u32::from_le_bytes(*entry) as usize)
    };
    let start = if index == 0 { 0 } else { entry(index - 1)? };
    Some((start, entry(index)?))
}

fn four(bytes: &[u8], at: usize) -> [u8; 4] {
    let mut out = [0; 4];
    out.copy_from_slice(&bytes[at..at + 4]);
    out
}

fn eight(bytes: &[u8], at: usize) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[at..at + 8]);
    out
}

fn hash(bytes: &[u8], at: usize) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(&bytes[at..at + 32]);
    out
}
