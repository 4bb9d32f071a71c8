//! Breakers by key, shared between tasks.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, PoisonError},
    time::Instant,
};

use super::{BreakerConfig, BreakerPass, BreakerRefusal, BreakerState, CircuitBreaker};
use crate::sync::Mutex;

/// A [`CircuitBreaker`] for each key, made when the key is first seen. Clones share them.
///
/// ```
/// use std::time::{Duration, Instant};
/// use orchestrator_core::{BreakerConfig, CircuitBreakers};
///
/// let breakers = CircuitBreakers::new(BreakerConfig::default());
/// let now = Instant::now();
/// for _ in 0..5 {
///     breakers.admit(&"model", now)?.failed(now);
/// }
/// assert!(breakers.admit(&"model", now).is_err());
/// assert!(breakers.admit(&"another", now).is_ok());
///
/// let later = now + Duration::from_secs(30);
/// let probe = breakers.admit(&"model", later)?;
/// assert!(breakers.admit(&"model", later).is_err(), "one probe at a time");
/// drop(probe); // Neither a success nor a failure; the next may try.
/// for _ in 0..2 {
///     breakers.admit(&"model", later)?.succeeded();
/// }
/// # Ok::<(), orchestrator_core::BreakerRefusal>(())
/// ```
#[derive(Debug)]
pub struct CircuitBreakers<K> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for CircuitBreakers<K> {
    fn clone(&self) -> Self {
        let shared = Arc::clone(&self.shared);
        Self { shared }
    }
}

#[derive(Debug)]
struct Shared<K> {
    config: BreakerConfig,
    breakers: Mutex<HashMap<K, CircuitBreaker>>,
}

impl<K: Hash + Eq + Clone> CircuitBreakers<K> {
    /// Breakers that all follow one configuration, all closed.
    #[must_use]
    pub fn new(config: BreakerConfig) -> Self {
        let breakers = Mutex::default();
        let shared = Arc::new(Shared { config, breakers });
        Self { shared }
    }

    /// Lets a call through, or not.
    ///
    /// # Errors
    ///
    /// [`BreakerRefusal`] while the key's breaker is open, or half-open with a probe under way.
    pub fn admit(&self, key: &K, now: Instant) -> Result<BreakerGuard<K>, BreakerRefusal> {
        let pass = self.shared.with(key, |breaker| breaker.admit(now))?;
        Ok(BreakerGuard {
            shared: Arc::clone(&self.shared),
            key: key.clone(),
            pass: Some(pass),
        })
    }

    /// How the key's breaker stands.
    #[must_use]
    pub fn state(&self, key: &K, now: Instant) -> BreakerState {
        self.shared.with(key, |breaker| breaker.state(now))
    }
}

impl<K: Hash + Eq + Clone> Shared<K> {
    fn with<R>(&self, key: &K, act: impl FnOnce(&mut CircuitBreaker) -> R) -> R {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        match breakers.get_mut(key) {
            Some(breaker) => act(breaker),
            None => {
                let fresh = CircuitBreaker::new(self.config.clone());
                act(breakers.entry(key.clone()).or_insert(fresh))
            }
        }
    }
}

/// A call that was let through. Dropped without an outcome it counts as neither, and a probe makes
/// room for another.
//
// Not `Clone`: a call has one outcome.
#[derive(Debug)]
#[must_use = "say how the call went"]
pub struct BreakerGuard<K: Hash + Eq + Clone> {
    shared: Arc<Shared<K>>,
    key: K,
    pass: Option<BreakerPass>,
}

impl<K: Hash + Eq + Clone> BreakerGuard<K> {
    /// The call went well.
    pub fn succeeded(mut self) {
        self.settle(|breaker, pass| breaker.succeeded(pass));
    }

    /// The call failed, and through the fault of what the breaker guards.
    pub fn failed(mut self, now: Instant) {
        self.settle(|breaker, pass| breaker.failed(now, pass));
    }

    /// Whether the call is the probe of a half-open breaker.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.pass.as_ref().is_some_and(BreakerPass::is_probe)
    }

    fn settle(&mut self, tell: impl FnOnce(&mut CircuitBreaker, BreakerPass)) {
        if let Some(pass) = self.pass.take() {
            self.shared.with(&self.key, |breaker| tell(breaker, pass));
        }
    }
}

impl<K: Hash + Eq + Clone> Drop for BreakerGuard<K> {
    fn drop(&mut self) {
        self.settle(CircuitBreaker::abandoned);
    }
}
