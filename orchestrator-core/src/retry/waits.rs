//! The series of waits, and the draw from each.

use std::{num::NonZeroU32, time::Duration};

use backon::{BackoffBuilder, ExponentialBuilder};

/// The waits of one call: one fewer than its attempts.
#[derive(Debug)]
pub(super) struct Waits {
    left: u32,
    at_once: bool,
    series: <ExponentialBuilder as BackoffBuilder>::Backoff,
    floor: Duration,
    seed: Option<u64>,
    draws: u64,
}

impl Waits {
    pub(super) fn new(
        attempts: NonZeroU32,
        at_once: bool,
        series: ExponentialBuilder,
        seed: Option<u64>,
        floor: Duration,
    ) -> Self {
        Self {
            left: attempts.get() - 1,
            at_once,
            series: series.build(),
            floor,
            seed,
            draws: 0,
        }
    }
}

impl Iterator for Waits {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.left = self.left.checked_sub(1)?;
        if std::mem::take(&mut self.at_once) {
            return Some(Duration::ZERO);
        }
        let full = self.series.next()?;
        let Some(seed) = self.seed else {
            return Some(full);
        };
        self.draws += 1;
        let drawn = full.mul_f64(fraction(seed, self.draws));
        Some(drawn.max(self.floor.min(full)))
    }
}

/// The `draw`th number of SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom
/// Number Generators") from a seed, in `[0, 1)`.
fn fraction(seed: u64, draw: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(draw));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // The upper 53 bits: what an `f64` can hold exactly.
    (z >> 11) as f64 / (1_u64 << 53) as f64
}
