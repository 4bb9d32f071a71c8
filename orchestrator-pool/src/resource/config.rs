//! How large a pool is and how long its resources last.

use std::{num::NonZeroUsize, time::Duration};

/// The limits of a [`ResourcePool`](crate::ResourcePool).
///
/// ```
/// use std::{num::NonZeroUsize, time::Duration};
/// use orchestrator_pool::PoolConfig;
///
/// let config = PoolConfig::default()
///     .with_max_size(NonZeroUsize::MIN)
///     .with_max_reuse(3)
///     .with_idle_timeout(Duration::from_secs(60));
/// # assert_eq!(config.max_reuse, 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolConfig {
    /// How many resources may be alive at a time, lent and idle together. The pool reserves the
    /// places for them when it is made. Default: 5.
    pub max_size: NonZeroUsize,
    /// How often a resource is lent again after its first use; 0 makes a new one for every
    /// checkout. Default: 10.
    pub max_reuse: u32,
    /// How long a resource may lie idle before it is no longer lent. Default: 5 minutes.
    ///
    /// See [`ResourcePool::evict_idle`](crate::ResourcePool::evict_idle).
    pub idle_timeout: Duration,
    /// How often the idle resources are checked by
    /// [`ResourcePool::keep_healthy`](crate::ResourcePool::keep_healthy). Default: 1 minute.
    pub health_check: Duration,
}

impl PoolConfig {
    /// Sets [`max_size`](Self::max_size).
    #[must_use]
    pub fn with_max_size(mut self, max_size: NonZeroUsize) -> Self {
        self.max_size = max_size;
        self
    }

    /// Sets [`max_reuse`](Self::max_reuse).
    #[must_use]
    pub fn with_max_reuse(mut self, max_reuse: u32) -> Self {
        self.max_reuse = max_reuse;
        self
    }

    /// Sets [`idle_timeout`](Self::idle_timeout).
    #[must_use]
    pub fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Sets [`health_check`](Self::health_check).
    #[must_use]
    pub fn with_health_check(mut self, health_check: Duration) -> Self {
        self.health_check = health_check;
        self
    }
}

impl Default for PoolConfig {
    fn default() -> Self {
        const FIVE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4);
        Self {
            max_size: FIVE,
            max_reuse: 10,
            idle_timeout: Duration::from_secs(5 * 60),
            health_check: Duration::from_secs(60),
        }
    }
}
