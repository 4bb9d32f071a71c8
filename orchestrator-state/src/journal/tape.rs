//! A segment as a sequence of blocks, read in large pieces and in constant memory.

use std::io;

use super::block::{ENTRY, FRAME, HEADER, Header, Link, MAGIC, MOST, check_frames, kind_len};
use super::shelf::Source;
use crate::Digest;

/// How much is read at a time.
const PIECE: usize = 1 << 20;

/// A file behind a window that moves over it.
#[derive(Debug)]
pub(super) struct Tape<S> {
    source: S,
    window: Vec<u8>,
    /// How much of it holds bytes of the file.
    filled: usize,
    /// Where the window is in the file.
    start: u64,
}

/// What stands at a place in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The next block, checked.
    Block { header: Header, end: Link },
    /// Nothing but zeros until the end of the file.
    Unused,
    /// Bytes that are not the next block.
    Bad(&'static str),
}

/// What stands behind a place in a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Behind {
    /// How many bytes there are up to the last one that is not zero.
    pub(super) bytes: u64,
    /// Whether a header stands there that is whole in itself.
    pub(super) block: bool,
}

impl<S: Source> Tape<S> {
    pub(super) fn new(source: S) -> Self {
        Self {
            source,
            window: Vec::new(),
            filled: 0,
            start: 0,
        }
    }

    /// So many bytes at an offset; fewer at the end of the file.
    pub(super) fn view(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let inside = offset
            .checked_sub(self.start)
            .and_then(|at| usize::try_from(at).ok())
            .filter(|at| at + len <= self.filled);
        let at = match inside {
            Some(at) => at,
            None => {
                self.fill(offset, len)?;
                0
            }
        };
        Ok(&self.window[at..self.filled.min(at + len)])
    }

    /// Forgets what was read, where a writer may have gone on.
    pub(super) fn forget(&mut self) {
        self.filled = 0;
    }

    fn fill(&mut self, offset: u64, len: usize) -> io::Result<()> {
        let left = self.source.len()?.saturating_sub(offset);
        let len = usize::try_from(left).map_or(len, |left| len.max(PIECE).min(left));
        if self.window.len() < len {
            self.window = vec![0; len];
        }
        (self.start, self.filled) = (offset, 0);
        while self.filled < len {
            let rest = &mut self.window[self.filled..len];
            match self.source.read_at(rest, offset + self.filled as u64) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.filled = 0;
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Reads and checks the block that should be at this offset, after `before`.
    pub(super) fn block(&mut self, offset: u64, before: &Link) -> io::Result<Found> {
        let bytes = self.view(offset, HEADER)?;
        let Ok(bytes) = <&[u8; HEADER]>::try_from(bytes) else {
            return self.no_block(offset, "its header is cut off");
        };
        let (header, head) = match Header::decode(bytes) {
            Ok(decoded) => decoded,
            Err(reason) => return self.no_block(offset, reason),
        };
        if header.prev != before.head {
            return Ok(Found::Bad("it does not follow the block before it"));
        }
        if header.first != before.seq + 1 {
            return Ok(Found::Bad("its sequence number is not the next one"));
        }
        let found = match self.check_payload(offset + HEADER as u64, &header)? {
            Ok(()) => Found::Block {
                header,
                end: Link {
                    seq: header.last(),
                    head,
                },
            },
            Err(reason) => Found::Bad(reason),
        };
        Ok(found)
    }

    /// Where no header is, there may be nothing at all.
    fn no_block(&mut self, offset: u64, reason: &'static str) -> io::Result<Found> {
        if self.behind(offset, false)?.bytes == 0 {
            return Ok(Found::Unused);
        }
        Ok(Found::Bad(reason))
    }

    fn check_payload(
        &mut self,
        offset: u64,
        header: &Header,
    ) -> io::Result<Result<(), &'static str>> {
        const CUT: &str = "it is cut off";
        const CHANGED: &str = "its hash does not fit its content";
        let len = header.payload as usize;
        if len <= MOST {
            let payload = self.view(offset, len)?;
            return Ok(if payload.len() < len {
                Err(CUT)
            } else if Digest::of(payload) == header.root {
                check_frames(header, payload)
            } else {
                Err(CHANGED)
            });
        }
        // A single long record: hashed piece by piece, and looked at from both ends.
        let mut hasher = blake3::Hasher::new();
        let mut done = 0;
        while done < len {
            let piece = self.view(offset + done as u64, PIECE.min(len - done))?;
            if piece.is_empty() {
                return Ok(Err(CUT));
            }
            hasher.update(piece);
            done += piece.len();
        }
        if *hasher.finalize().as_bytes() != *header.root.as_bytes() {
            return Ok(Err(CHANGED));
        }
        let fits =
            kind_len(self.view(offset, FRAME)?).is_some_and(|kind| FRAME + kind <= header.table());
        let entry = self.view(offset + header.table() as u64, ENTRY)?;
        let whole = u32::try_from(header.table()).is_ok_and(|end| entry == end.to_le_bytes());
        Ok(if fits && whole {
            Ok(())
        } else {
            Err("its records do not fill it")
        })
    }

    /// Looks at everything from an offset on, for bytes that are not zero, and if wanted for
    /// headers.
    pub(super) fn behind(&mut self, mut offset: u64, headers: bool) -> io::Result<Behind> {
        let start = offset;
        let mut behind = Behind::default();
        loop {
            let piece = self.view(offset, PIECE)?;
            if piece.is_empty() {
                return Ok(behind);
            }
            if let Some(last) = piece.iter().rposition(|byte| *byte != 0) {
                behind.bytes = offset - start + last as u64 + 1;
                behind.block |= headers && holds_header(piece);
            }
            // Pieces overlap, so that a header on a border is seen whole in one of them.
            let step = piece.len().saturating_sub(HEADER - 1);
            offset += if step == 0 { piece.len() } else { step } as u64;
        }
    }
}

/// Whether a header that is whole in itself begins anywhere in these bytes.
fn holds_header(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while rest.len() >= HEADER {
        if let Some(window) = rest.first_chunk::<HEADER>()
            && window.starts_with(&MAGIC)
            && Header::decode(window).is_ok()
        {
            return true;
        }
        let next = rest[1..].iter().position(|byte| *byte == MAGIC[0]);
        rest = next.map_or(&[], |at| &rest[at + 1..]);
    }
    false
}
