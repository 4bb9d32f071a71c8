//! A hash for numbers that are given one after the other.

use std::hash::Hasher;

/// Spreads numbers over a map whose bits differ in few places: it brings those to both ends of the hash
/// (Fibonacci hashing, Knuth 1973).
#[derive(Debug, Clone, Default)]
pub(super) struct ByNumber(u64);

impl Hasher for ByNumber {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(32);
    }
}
