//! The pool.

use std::{fmt, sync::Arc};

use deadpool::managed::{HookError, Pool, PoolError, QueueMode};

use super::{ledger::Ledger, slot::Adapter};
use crate::{CheckoutError, Lease, Manager, PoolConfig, PoolStats};

/// Lends resources, a bounded number of them, and uses them again.
///
/// Cloning gives another handle to the same pool. When the last handle is dropped, the idle
/// resources are destroyed, and those that are lent when they come back.
///
/// The resource that came back last is lent first, so under light load the others become idle
/// for long enough to be destroyed.
pub struct ResourcePool<M: Manager> {
    queue: Pool<Adapter<M>>,
    ledger: Arc<Ledger>,
    config: PoolConfig,
}

impl<M: Manager> ResourcePool<M> {
    /// An empty pool. Resources are made when they are asked for.
    pub fn new(manager: M, config: PoolConfig) -> Self {
        let max_size = config.max_size.get();
        let ledger = Arc::new(Ledger::new(max_size));
        let adapter = Adapter {
            manager,
            ledger: Arc::clone(&ledger),
            config,
        };
        let mut builder = Pool::builder(adapter);
        builder = builder.max_size(max_size).queue_mode(QueueMode::Lifo);
        let queue = builder.build().unwrap_or_else(|error| {
            unreachable!("only timeouts can make a builder fail, and none is set: {error}")
        });
        Self {
            queue,
            ledger,
            config,
        }
    }

    /// A resource, clean and for the caller alone.
    ///
    /// An idle one is cleaned and lent; without one, a new one is made; when all are lent, the
    /// caller waits in line, first come first served. Resources that have been idle for too long
    /// are destroyed on the way.
    ///
    /// Cancel safe: dropping the future gives up the place in line. A resource that was being
    /// cleaned for it is destroyed, since nobody knows how far the cleaning went.
    ///
    /// # Errors
    ///
    /// [`CheckoutError::Create`] when a new resource was needed and could not be made, and
    /// [`CheckoutError::Closed`] when the pool is closed.
    pub async fn checkout(&self) -> Result<Lease<M>, CheckoutError<M::Error>> {
        self.evict_idle();
        let object = self.queue.get().await.map_err(|error| match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                error
            }
            PoolError::Closed => CheckoutError::Closed,
            PoolError::Timeout(_)
            | PoolError::NoRuntimeSpecified
            | PoolError::PostCreateHook(HookError::Message(_)) => {
                unreachable!("the queue was built without timeouts and hooks")
            }
        })?;
        // The last use that it may have: it will not lie idle first, only to be refused.
        let worn_out = object.is_worn_out(&self.config);
        let pooled = Lease::new(object, Arc::clone(&self.ledger), worn_out);
        if self.is_closed() {
            // Closed while the resource was being made.
            return Err(CheckoutError::Closed);
        }
        Ok(pooled)
    }

    /// Destroys the resources that have been idle for longer than
    /// [`PoolConfig::idle_timeout`] and returns how many there were.
    ///
    /// Every checkout does this first. The pool has no task in the background, so an owner whose
    /// pool may fall silent and who wants its memory and processes back calls this on a timer.
    pub fn evict_idle(&self) -> usize {
        let stale = self.queue.retain(|slot, _| !slot.is_stale(&self.config));
        // They are dropped here, outside the queue's lock.
        stale.removed.len()
    }

    /// Closes the pool: waiting checkouts and later ones get [`CheckoutError::Closed`], idle
    /// resources are destroyed now, and lent ones when they come back.
    pub fn close(&self) {
        // 1. Nothing is made or recycled any more, even for a checkout that has left the line.
        self.ledger.close();
        // 2. Idle resources go. deadpool would do this in step 3, but under its lock, where a
        //    slow `Drop` would block everyone.
        self.drain();
        // 3. The line breaks up. What comes back from here on is destroyed.
        self.queue.close();
        // 4. And what came back between steps 2 and 3, for someone in line who never took it.
        self.drain();
    }

    fn drain(&self) {
        drop(self.queue.retain(|_, _| false));
    }

    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        self.ledger.is_closed()
    }

    /// What the pool has done so far and what it holds now.
    pub fn stats(&self) -> PoolStats {
        self.ledger.stats()
    }
}

impl<M: Manager> Clone for ResourcePool<M> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            ledger: Arc::clone(&self.ledger),
            config: self.config,
        }
    }
}

impl<M: Manager> fmt::Debug for ResourcePool<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourcePool")
            .field("config", &self.config)
            .field("stats", &self.stats())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
