//! The strings by number, for readers who take no lock.

use std::sync::OnceLock;

/// How many strings the first block holds; each further one holds as many as all before it.
const FIRST: usize = 1 << 10;

/// Enough for every number of 32 bits.
const BLOCKS: usize = 23;

type Block = Box<[OnceLock<Box<str>>]>;

/// Strings that are put in once, each at its number, and stay where they are.
pub(crate) struct Table {
    blocks: [OnceLock<Block>; BLOCKS],
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            blocks: [const { OnceLock::new() }; BLOCKS],
        }
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&str> {
        let (block, at) = place(index);
        let string = self.blocks.get(block)?.get()?.get(at)?.get()?;
        Some(string)
    }

    /// Puts a string in, if nobody has yet. It is there when this returns.
    pub(crate) fn put(&self, index: usize, string: &str) {
        let (block, at) = place(index);
        let block = self.blocks[block].get_or_init(|| {
            let size = if block == 0 {
                FIRST
            } else {
                FIRST << (block - 1)
            };
            (0..size).map(|_| OnceLock::new()).collect()
        });
        block[at].get_or_init(|| string.into());
    }
}

/// The block of an index, and the place in it.
#[inline]
fn place(index: usize) -> (usize, usize) {
    if index < FIRST {
        return (0, index);
    }
    let block = (index / FIRST).ilog2() as usize;
    (block + 1, index - (FIRST << block))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_place_of_its_own() {
        let mut next = (0, 0);
        for index in 0..10 * FIRST {
            assert_eq!(place(index), next, "{index}");
            next.1 += 1;
            let size = if next.0 == 0 {
                FIRST
            } else {
                FIRST << (next.0 - 1)
            };
            if next.1 == size {
                next = (next.0 + 1, 0);
            }
        }
        let (block, at) = place(u32::MAX as usize - 1);
        assert!(block < BLOCKS && at < FIRST << (block - 1));
    }
}
