//! A set of small numbers that gives its least.

/// How many bits of the number a level looks at.
const SHIFT: u32 = 6;

/// A bit for each number, and above it a bit for each 64 that are not all out: the least number
/// is found by one look a level (van Emde Boas's idea, with words of the machine for the levels).
///
/// A heap would compare names at each step; here the comparing was done when the hooks were
/// ranked.
pub(crate) struct Ready {
    /// The lowest first. The highest has one word.
    levels: Vec<Vec<u64>>,
}

impl Ready {
    /// An empty set for the numbers below `bound`.
    pub(crate) fn new(bound: usize) -> Self {
        let mut levels = Vec::new();
        let mut words = bound;
        loop {
            words = words.div_ceil(64).max(1);
            levels.push(vec![0; words]);
            if words == 1 {
                return Self { levels };
            }
        }
    }

    pub(crate) fn insert(&mut self, number: usize) {
        let mut at = number;
        for level in &mut self.levels {
            let word = &mut level[at >> SHIFT];
            let was_empty = *word == 0;
            *word |= 1 << (at % 64);
            if !was_empty {
                // The levels above know of this word already.
                return;
            }
            at >>= SHIFT;
        }
    }

    pub(crate) fn pop_first(&mut self) -> Option<usize> {
        let mut at = 0;
        for level in self.levels.iter().rev() {
            let word = level[at];
            if word == 0 {
                // Only the highest level can have an empty word that was asked.
                return None;
            }
            at = (at << SHIFT) + word.trailing_zeros() as usize;
        }
        let first = at;
        for level in &mut self.levels {
            let word = &mut level[at >> SHIFT];
            *word &= *word - 1;
            if *word != 0 {
                break;
            }
            at >>= SHIFT;
        }
        Some(first)
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
