//! The anchor: the sequence number and the hash of the last durable block, in a file of its own.
//!
//! A hash chain that ends early is still a good chain. Only a second witness knows that there was
//! more. The file has two slots of one sector each, which are overwritten in turn: overwriting is
//! much faster than growing a file, and if a write is torn, the slot before is still there.

use super::block::Link;
use super::error::BadAnchor;
use crate::Digest;

const MAGIC: [u8; 8] = *b"orchhd02";
/// The size of a slot in bytes.
pub(super) const SLOT: usize = 512;
/// How many bytes of a slot its check is over.
const CHECKED: usize = 64;

/// One slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Counts the writing of anchors. It says which slot is the newer one.
    pub(super) turn: u64,
    /// Where the durable part of the journal ends.
    pub(super) link: Link,
    /// Whether blocks behind this one are written without waiting for the disk, so that a power
    /// cut may leave holes among them.
    pub(super) relaxed: bool,
}

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchors {
    /// The newest good slot.
    pub(super) last: Anchor,
    /// The slot before it.
    pub(super) before: Option<Anchor>,
    /// Whether the other slot is damaged, as a torn write of the next anchor leaves it.
    pub(super) torn: bool,
}

impl Anchor {
    /// The bytes of its slot.
    pub(super) fn encode(&self) -> [u8; SLOT] {
        let mut bytes = [0; SLOT];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.turn.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.link.seq.to_le_bytes());
        bytes[24] = u8::from(self.relaxed);
        bytes[32..CHECKED].copy_from_slice(self.link.head.as_bytes());
        let check = Digest::of(&bytes[..CHECKED]);
        bytes[CHECKED..CHECKED + 32].copy_from_slice(check.as_bytes());
        bytes
    }

    /// Where its slot is: neighbours in turn never share one.
    pub(super) fn offset(&self) -> u64 {
        self.turn % 2 * SLOT as u64
    }

    /// The bytes of a new file: the same anchor in both slots, and the newer one as a value.
    ///
    /// It is written as a whole, so neither can be torn, and an unused slot need not exist: it
    /// would look like a slot that was wiped.
    pub(super) fn first_file(link: Link, relaxed: bool) -> (Self, [u8; 2 * SLOT]) {
        let mut bytes = [0; 2 * SLOT];
        let slot = |turn| Self {
            turn,
            link,
            relaxed,
        };
        bytes[..SLOT].copy_from_slice(&slot(0).encode());
        bytes[SLOT..].copy_from_slice(&slot(1).encode());
        (slot(1), bytes)
    }

    /// There is one text for each anchor, and nothing else is accepted.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let anchor = Self {
            turn: number(8)?,
            link: Link {
                seq: number(16)?,
                head: Digest::from_bytes(bytes.get(32..CHECKED)?.try_into().ok()?),
            },
            relaxed: *bytes.get(24)? == 1,
        };
        (anchor.encode()[..] == *bytes).then_some(anchor)
    }
}

impl Anchors {
    /// Reads the file.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadAnchor> {
        if bytes.len() != 2 * SLOT {
            return Err(BadAnchor::Malformed);
        }
        let (even, odd) = bytes.split_at(SLOT);
        let slots = [(0, even), (SLOT as u64, odd)].map(|(offset, slot)| {
            // A slot in the wrong place is a damaged one.
            Anchor::decode(slot).filter(|anchor| anchor.offset() == offset)
        });
        match slots {
            [Some(last), None] | [None, Some(last)] => Ok(Self {
                last,
                before: None,
                torn: true,
            }),
            [Some(one), Some(other)] => {
                let (before, last) = if one.turn < other.turn {
                    (one, other)
                } else {
                    (other, one)
                };
                // After a power cut the two need not be neighbours: only what was synced is sure.
                if before.link.seq > last.link.seq {
                    return Err(BadAnchor::Malformed);
                }
                Ok(Self {
                    last,
                    before: Some(before),
                    torn: false,
                })
            }
            [None, None] => Err(BadAnchor::Malformed),
        }
    }

    /// Whether a block that ends with this record is the one that the anchors name, if they name
    /// one there or inside of it.
    pub(super) fn agree(&self, first: u64, end: &Link) -> bool {
        let mut witnesses = std::iter::once(self.last).chain(self.before);
        witnesses.all(|anchor| {
            let inside = first <= anchor.link.seq && anchor.link.seq < end.seq;
            !inside && (anchor.link.seq != end.seq || anchor.link.head == end.head)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(turn: u64) -> Anchor {
        Anchor {
            turn,
            link: Link {
                seq: turn * 3,
                head: Digest::of(&turn.to_be_bytes()),
            },
            relaxed: turn.is_multiple_of(3),
        }
    }

    fn file(even: &[u8], odd: &[u8]) -> Result<Anchors, BadAnchor> {
        Anchors::decode(&[even, odd].concat())
    }

    #[test]
    fn an_anchor_survives_its_slot_and_nothing_but_its_bytes_is_taken() {
        for turn in [0, 7, u64::MAX / 3] {
            let bytes = anchor(turn).encode();
            assert_eq!(Anchor::decode(&bytes), Some(anchor(turn)));
            for bit in 0..SLOT * 8 {
                let mut flipped = bytes;
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_eq!(Anchor::decode(&flipped), None, "bit {bit}");
            }
        }
    }

    #[test]
    fn the_newer_slot_counts_and_a_torn_one_leaves_the_older() {
        let (newer, bytes) = Anchor::first_file(Link::genesis(), false);
        let first = Anchors::decode(&bytes).unwrap();
        assert_eq!((first.last, first.torn), (newer, false));

        let (six, seven) = (anchor(6).encode(), anchor(7).encode());
        let both = file(&six, &seven).unwrap();
        assert_eq!(
            (both.last, both.before, both.torn),
            (anchor(7), Some(anchor(6)), false)
        );
        let torn = [&seven[..60], &anchor(5).encode()[60..]].concat();
        let one = file(&six, &torn).unwrap();
        assert_eq!((one.last, one.before, one.torn), (anchor(6), None, true));
    }

    #[test]
    fn slots_that_no_writer_leaves_are_refused() {
        let (six, seven) = (anchor(6).encode(), anchor(7).encode());
        let mut back = anchor(9);
        back.link.seq = 1;
        for (even, odd) in [
            (&seven[..], &six[..]),
            (&six, &back.encode()),
            (&[0; SLOT], &[0; SLOT]),
            (&six, &[]),
        ] {
            assert_eq!(file(even, odd), Err(BadAnchor::Malformed));
        }
    }
}
