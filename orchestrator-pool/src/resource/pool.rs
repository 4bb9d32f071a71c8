//! The pool.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use deadpool::managed::{HookError, Pool, PoolError, QueueMode, Timeouts};

use super::{
    clock::{Clock, CoarseClock},
    eviction::Eviction,
    health::HealthChecks,
    ledger::Ledger,
    slot::Adapter,
};
use crate::{CheckoutError, Lease, Manager, PoolConfig, PoolStats};

/// Lends resources, a bounded number of them, and uses them again.
///
/// Cloning gives another handle to the same pool. When the last handle is dropped, the idle
/// resources are destroyed, and those that are lent when they come back.
///
/// The resource that came back last is lent first, so under light load the others become idle
/// for long enough to be destroyed.
#[doc = include_str!("../docs/resources.md")]
pub struct ResourcePool<M: Manager> {
    queue: Pool<Adapter<M>>,
    ledger: Arc<Ledger>,
    eviction: Arc<Eviction>,
    config: PoolConfig,
}

impl<M: Manager> ResourcePool<M> {
    /// An empty pool. Resources are made when they are asked for.
    pub fn new(manager: M, config: PoolConfig) -> Self {
        Self::with_clock(manager, config, CoarseClock)
    }

    /// The same, with another clock for [`PoolConfig::idle_timeout`]: a test has one that it can
    /// set.
    pub fn with_clock(manager: M, config: PoolConfig, clock: impl Clock) -> Self {
        let max_size = config.max_size.get();
        let ledger = Arc::new(Ledger::new(max_size, clock));
        let eviction = Arc::new(Eviction::default());
        let adapter = Adapter {
            manager,
            ledger: Arc::clone(&ledger),
            eviction: Arc::clone(&eviction),
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
            eviction,
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
        let object = self.queue.get().await.map_err(checkout_error)?;
        if self.eviction.take_due() {
            self.evict_idle();
        }
        // The last use that it may have: it will not lie idle first, only to be refused.
        let worn_out = object.is_worn_out(&self.config);
        let lease = Lease::new(object, worn_out);
        if self.is_closed() {
            // Closed while the resource was being made.
            return Err(CheckoutError::Closed);
        }
        Ok(lease)
    }

    /// Destroys the resources that have been idle for longer than
    /// [`PoolConfig::idle_timeout`] and returns how many there were.
    ///
    /// A checkout that finds an idle resource does this when there may be some. An owner whose
    /// pool may fall silent, and who wants its memory and processes back, has it done by
    /// [`keep_healthy`](Self::keep_healthy).
    pub fn evict_idle(&self) -> usize {
        let now = self.ledger.now();
        // What comes back from now on is not stale before this.
        let mut next = now.checked_add(self.config.idle_timeout);
        let stale = self.queue.retain(|slot, _| {
            let stays = !slot.is_stale(now, &self.config);
            if stays {
                next = next.min(slot.stale_at(&self.config));
            }
            stays
        });
        self.eviction.set_next(next);
        // They are dropped here, outside the queue's lock.
        stale.removed.len()
    }

    /// Cleans every resource that is idle, as if it were to be lent, and so destroys those that
    /// do not work any more; those that were idle for too long go first. Returns how many were
    /// destroyed.
    ///
    /// It does not count as a use. While it runs, what it has in hand is lent to nobody.
    pub async fn check_idle(&self) -> usize {
        let before = self.stats().destroyed;
        self.evict_idle();
        // Neither waits for what is lent nor makes anything: without a runtime of its own the
        // queue refuses whatever has a time limit, which is what is wanted here.
        let at_once = Timeouts {
            wait: Some(Duration::ZERO),
            create: Some(Duration::ZERO),
            ..Timeouts::default()
        };
        let mut in_hand = Vec::new();
        // All are held to the end, for the one that comes back last would be the next one again.
        for _ in 0..self.stats().idle {
            let Ok(mut object) = self.queue.timeout_get(&at_once).await else {
                break;
            };
            object.was_only_looked_at();
            in_hand.push(object);
        }
        drop(in_hand);
        usize::try_from(self.stats().destroyed - before).unwrap_or(usize::MAX)
    }

    /// Runs [`check_idle`](Self::check_idle) every [`PoolConfig::health_check`], in a task of
    /// the current tokio runtime, until the guard is dropped or the pool is closed or gone.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and where the interval is zero.
    pub fn keep_healthy(&self) -> HealthChecks {
        let (queue, ledger) = (self.queue.weak(), Arc::downgrade(&self.ledger));
        let (eviction, config) = (Arc::clone(&self.eviction), self.config);
        HealthChecks::spawn(config.health_check, move || {
            let pool = Self {
                queue: queue.upgrade()?,
                ledger: ledger.upgrade()?,
                eviction: Arc::clone(&eviction),
                config,
            };
            let goes_on = !pool.is_closed();
            goes_on.then_some(async move {
                pool.check_idle().await;
            })
        })
    }

    /// Closes the pool: waiting checkouts and later ones get [`CheckoutError::Closed`], idle
    /// resources are destroyed now, and lent ones when they come back.
    pub fn close(&self) {
        // 1. Nothing is made or recycled any more, even for a checkout that has left the line.
        self.ledger.close();
        // 2. Idle resources go. deadpool would do this in step 3, but under its lock, where a
        //    slow `Drop` would block everyone.
        self.destroy_idle();
        // 3. The line breaks up. What comes back from here on is destroyed.
        self.queue.close();
        // 4. And what came back between steps 2 and 3, for someone in line who never took it.
        self.destroy_idle();
    }

    fn destroy_idle(&self) {
        drop(self.queue.retain(|_, _| false));
    }

    /// Closes the pool, and waits until every resource is destroyed: those that are lent when
    /// they come back.
    ///
    /// Cancel safe: the pool is closed all the same.
    pub async fn drain(&self) {
        self.close();
        self.ledger.all_gone().await;
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

fn checkout_error<E: Error + Send + 'static>(
    error: PoolError<CheckoutError<E>>,
) -> CheckoutError<E> {
    match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => error,
        PoolError::Closed => CheckoutError::Closed,
        PoolError::Timeout(_)
        | PoolError::NoRuntimeSpecified
        | PoolError::PostCreateHook(HookError::Message(_)) => {
            unreachable!("the queue was built without timeouts and hooks")
        }
    }
}

impl<M: Manager> Clone for ResourcePool<M> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            ledger: Arc::clone(&self.ledger),
            eviction: Arc::clone(&self.eviction),
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
