//! Limiters by key, shared between tasks.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};

use super::{RateConfig, RateLimiter, RateRefusal, Reservation};
use crate::sync::Mutex;

/// A [`RateLimiter`] for each key, made when the key is first seen. Clones share them, so that a
/// `Retry-After` that one caller was told is kept by all.
///
/// ```
/// use std::{num::NonZeroU32, time::{Duration, Instant}};
/// use orchestrator_core::{RateConfig, RateLimiters, RateRefusal};
///
/// let thousand = NonZeroU32::new(1000).ok_or("not zero")?;
/// let limiters = RateLimiters::new(RateConfig::default().with_tokens_per_minute(thousand));
/// let now = Instant::now();
/// let estimate = limiters.reserve(&"model", now, 900)?;
/// let refused = limiters.reserve(&"model", now, 400);
/// assert!(matches!(refused, Err(RateRefusal::NotYet { at, .. })
///     if at == now + Duration::from_secs(18)));
/// // It was less in the end: 100 + 700 are there.
/// limiters.settle(&"model", now, estimate, 200);
/// let _next = limiters.reserve(&"model", now, 800)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct RateLimiters<K> {
    shared: Arc<Shared<K>>,
}

#[derive(Debug)]
struct Shared<K> {
    config: RateConfig,
    limiters: Mutex<HashMap<K, RateLimiter>>,
}

impl<K> Clone for RateLimiters<K> {
    fn clone(&self) -> Self {
        let shared = Arc::clone(&self.shared);
        Self { shared }
    }
}

impl<K: Hash + Eq + Clone> RateLimiters<K> {
    /// Limiters that all follow one configuration.
    #[must_use]
    pub fn new(config: RateConfig) -> Self {
        let limiters = Mutex::default();
        let shared = Arc::new(Shared { config, limiters });
        Self { shared }
    }

    /// Reserves one request and an estimate of tokens.
    ///
    /// # Errors
    ///
    /// [`RateRefusal`], which says when it is possible; nothing is reserved then.
    pub fn reserve(&self, key: &K, now: Instant, tokens: u32) -> Result<Reservation, RateRefusal> {
        self.with(key, now, |limiter| limiter.reserve(now, tokens))
    }

    /// The call is over and has used so many tokens.
    pub fn settle(&self, key: &K, now: Instant, reservation: Reservation, used: u32) {
        self.with(key, now, |limiter| limiter.settle(now, reservation, used));
    }

    /// The call was not made after all.
    pub fn cancel(&self, key: &K, now: Instant, reservation: Reservation) {
        self.with(key, now, |limiter| limiter.cancel(now, reservation));
    }

    /// The other side said how long to wait: all who use the key do.
    pub fn retry_after(&self, key: &K, now: Instant, wait: Duration) {
        self.with(key, now, |limiter| limiter.retry_after(now, wait));
    }

    fn with<R>(&self, key: &K, now: Instant, act: impl FnOnce(&mut RateLimiter) -> R) -> R {
        let mut limiters = self
            .shared
            .limiters
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match limiters.get_mut(key) {
            Some(limiter) => act(limiter),
            None => {
                let fresh = RateLimiter::new(&self.shared.config, now);
                act(limiters.entry(key.clone()).or_insert(fresh))
            }
        }
    }
}
