//! Trying again after a fault that may pass.

use std::{num::NonZeroU32, time::Duration};

/// How often to try, and how long to wait before each attempt.
///
/// The default makes 5 attempts: the second at once, the others after 1, 2 and 4 seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    delays: Vec<Duration>,
    attempts: NonZeroU32,
    jitter: Option<u64>,
}

impl RetryPolicy {
    /// The waits before the second attempt, the third, and so on. If there are more attempts
    /// than waits, the last wait is used again; without any, attempts follow at once.
    #[must_use]
    pub fn new(delays: impl Into<Vec<Duration>>, attempts: NonZeroU32) -> Self {
        Self {
            delays: delays.into(),
            attempts,
            jitter: None,
        }
    }

    /// Full jitter (Brooker 2015, "Exponential Backoff And Jitter"): each wait is drawn evenly
    /// from zero to the one given, so that clients which failed together do not come back
    /// together. The same seed draws the same waits; give each operation one of its own.
    #[must_use]
    pub fn with_jitter(mut self, seed: u64) -> Self {
        self.jitter = Some(seed);
        self
    }

    /// How many attempts are made at most.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    /// How long to wait before an attempt, counted from 1. `None`: that attempt is not made.
    ///
    /// ```
    /// use std::time::Duration;
    /// use orchestrator_core::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default();
    /// let waits: Vec<_> = (1..).map_while(|attempt| policy.delay_before(attempt)).collect();
    /// assert_eq!(waits, [0, 0, 1, 2, 4].map(Duration::from_secs));
    /// ```
    #[must_use]
    pub fn delay_before(&self, attempt: u32) -> Option<Duration> {
        if attempt == 0 || attempt > self.attempts() {
            return None;
        }
        let Some(past_second) = attempt.checked_sub(2) else {
            return Some(Duration::ZERO);
        };
        let place = usize::try_from(past_second).unwrap_or(usize::MAX);
        let full = self.delays.get(place).or(self.delays.last());
        let full = full.copied().unwrap_or_default();
        Some(match self.jitter {
            Some(seed) => full.mul_f64(fraction(seed, attempt)),
            None => full,
        })
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("5 is not 0");
        Self::new([0, 1, 2, 4].map(Duration::from_secs), FIVE)
    }
}

/// The `attempt`th draw of SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom
/// Number Generators") from a seed, as a number in `[0, 1)`.
fn fraction(seed: u64, attempt: u32) -> f64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(attempt.into()));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    // The upper 53 bits: what an `f64` can hold exactly.
    (z >> 11) as f64 / (1_u64 << 53) as f64
}

/// Why [`retry`] gave up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError<E> {
    /// A fault that trying again does not mend.
    #[error("attempt {attempt} failed for good: mend the cause, trying again does not help")]
    Permanent {
        /// The attempt, counted from 1.
        attempt: u32,
        /// What went wrong.
        #[source]
        source: E,
    },

    /// Every attempt failed.
    #[error("all {attempts} attempts failed: wait longer, or allow more of them")]
    Exhausted {
        /// How many there were.
        attempts: u32,
        /// What went wrong the last time.
        #[source]
        source: E,
    },
}

impl<E> RetryError<E> {
    /// What went wrong the last time.
    pub fn into_source(self) -> E {
        match self {
            Self::Permanent { source, .. } | Self::Exhausted { source, .. } => source,
        }
    }
}

/// Calls `op` with the number of the attempt, counted from 1, until it succeeds or the policy or
/// the fault says to stop. Waits on tokio's clock. Dropping the future stops it.
///
/// # Errors
///
/// [`RetryError::Permanent`] when `is_transient` denies, [`RetryError::Exhausted`] after the last
/// attempt.
pub async fn retry<T, E, Fut>(
    policy: &RetryPolicy,
    mut is_transient: impl FnMut(&E) -> bool,
    mut op: impl FnMut(u32) -> Fut,
) -> Result<T, RetryError<E>>
where
    Fut: Future<Output = Result<T, E>>,
{
    let mut attempt = 1;
    loop {
        let source = match op(attempt).await {
            Ok(value) => return Ok(value),
            Err(source) => source,
        };
        if !is_transient(&source) {
            return Err(RetryError::Permanent { attempt, source });
        }
        let Some(delay) = policy.delay_before(attempt.saturating_add(1)) else {
            return Err(RetryError::Exhausted {
                attempts: attempt,
                source,
            });
        };
        // Tokio's timer rounds up to a millisecond; at once means at once.
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        attempt += 1;
    }
}
