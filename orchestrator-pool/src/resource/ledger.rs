//! Counting what is alive, and holding the number down.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::clock::Clock;

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
    rejected: AtomicU64,
    lives: Mutex<Lives>,
    clock: Box<dyn Clock>,
}

/// All resources that there have been.
#[derive(Default)]
struct Lives {
    created: u64,
    /// By those that are destroyed.
    recycled: u64,
    alive: Vec<Arc<Tally>>,
}

/// What is counted of one resource. Only who has it in hand writes, so no locked instruction is
/// needed, which would be most of what a checkout costs.
#[derive(Default)]
struct Tally {
    recycled: AtomicU64,
    is_lent: AtomicBool,
}

impl Ledger {
    pub(crate) fn new(max_size: usize, clock: impl Clock) -> Self {
        Self {
            alive: Arc::new(Semaphore::new(max_size)),
            gone: Notify::new(),
            rejected: AtomicU64::new(0),
            lives: Mutex::default(),
            clock: Box::new(clock),
        }
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.clock.now()
    }

    pub(crate) fn close(&self) {
        self.alive.close();
    }

    #[inline]
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
        let tally = Arc::<Tally>::default();
        let mut lives = self.lives();
        lives.created += 1;
        lives.alive.push(Arc::clone(&tally));
        Life {
            ledger: Arc::clone(self),
            tally,
            _permit: permit,
        }
    }

    pub(crate) fn rejected(&self) {
        self.rejected.fetch_add(1, Relaxed);
    }

    /// Waits until every resource that was made is destroyed.
    pub(crate) async fn all_gone(&self) {
        loop {
            let gone = self.gone.notified();
            // Looked at after the wait has begun, so that no destruction in between is missed.
            if self.lives().alive.is_empty() {
                return;
            }
            gone.await;
        }
    }

    pub(crate) fn stats(&self) -> PoolStats {
        let lives = self.lives();
        let recycled = lives.alive.iter().map(|one| one.recycled.load(Relaxed));
        let in_use = lives.alive.iter().filter(|one| one.is_lent.load(Relaxed));
        let in_use = in_use.count() as u64;
        PoolStats {
            created: lives.created,
            recycled: lives.recycled + recycled.sum::<u64>(),
            rejected: self.rejected.load(Relaxed),
            destroyed: lives.created - lives.alive.len() as u64,
            idle: lives.alive.len() as u64 - in_use,
            in_use,
        }
    }

    fn lives(&self) -> MutexGuard<'_, Lives> {
        // Nothing under the lock panics.
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One resource alive. Dropped after the resource itself, it makes room for the next.
// Not `Clone`: a life ends once.
pub(crate) struct Life {
    ledger: Arc<Ledger>,
    tally: Arc<Tally>,
    _permit: OwnedSemaphorePermit,
}

impl Life {
    /// It was found clean.
    #[inline]
    pub(crate) fn recycled(&self) {
        let recycled = self.tally.recycled.load(Relaxed);
        self.tally.recycled.store(recycled + 1, Relaxed);
    }

    #[inline]
    pub(crate) fn lent(&self) {
        self.tally.is_lent.store(true, Relaxed);
    }

    #[inline]
    pub(crate) fn now(&self) -> Duration {
        self.ledger.now()
    }

    #[inline]
    pub(crate) fn returned(&self) {
        self.tally.is_lent.store(false, Relaxed);
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        let mut lives = self.ledger.lives();
        lives.recycled += self.tally.recycled.load(Relaxed);
        lives.alive.retain(|one| !Arc::ptr_eq(one, &self.tally));
        drop(lives);
        // The permit goes after this, so whoever gets it finds the count already right.
        self.ledger.gone.notify_waiters();
    }
}
