//! The anchor: the sequence number and the hash of the last acknowledged record, in a file of its
//! own.
//!
//! A hash chain that ends early is still a good chain. Only a second witness knows that there was
//! more. The file has two slots of one sector each, which are overwritten in turn: overwriting is
//! much faster than growing a file, and if a write is torn, the slot before is still there.

use super::error::BadAnchor;
use crate::Digest;

const MAGIC: &str = "orchestrator-head-v1";
/// The size of a slot in bytes.
const SLOT: usize = 512;

/// Where the acknowledged part of the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) seq: u64,
    pub(super) hash: Digest,
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
    pub(super) fn encode(&self) -> String {
        let text = format!("{MAGIC} {:020} {}", self.seq, self.hash);
        let check = Digest::of(text.as_bytes());
        format!("{:width$}\n", format!("{text} {check}"), width = SLOT - 1)
    }

    /// Where its slot is: neighbours in the sequence never share one.
    pub(super) fn offset(&self) -> u64 {
        self.seq % 2 * SLOT as u64
    }

    /// The bytes of a new file: this anchor, and a slot that was never used.
    pub(super) fn first_file(&self) -> String {
        self.encode() + &unused()
    }

    /// There is one text for each anchor, and nothing else is accepted.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut words = text.split_whitespace().skip(1);
        let seq = words.next()?.parse().ok()?;
        let hash = words.next()?.parse().ok()?;
        let anchor = Self { seq, hash };
        (anchor.encode() == text).then_some(anchor)
    }
}

impl Anchors {
    /// Reads the file.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BadAnchor> {
        if bytes.len() != 2 * SLOT {
            return Err(BadAnchor::Malformed);
        }
        let (even, odd) = bytes.split_at(SLOT);
        let never_used = odd == unused().as_bytes();
        let slots = [(0, even), (SLOT as u64, odd)].map(|(offset, slot)| {
            // A slot in the wrong place is a damaged one.
            Anchor::decode(slot).filter(|anchor| anchor.offset() == offset)
        });
        match slots {
            [Some(last), None] if never_used && last.seq == 0 => Ok(Self {
                last,
                before: None,
                torn: false,
            }),
            [Some(last), None] | [None, Some(last)] if !never_used => Ok(Self {
                last,
                before: None,
                torn: true,
            }),
            [Some(one), Some(other)] if one.seq.abs_diff(other.seq) == 1 => {
                let (before, last) = if one.seq < other.seq {
                    (one, other)
                } else {
                    (other, one)
                };
                Ok(Self {
                    last,
                    before: Some(before),
                    torn: false,
                })
            }
            _ => Err(BadAnchor::Malformed),
        }
    }
}

fn unused() -> String {
    format!("{:width$}\n", "", width = SLOT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor(seq: u64) -> Anchor {
        Anchor {
            seq,
            hash: Digest::of(&seq.to_be_bytes()),
        }
    }

    fn file(even: &str, odd: &str) -> Result<Anchors, BadAnchor> {
        Anchors::decode(format!("{even}{odd}").as_bytes())
    }

    #[test]
    fn an_anchor_fills_its_slot() {
        assert_eq!(anchor(0).encode().len(), SLOT);
        assert_eq!(anchor(u64::MAX).encode().len(), SLOT);
        assert_eq!(
            Anchor::decode(anchor(7).encode().as_bytes()),
            Some(anchor(7))
        );
        let same_meaning = anchor(7).encode().replace("-v1 0", "-v1 +");
        assert_eq!(Anchor::decode(same_meaning.as_bytes()), None);
    }

    #[test]
    fn the_newer_slot_counts_and_a_torn_one_leaves_the_older() {
        let first = Anchors::decode(anchor(0).first_file().as_bytes()).unwrap();
        assert_eq!((first.last, first.torn), (anchor(0), false));

        let (six, seven) = (anchor(6).encode(), anchor(7).encode());
        let both = file(&six, &seven).unwrap();
        assert_eq!(
            (both.last, both.before, both.torn),
            (anchor(7), Some(anchor(6)), false)
        );

        let torn = format!("{}{}", &seven[..60], &anchor(5).encode()[60..]);
        let one = file(&six, &torn).unwrap();
        assert_eq!((one.last, one.before, one.torn), (anchor(6), None, true));
    }

    #[test]
    fn slots_that_no_writer_leaves_are_refused() {
        let (six, seven) = (anchor(6).encode(), anchor(7).encode());
        for (even, odd) in [
            (&*seven, &*six),
            (&*anchor(4).encode(), &*seven),
            (&*six, &*unused()),
            (&*unused(), &*unused()),
            (&*six, ""),
        ] {
            assert_eq!(file(even, odd), Err(BadAnchor::Malformed));
        }
    }
}
