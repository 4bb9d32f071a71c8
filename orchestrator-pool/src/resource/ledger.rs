//! Counting what is alive, and holding the number down.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a pool has done so far and what it holds now. All numbers are of one moment.
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
    counts: Mutex<PoolStats>,
}

impl Ledger {
    pub(crate) fn new(max_size: usize) -> Self {
        Self {
            alive: Arc::new(Semaphore::new(max_size)),
            counts: Mutex::default(),
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
        self.counts().created += 1;
        Life {
            ledger: Arc::clone(self),
            _permit: permit,
        }
    }

    pub(crate) fn recycled(&self) {
        self.counts().recycled += 1;
    }

    pub(crate) fn rejected(&self) {
        self.counts().rejected += 1;
    }

    pub(crate) fn lent(&self) {
        self.counts().in_use += 1;
    }

    pub(crate) fn returned(&self) {
        self.counts().in_use -= 1;
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let counts = *self.counts();
        PoolStats {
            idle: counts.created - counts.destroyed - counts.in_use,
            ..counts
        }
    }

    fn counts(&self) -> MutexGuard<'_, PoolStats> {
        // Only additions happen under the lock, so poison means nothing here.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.ledger.counts().destroyed += 1;
    }
}
