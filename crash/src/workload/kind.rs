//! The kinds of transactions.

use crate::history::{Key, Value};
use crate::subject::Steps;

/// What a transaction does. The keys may be the same one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Read a key and write it.
    Change(Key),
    /// Write a key without a look at it.
    Blind(Key),
    /// Take a key away without a look at it.
    Remove(Key),
    /// Read two keys and write both.
    Move(Key, Key),
    /// Write two keys without a look at them.
    BlindMove(Key, Key),
    /// Read one key and write another: two of them at once are a write skew.
    Skew(Key, Key),
    /// Read a range and write a key: two of them at once are phantoms to each other.
    Sum(Key, Key, Key),
    /// Write a key, read it, take it away, read it.
    Again(Key),
    /// Read two keys, write nothing.
    Read(Key, Key),
}

impl Kind {
    /// Any of them, on keys below `keys`.
    pub(super) fn random(rng: &mut fastrand::Rng, keys: Key) -> Self {
        let (one, other, third) = (rng.u32(0..keys), rng.u32(0..keys), rng.u32(0..keys));
        match rng.u8(0..12) {
            0..=2 => Self::Change(one),
            3 => Self::Blind(one),
            4 => Self::Remove(one),
            5 => Self::Move(one, other),
            6 => Self::BlindMove(one, other),
            7 => Self::Skew(one, other),
            8 | 9 => Self::Sum(one.min(other), one.max(other) + 1, third),
            10 => Self::Again(one),
            _ => Self::Read(one, other),
        }
    }

    /// Does it. Each write asks for a value of its own.
    pub(super) fn carry_out(self, steps: &mut dyn Steps, value: &mut dyn FnMut() -> Value) {
        match self {
            Self::Change(key) => {
                steps.get(key);
                steps.put(key, value());
            }
            Self::Blind(key) => steps.put(key, value()),
            Self::Remove(key) => steps.remove(key),
            Self::Move(one, other) => {
                steps.get(one);
                steps.get(other);
                steps.put(one, value());
                steps.put(other, value());
            }
            Self::BlindMove(one, other) => {
                steps.put(one, value());
                steps.put(other, value());
            }
            Self::Skew(seen, written) => {
                steps.get(seen);
                steps.put(written, value());
            }
            Self::Sum(from, to, written) => {
                steps.range(from, to);
                steps.put(written, value());
            }
            Self::Again(key) => {
                steps.put(key, value());
                steps.get(key);
                steps.remove(key);
                steps.get(key);
            }
            Self::Read(one, other) => {
                steps.get(one);
                steps.get(other);
            }
        }
    }
}
