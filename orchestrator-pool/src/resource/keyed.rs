//! A pool for each of many keys.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    hash::Hash,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{CheckoutError, Lease, Manager, PoolConfig, PoolStats, ResourcePool};

/// Pools of the same kind of resource, one for each key: a role, a server, a language.
///
/// What is idle under one key is never lent under another, and each key has its own bound and
/// its own line. A key's pool is made with its first checkout, and stays.
pub struct ResourcePools<K, M: Manager> {
    make: Box<Make<K, M>>,
    inner: Mutex<Inner<K, M>>,
}

type Make<K, M> = dyn Fn(&K) -> (M, PoolConfig) + Send + Sync;

struct Inner<K, M: Manager> {
    pools: HashMap<K, ResourcePool<M>>,
    is_closed: bool,
}

impl<K: Eq + Hash + Clone, M: Manager> ResourcePools<K, M> {
    /// No pools. `make` gives the manager of a key, and the limits of its pool.
    pub fn new(make: impl Fn(&K) -> (M, PoolConfig) + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            inner: Mutex::new(Inner {
                pools: HashMap::new(),
                is_closed: false,
            }),
        }
    }

    /// A resource of this key; see [`ResourcePool::checkout`].
    ///
    /// # Errors
    ///
    /// As for [`ResourcePool::checkout`].
    pub async fn checkout(&self, key: &K) -> Result<Lease<M>, CheckoutError<M::Error>> {
        let pool = self.pool(key).ok_or(CheckoutError::Closed)?;
        pool.checkout().await
    }

    /// The pool of this key, which is made if there is none; `None` once closed.
    pub fn pool(&self, key: &K) -> Option<ResourcePool<M>> {
        if let Some(pool) = self.lock().pools.get(key) {
            return Some(pool.clone());
        }
        // The caller's code, and so outside the lock.
        let (manager, config) = (self.make)(key);
        let pool = ResourcePool::new(manager, config);
        let mut inner = self.lock();
        if inner.is_closed {
            return None;
        }
        Some(inner.pools.entry(key.clone()).or_insert(pool).clone())
    }

    /// What the pool of each key has done so far, in no order.
    pub fn stats(&self) -> Vec<(K, PoolStats)> {
        let inner = self.lock();
        let pools = inner.pools.iter();
        pools
            .map(|(key, pool)| (key.clone(), pool.stats()))
            .collect()
    }

    /// Destroys what was idle for too long, of every key; see [`ResourcePool::evict_idle`].
    pub fn evict_idle(&self) -> usize {
        self.all().iter().map(ResourcePool::evict_idle).sum()
    }

    /// Checks what is idle, of every key; see [`ResourcePool::check_idle`].
    pub async fn check_idle(&self) -> usize {
        let mut destroyed = 0;
        for pool in self.all() {
            destroyed += pool.check_idle().await;
        }
        destroyed
    }

    /// Closes every pool; see [`ResourcePool::close`]. There are no more keys after this.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.all().iter().for_each(ResourcePool::close);
    }

    /// Closes every pool, and waits until every resource is destroyed.
    pub async fn drain(&self) {
        self.close();
        for pool in self.all() {
            pool.drain().await;
        }
    }

    fn all(&self) -> Vec<ResourcePool<M>> {
        self.lock().pools.values().cloned().collect()
    }
}

impl<K, M: Manager> ResourcePools<K, M> {
    fn lock(&self) -> MutexGuard<'_, Inner<K, M>> {
        // Nothing under the lock leaves the map half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: fmt::Debug, M: Manager> fmt::Debug for ResourcePools<K, M>
where
    M::Error: Error,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.lock().pools).finish()
    }
}
