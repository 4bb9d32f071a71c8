//! Strings that were asked for lately, and their symbols.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Symbol;

/// Remembers one symbol for each of many places, to which hashes point. What it says has to be
/// looked up: another string may have had the same hash.
///
/// A place is one word, half of a hash and a symbol, so that reading and writing need no lock.
pub(crate) struct Recent {
    places: Box<[AtomicU64]>,
    mask: usize,
}

impl Recent {
    /// As many places as the next power of two, of 8 bytes each.
    pub(crate) fn new(places: usize) -> Self {
        let places = places.next_power_of_two();
        Self {
            places: (0..places).map(|_| AtomicU64::new(0)).collect(),
            mask: places - 1,
        }
    }

    #[inline]
    pub(crate) fn get(&self, hash: u64) -> Option<Symbol> {
        // With the symbol comes what its string needs to be found.
        let word = self.place(hash).load(Ordering::Acquire);
        let is_it = (word ^ hash) >> 32 == 0;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower half is the symbol"
        )]
        let symbol = Symbol::from_number(word as u32);
        symbol.filter(|_| is_it)
    }

    pub(crate) fn put(&self, hash: u64, symbol: Symbol) {
        let word = hash >> 32 << 32 | u64::from(symbol.number());
        self.place(hash).store(word, Ordering::Release);
    }

    #[inline]
    fn place(&self, hash: u64) -> &AtomicU64 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower half chooses the place"
        )]
        let at = hash as usize & self.mask;
        &self.places[at]
    }
}
