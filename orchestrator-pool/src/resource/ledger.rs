//! Counting what is alive, and holding the number down.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed},
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What a pool has done so far and what it holds now.
///
/// The numbers are of about one moment; they are exact when nobody uses the pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Resources made.
    pub created: u64,
    /// How often a used resource was found clean and lent again.
    pub recycled: u64,
    /// How often the manager refused a used resource. If this grows as fast as `created`, the
    /// pool saves nothing.
    pub rejected: u64,
    /// Resources whose `Drop` has returned.
    pub destroyed: u64,
    /// Resources alive that nobody holds: waiting, being cleaned, or about to be destroyed.
    pub idle: u64,
    /// Resources lent out.
    pub in_use: u64,
}

/// The counts of a pool, and the permits of its living resources.
pub(crate) struct Ledger {
    /// One permit for each resource alive. The queue of checkouts bounds the resources too, but
    /// lets go of a place when a resource is *about* to be destroyed. A checkout or process that
    /// is still being torn down has not freed what it holds.
    alive: Arc<Semaphore>,
    /// Told when a resource has been destroyed.
    gone: Notify,
    created: AtomicU64,
    recycled: AtomicU64,
    rejected: AtomicU64,
    destroyed: AtomicU64,
    in_use: AtomicU64,
}

impl Ledger {
    pub(crate) fn new(max_size: usize) -> Self {
        Self {
            alive: Arc::new(Semaphore::new(max_size)),
            gone: Notify::new(),
            created: AtomicU64::new(0),
            recycled: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            destroyed: AtomicU64::new(0),
            in_use: AtomicU64::new(0),
        }
    }

    pub(crate) fn close(&self) {
        self.alive.close();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.alive.is_closed()
    }

    /// A permit for one more living resource, or `None` once closed.
    ///
    /// It waits only for a `Drop` that is under way: the queue lets a checkout get here only
    /// when less than `max_size` others are lent, idle or being made.
    pub(crate) async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.alive).acquire_owned().await.ok()
    }

    pub(crate) fn created(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Life {
        self.created.fetch_add(1, AcqRel);
        Life {
            ledger: Arc::clone(self),
            _permit: permit,
        }
    }

    pub(crate) fn recycled(&self) {
        self.recycled.fetch_add(1, Relaxed);
    }

    pub(crate) fn rejected(&self) {
        self.rejected.fetch_add(1, Relaxed);
    }

    pub(crate) fn lent(&self) {
        self.in_use.fetch_add(1, Relaxed);
    }

    pub(crate) fn returned(&self) {
        self.in_use.fetch_sub(1, Relaxed);
    }

    /// Waits until every resource that was made is destroyed.
    pub(crate) async fn all_gone(&self) {
        loop {
            let gone = self.gone.notified();
            // Looked at after the wait has begun, so that no destruction in between is missed.
            if self.destroyed.load(Acquire) == self.created.load(Acquire) {
                return;
            }
            gone.await;
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        // What ends is read before what begins, so that nothing has ended that has not begun.
        let destroyed = self.destroyed.load(Acquire);
        let in_use = self.in_use.load(Acquire);
        let created = self.created.load(Acquire);
        PoolStats {
            created,
            recycled: self.recycled.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            destroyed,
            idle: created.saturating_sub(destroyed + in_use),
            in_use,
        }
    }
}

/// One resource alive. Dropped after the resource itself, it makes room for the next.
// Not `Clone`: a life ends once.
pub(crate) struct Life {
    ledger: Arc<Ledger>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Life {
    fn drop(&mut self) {
        // The permit goes after this, so whoever gets it finds the count already right.
        self.ledger.destroyed.fetch_add(1, AcqRel);
        self.ledger.gone.notify_waiters();
    }
}
