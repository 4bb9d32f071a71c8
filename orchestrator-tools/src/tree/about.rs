//! What is worth knowing of a content that is looked at again.

use std::sync::OnceLock;

/// Found out when it is asked for the first time, and not before: much is read only once.
#[derive(Debug, Default)]
pub(super) struct About {
    has_zero: OnceLock<bool>,
    grams: OnceLock<Grams>,
}

impl About {
    pub(super) fn has_zero(&self, bytes: &[u8]) -> bool {
        *self
            .has_zero
            .get_or_init(|| memchr::memchr(0, bytes).is_some())
    }

    pub(super) fn grams(&self, bytes: &[u8]) -> &Grams {
        self.grams.get_or_init(|| Grams::of(bytes))
    }
}

/// Which three bytes stand one after the other in a content: a Bloom filter (1970) of one hash, with about as
/// many bits as there are bytes. What it has not is not there; what it has may be.
///
/// After Cox 2012, "Regular Expression Matching with a Trigram Index", which keeps lists of files instead.
#[derive(Debug)]
pub(super) struct Grams {
    bits: Box<[u64]>,
}

impl Grams {
    fn of(bytes: &[u8]) -> Self {
        let words = (bytes.len() / 64).next_power_of_two();
        let mut grams = Self {
            bits: vec![0; words].into(),
        };
        for gram in bytes.windows(3) {
            let (word, bit) = grams.place(gram);
            grams.bits[word] |= bit;
        }
        grams
    }

    /// Whether a text may be in it.
    pub(super) fn may_have(&self, text: &[u8]) -> bool {
        text.windows(3).all(|gram| {
            let (word, bit) = self.place(gram);
            self.bits[word] & bit != 0
        })
    }

    fn place(&self, gram: &[u8]) -> (usize, u64) {
        let number = gram
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        // Fibonacci hashing: the upper bits are well mixed.
        let hash = number.wrapping_mul(0x9E37_79B1) as usize;
        let bit = hash >> 26;
        // There are a power of two of words.
        let word = (hash >> 5) & (self.bits.len() - 1);
        (word, 1 << bit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{collection::vec, prelude::*};

    proptest! {
        /// What is there is never said not to be.
        #[test]
        fn what_is_there_may_be(bytes in vec(any::<u8>(), 0..400), from in 0_usize..400, to in 0_usize..400) {
            let (from, to) = (from.min(bytes.len()), to.min(bytes.len()));
            let part = bytes.get(from..to).unwrap_or_default();
            prop_assert!(Grams::of(&bytes).may_have(part));
        }
    }

    /// The control: most of what is not there is said not to be.
    #[test]
    fn most_that_is_not_there_is_not() {
        let text = include_str!("../tree.rs");
        let grams = Grams::of(text.as_bytes());
        let mut random = fastrand::Rng::with_seed(1);
        let absent = (0..1_000).filter(|_| {
            let word: String = (0..6).map(|_| random.lowercase()).collect();
            assert!(!text.contains(&word));
            !grams.may_have(word.as_bytes())
        });
        let absent = absent.count();
        assert!(absent > 950, "{absent}");
        assert!(About::default().has_zero(b"a\0b") && !About::default().has_zero(b"ab"));
    }
}
