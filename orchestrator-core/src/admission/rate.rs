//! Requests and tokens per minute, and waiting when the other side says so.

mod bucket;

use std::{
    fmt,
    num::NonZeroU32,
    time::{Duration, Instant},
};

use self::bucket::{Bucket, Taken};
use super::later::later;

/// How many requests and how many tokens a minute. Both are unlimited by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateConfig {
    requests: Option<Quota>,
    tokens: Option<Quota>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Quota {
    per_minute: NonZeroU32,
    burst: NonZeroU32,
}

impl Quota {
    fn new(per_minute: NonZeroU32) -> Self {
        Self {
            per_minute,
            burst: per_minute,
        }
    }
}

impl RateConfig {
    /// So many requests a minute, evenly, and as many at once after a minute of rest.
    #[must_use]
    pub fn with_requests_per_minute(mut self, requests: NonZeroU32) -> Self {
        self.requests = Some(Quota::new(requests));
        self
    }

    /// So many tokens a minute, evenly, and as many at once after a minute of rest.
    #[must_use]
    pub fn with_tokens_per_minute(mut self, tokens: NonZeroU32) -> Self {
        self.tokens = Some(Quota::new(tokens));
        self
    }

    /// How many requests may come at once, where they are limited.
    #[must_use]
    pub fn with_request_burst(mut self, requests: NonZeroU32) -> Self {
        if let Some(quota) = &mut self.requests {
            quota.burst = requests;
        }
        self
    }

    /// How many tokens may come at once, where they are limited. No estimate may be greater.
    #[must_use]
    pub fn with_token_burst(mut self, tokens: NonZeroU32) -> Self {
        if let Some(quota) = &mut self.tokens {
            quota.burst = tokens;
        }
        self
    }
}

/// A rate limiter without a lock or a clock: every call is handed the instant. An
/// [`AdmissionController`](crate::AdmissionController) has one for each model, so that a `Retry-After` that
/// one caller was told is kept by all.
///
/// ```
/// use std::{num::NonZeroU32, time::{Duration, Instant}};
/// use orchestrator_core::{RateConfig, RateLimiter, RateRefusal};
///
/// let thousand = NonZeroU32::new(1000).ok_or("not zero")?;
/// let now = Instant::now();
/// let mut limiter = RateLimiter::new(&RateConfig::default().with_tokens_per_minute(thousand), now);
/// let estimate = limiter.reserve(now, 900)?;
/// let refused = limiter.reserve(now, 400);
/// assert!(matches!(refused, Err(RateRefusal::NotYet { at, .. })
///     if at == now + Duration::from_secs(18)));
/// // It was less in the end: 100 + 700 are there.
/// limiter.settle(now, estimate, 200);
/// let _next = limiter.reserve(now, 800)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An estimate of the tokens is reserved before a call, and corrected after it. What was used
/// beyond the estimate is paid by those who come next. What was not used is given back, as far as
/// it has not flowed back by itself since: otherwise it would count twice.
#[derive(Debug, Clone)]
pub struct RateLimiter {
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    paused_until: Option<Instant>,
}

/// Which limit it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RateLimit {
    /// Requests per minute.
    Requests,
    /// Tokens per minute.
    Tokens,
    /// The other side said how long to wait.
    RetryAfter,
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requests => "requests per minute",
            Self::Tokens => "tokens per minute",
            Self::RetryAfter => "the service's Retry-After",
        })
    }
}

/// A call may not go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateRefusal {
    /// Later.
    #[error("held back by {limit}: wait until it is due")]
    NotYet {
        /// What holds it back longest.
        limit: RateLimit,
        /// When it may go, if nobody goes before.
        at: Instant,
    },

    /// Never.
    #[error("{tokens} tokens are more than the {burst} that may come at once: send less")]
    TooMany {
        /// The estimate.
        tokens: u32,
        /// The greatest that is possible.
        burst: u32,
    },
}

