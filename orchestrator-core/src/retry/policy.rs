//! How often to try, after what waits, and what holds for one call.

use std::{num::NonZeroU32, time::Duration};

use backon::ExponentialBuilder;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{RetryBudget, waits::Waits};

/// How often to try, and how long to wait before each attempt.
///
/// The default makes 5 attempts: the second at once, the others after 1, 2 and 4 seconds. The waits
/// double from [`with_delays`](Self::with_delays)' first to its last.
///
/// ```
/// use std::time::Duration;
/// use orchestrator_core::RetryPolicy;
///
/// let waits: Vec<_> = RetryPolicy::default().waits().collect();
/// assert_eq!(waits, [0, 1, 2, 4].map(Duration::from_secs));
/// ```
#[derive(Debug, Clone)]
pub struct RetryPolicy {
    attempts: NonZeroU32,
    at_once: bool,
    delays: ExponentialBuilder,
    jitter: Option<u64>,
    floor: Duration,
    pub(super) time: Option<Duration>,
    pub(super) budget: Option<RetryBudget>,
}

impl RetryPolicy {
    /// At most this many attempts, the waits as in the default.
    #[must_use]
    pub fn new(attempts: NonZeroU32) -> Self {
        Self {
            attempts,
            at_once: true,
            delays: ExponentialBuilder::new().without_max_times(),
            jitter: None,
            floor: Duration::ZERO,
            time: None,
            budget: None,
        }
    }

    /// The first wait, 1 second unless set, and the longest, 60 seconds unless set. A first that is
    /// longer than the longest is cut to it.
    #[must_use]
    pub fn with_delays(mut self, min: Duration, max: Duration) -> Self {
        self.delays = self.delays.with_min_delay(min.min(max)).with_max_delay(max);
        self
    }

    /// Whether the second attempt follows at once and the series of waits begins before the third.
    /// `true` unless set: much of what passes has passed already.
    #[must_use]
    pub fn with_second_at_once(mut self, at_once: bool) -> Self {
        self.at_once = at_once;
        self
    }

    /// Full jitter (Brooker 2015, "Exponential Backoff And Jitter"): each wait is drawn evenly
    /// from zero to the one of the series, so that clients which failed together do not come back
    /// together. The same seed draws the same waits; give each call one of its own, here or by
    /// [`RetryCall::seeded`].
    ///
    /// `backon`'s own jitter adds to the wait instead of drawing all of it, so it is not used.
    #[must_use]
    pub fn with_jitter(mut self, seed: u64) -> Self {
        self.jitter = Some(seed);
        self
    }

    /// No drawn wait is shorter than this; zero unless set. It does not delay a second attempt that
    /// follows at once, and lengthens no wait of the series.
    #[must_use]
    pub fn with_floor(mut self, floor: Duration) -> Self {
        self.floor = floor;
        self
    }

    /// No wait is begun that would end later than this after the call's beginning. Unbounded unless
    /// set. An attempt that is under way is not cut short.
    #[must_use]
    pub fn with_time(mut self, time: Duration) -> Self {
        self.time = Some(time);
        self
    }

    /// Shares a bound on retries with other calls. None unless set.
    #[must_use]
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// How many attempts are made at most.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.get()
    }

    /// The waits before the second attempt, the third, and so on to the last.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        self.call().waits()
    }

    /// One call by this policy, to which more can be added.
    #[must_use]
    pub fn call(&self) -> RetryCall<'_> {
        RetryCall {
            policy: self,
            cancel: None,
            deadline: None,
            seed: self.jitter,
        }
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        const FIVE: NonZeroU32 = NonZeroU32::new(5).expect("5 is not 0");
        Self::new(FIVE)
    }
}

/// What holds for one call to [`retry`](crate::retry), beside its policy.
#[derive(Debug, Clone)]
pub struct RetryCall<'a> {
    pub(super) policy: &'a RetryPolicy,
    cancel: Option<&'a CancellationToken>,
    pub(super) deadline: Option<Instant>,
    seed: Option<u64>,
}

impl<'a> RetryCall<'a> {
    /// A cancellation ends the wait for the next attempt at once.
    #[must_use]
    pub fn cancelled_by(mut self, token: &'a CancellationToken) -> Self {
        self.cancel = Some(token);
        self
    }

    /// No wait is begun that would end after this.
    #[must_use]
    pub fn before(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Full jitter, as by [`RetryPolicy::with_jitter`], with this call's own seed.
    #[must_use]
    pub fn seeded(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    pub(super) fn cancellation(&self) -> Option<&'a CancellationToken> {
        self.cancel
    }

    /// The waits before the second attempt, the third, and so on to the last.
    pub fn waits(&self) -> impl Iterator<Item = Duration> + use<> {
        self.series()
    }

    pub(super) fn series(&self) -> Waits {
        let policy = self.policy;
        Waits::new(
            policy.attempts,
            policy.at_once,
            policy.delays,
            self.seed,
            policy.floor,
        )
    }
}

impl<'a> From<&'a RetryPolicy> for RetryCall<'a> {
    fn from(policy: &'a RetryPolicy) -> Self {
        policy.call()
    }
}
