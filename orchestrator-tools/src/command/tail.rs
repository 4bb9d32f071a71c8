//! The last bytes of a stream, in memory that is used again.

use std::sync::LazyLock;

use orchestrator_pool::{Buffer, BufferPool, Bytes, SIZE_CLASSES};

/// Where the output of all commands of the process is kept and read.
///
/// Of most commands nearly nothing is kept, but a check may say a mebibyte: a buffer that is used
/// again has its pages already, and a fresh one gets each by a page fault.
pub(super) static BUFFERS: LazyLock<BufferPool> = LazyLock::new(BufferPool::default);

/// The last bytes that were pushed, at most so many.
pub(super) struct Tail {
    /// A ring once it is full.
    buffer: Buffer,
    keep: usize,
    /// Where its oldest byte is; 0 until it is full.
    start: usize,
    is_cut: bool,
}

impl Tail {
    pub(super) fn new(keep: usize) -> Self {
        Self {
            buffer: BUFFERS.get(0),
            keep,
            start: 0,
            is_cut: false,
        }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) {
        if bytes.len() > self.keep {
            bytes = &bytes[bytes.len() - self.keep..];
            self.buffer.clear();
            self.start = 0;
            self.is_cut = true;
        }
        let room = self.keep - self.buffer.len();
        let (fresh, over) = bytes.split_at(room.min(bytes.len()));
        self.make_room(fresh.len());
        self.buffer.extend_from_slice(fresh);
        if over.is_empty() {
            return;
        }
        self.is_cut = true;
        // In place of the oldest: up to the end of the ring, then from its beginning.
        let (to_end, rest) = over.split_at(over.len().min(self.keep - self.start));
        self.buffer[self.start..][..to_end.len()].copy_from_slice(to_end);
        self.buffer[..rest.len()].copy_from_slice(rest);
        self.start = (self.start + over.len()) % self.keep;
    }

    /// Moves to a buffer of a larger class. Beyond the largest, the buffer grows as any vector.
    fn make_room(&mut self, more: usize) {
        let needed = self.buffer.len() + more;
        if needed > self.buffer.capacity() && SIZE_CLASSES.iter().any(|size| *size >= needed) {
            let mut larger = BUFFERS.get(needed);
            larger.extend_from_slice(&self.buffer);
            self.buffer = larger;
        }
    }

    /// What was kept, and whether there was more.
    pub(super) fn finish(mut self) -> (Bytes, bool) {
        self.buffer.rotate_left(self.start);
        (self.buffer.freeze(), self.is_cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against a plain vector, with pieces of all sizes around the bound.
    #[test]
    fn the_last_bytes_are_kept() {
        for keep in [0, 1, 2, 7, 1024, 5000, 70_000, 3 << 20] {
            let mut random = fastrand::Rng::with_seed(keep as u64);
            let mut below = |bound: usize| random.usize(..=bound);
            for _ in 0..if keep > 10_000 { 3 } else { 200 } {
                let (mut tail, mut all) = (Tail::new(keep), Vec::new());
                for _ in 0..below(12) {
                    let length = below(keep + keep / 2 + 2);
                    let piece: Vec<u8> = (0..length).map(|_| below(255) as u8).collect();
                    tail.push(&piece);
                    all.extend_from_slice(&piece);
                }
                let (kept, is_cut) = tail.finish();
                assert_eq!(is_cut, all.len() > keep, "{keep} of {}", all.len());
                let expected = &all[all.len().saturating_sub(keep)..];
                assert!(kept == expected, "{keep} of {}", all.len());
            }
        }
    }

    #[test]
    fn the_memory_is_used_again() {
        let of_class = || BUFFERS.stats(1 << 20).expect("it is a class");
        let before = of_class();
        for _ in 0..20 {
            let mut tail = Tail::new(1 << 20);
            tail.push(&[1; 100_000]);
            drop(tail.finish());
        }
        let after = of_class();
        // Other tests may use the class beside it, and have a few made.
        let (lent, made) = (after.lent - before.lent, after.made - before.made);
        assert!(lent >= 20 && made <= lent - 15, "{before:?} {after:?}");
    }
}
