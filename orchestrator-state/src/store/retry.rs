//! How long to wait before trying again.

use std::cell::Cell;

/// Grows with every attempt, and is different for every thread, so that those who were in each
/// other's way do not meet again.
///
/// The waits are short, for a commit takes well under a microsecond. While one thread waits, another
/// gets many commits done with everything they need in its own cache. That is worth more than the
/// wait: a key that two processors fight over moves from one to the other with every commit.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    attempts: u32,
}

thread_local! {
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// Makes the threads' random numbers different.
static SEED: std::sync::atomic::AtomicU64 =
    std::sync::atomic::AtomicU64::new(0x9e37_79b9_7f4a_7c15);

/// Marsaglia 2003, "Xorshift RNGs".
fn random() -> u64 {
    RANDOM.with(|state| {
        let mut x = state.get();
        if x == 0 {
            x = SEED.fetch_add(0x9e37_79b9_7f4a_7c16, std::sync::atomic::Ordering::Relaxed) | 1;
        }
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        state.set(x);
        x
    })
}

impl Backoff {
    /// Waits before the next attempt.
    pub(super) fn wait(&mut self) {
        let most = 64_u64 << self.attempts.min(6);
        let spins = most / 2 + random() % most;
        (0..spins).for_each(|_| std::hint::spin_loop());
        if self.attempts >= 3 {
            // Whoever is faster may be waiting for this processor, in the middle of a commit.
            std::thread::yield_now();
        }
        self.attempts += 1;
    }
}
