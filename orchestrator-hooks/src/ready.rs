//! A set of small numbers that gives its least.

/// A bit for each number, and above it a bit for each 64 that are not all out. The least number
/// is found by two looks, and by a look for each 4,096 numbers between it and the last one.
///
/// A heap would compare names at each step; here the comparing was done when the hooks were
/// ranked.
pub(crate) struct Ready {
    words: Vec<u64>,
    /// Which of the words are not empty.
    filled: Vec<u64>,
    /// Every word of `filled` before this one is empty.
    first: usize,
}

impl Ready {
    /// An empty set for the numbers below `bound`.
    pub(crate) fn new(bound: usize) -> Self {
        let words = bound.div_ceil(64);
        Self {
            words: vec![0; words],
            filled: vec![0; words.div_ceil(64)],
            first: 0,
        }
    }

    #[inline]
    pub(crate) fn insert(&mut self, number: usize) {
        let word = number / 64;
        self.words[word] |= 1 << (number % 64);
        self.filled[word / 64] |= 1 << (word % 64);
        self.first = self.first.min(word / 64);
    }

    #[inline]
    pub(crate) fn pop_first(&mut self) -> Option<usize> {
        while *self.filled.get(self.first)? == 0 {
            self.first += 1;
        }
        let filled = &mut self.filled[self.first];
        let at = self.first * 64 + filled.trailing_zeros() as usize;
        let word = &mut self.words[at];
        let number = at * 64 + word.trailing_zeros() as usize;
        *word &= *word - 1;
        if *word == 0 {
            *filled &= *filled - 1;
        }
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_sorted_set(
            bound in prop_oneof![1_usize..200, 4_000_usize..5_000, 260_000_usize..300_000],
            steps in prop::collection::vec(prop::option::of(any::<prop::sample::Index>()), 0..200),
        ) {
            let mut ready = Ready::new(bound);
            let mut model = BTreeSet::new();
            for step in steps {
                match step {
                    Some(number) => {
                        ready.insert(number.index(bound));
                        model.insert(number.index(bound));
                    }
                    None => prop_assert_eq!(ready.pop_first(), model.pop_first()),
                }
            }
            while let Some(first) = model.pop_first() {
                prop_assert_eq!(ready.pop_first(), Some(first));
            }
            prop_assert_eq!(ready.pop_first(), None);
        }
    }
}
