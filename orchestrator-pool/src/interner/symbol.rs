//! What stands for a string.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

/// Stands for a string of one [`Interner`](crate::Interner): four bytes, also inside an `Option`,
/// to copy, compare and hash.
///
/// Two symbols of the same interner are equal when their strings are. Symbols order by when
/// their strings came, not by their text. Those of different interners have nothing to do with
/// each other, and nothing keeps them apart.
///
/// Serialized it is a number, which means something together with its interner, serialized as
/// well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Symbol(NonZeroU32);

impl Symbol {
    /// From how many strings came before.
    pub(crate) fn at(index: usize) -> Option<Self> {
        let number = u32::try_from(index).ok()?.checked_add(1)?;
        NonZeroU32::new(number).map(Self)
    }

    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }

    #[inline]
    pub(crate) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }
}