/// What a call has reserved.
//
// Not `Clone`: it is corrected once.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use = "an estimate that is not corrected counts as used"]
pub struct Reservation {
    request: Option<Taken>,
    tokens: Option<Taken>,
}

impl RateLimiter {
    /// A limiter that has rested for long. `now` is the earliest instant it is asked about.
    #[must_use]
    pub fn new(config: &RateConfig, now: Instant) -> Self {
        let bucket = |quota: &Quota| Bucket::new(quota.per_minute, quota.burst, now);
        Self {
            requests: config.requests.as_ref().map(bucket),
            tokens: config.tokens.as_ref().map(bucket),
            paused_until: None,
        }
    }

    /// Whether a call with so many tokens may go now, without letting it.
    ///
    /// # Errors
    ///
    /// [`RateRefusal`], with the limit that holds it back longest.
    pub fn check(&self, now: Instant, tokens: u32) -> Result<(), RateRefusal> {
        if let Some(burst) = self.too_small_for(tokens) {
            return Err(RateRefusal::TooMany { tokens, burst });
        }
        match self.not_yet(now, tokens) {
            Some((limit, at)) => Err(RateRefusal::NotYet { limit, at }),
            None => Ok(()),
        }
    }

    /// How many tokens may come at once, if that is less than these.
    pub(super) fn too_small_for(&self, tokens: u32) -> Option<u32> {
        let burst = self.tokens.as_ref()?.burst();
        (tokens > burst).then_some(burst)
    }

    /// What holds a call back longest, and until when. It must not be of too many tokens.
    pub(super) fn not_yet(&self, now: Instant, tokens: u32) -> Option<(RateLimit, Instant)> {
        let paused = self
            .paused_until
            .map(|until| until.saturating_duration_since(now));
        let requests = self.requests.as_ref().map(|bucket| bucket.wait(now, 1));
        let of_tokens = self.tokens.as_ref().map(|bucket| bucket.wait(now, tokens));
        let waits = [
            (RateLimit::Requests, requests),
            (RateLimit::Tokens, of_tokens),
            (RateLimit::RetryAfter, paused),
        ];
        let longest = waits
            .into_iter()
            .filter_map(|(limit, wait)| Some((limit, wait?)))
            .max_by_key(|(_, wait)| *wait);
        let (limit, wait) = longest?;
        (!wait.is_zero()).then(|| (limit, now + wait))
    }

    /// Reserves one request and an estimate of tokens.
    ///
    /// # Errors
    ///
    /// [`RateRefusal`], and then nothing is reserved.
    pub fn reserve(&mut self, now: Instant, tokens: u32) -> Result<Reservation, RateRefusal> {
        self.check(now, tokens)?;
        Ok(self.take(now, tokens))
    }

    /// Reserves without a check: the caller has made it.
    pub(super) fn take(&mut self, now: Instant, tokens: u32) -> Reservation {
        Reservation {
            request: self.requests.as_mut().map(|bucket| bucket.take(now, 1)),
            tokens: self.tokens.as_mut().map(|bucket| bucket.take(now, tokens)),
        }
    }

    /// The call is over and has used so many tokens.
    pub fn settle(&mut self, now: Instant, reservation: Reservation, used: u32) {
        if let (Some(bucket), Some(taken)) = (&mut self.tokens, &reservation.tokens) {
            bucket.correct(now, taken, used);
        }
    }

    /// The call was not made after all.
    pub fn cancel(&mut self, now: Instant, reservation: Reservation) {
        if let (Some(bucket), Some(taken)) = (&mut self.requests, &reservation.request) {
            bucket.correct(now, taken, 0);
        }
        self.settle(now, reservation, 0);
    }

    /// The other side said how long to wait (`Retry-After`): nobody goes before that. Of two
    /// waits the one that ends later counts.
    pub fn retry_after(&mut self, now: Instant, wait: Duration) {
        self.paused_until = self.paused_until.max(Some(later(now, wait)));
    }
}

#[cfg(all(test, not(feature = "shuttle")))]
mod tests;
