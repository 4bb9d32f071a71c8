//! Our side of deadpool: what lies in its queue, and how that is made and cleaned.

use std::{sync::Arc, time::Duration};

use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};

use super::{
    eviction::Eviction,
    ledger::{Ledger, Life},
};
use crate::{CheckoutError, Manager, PoolConfig};

/// A resource with its history.
pub(crate) struct Slot<R> {
    // Fields are dropped in this order: first the resource, then its life.
    pub(crate) resource: R,
    pub(crate) life: Life,
    reuses: u32,
    /// When it came back, by the pool's clock. deadpool keeps a time too, but the system's, which
    /// no test can stop.
    idle_since: Duration,
}

impl<R> Slot<R> {
    /// Whether it has been lent as often as it may.
    pub(crate) fn is_worn_out(&self, config: &PoolConfig) -> bool {
        self.reuses >= config.max_reuse
    }

    /// When it will have been idle for too long; `None`: not in the time that a clock can tell.
    pub(crate) fn stale_at(&self, config: &PoolConfig) -> Option<Duration> {
        self.idle_since.checked_add(config.idle_timeout)
    }

    /// Whether it has been idle for too long.
    pub(crate) fn is_stale(&self, now: Duration, config: &PoolConfig) -> bool {
        self.stale_at(config).is_some_and(|stale| now >= stale)
    }

    /// Takes back that it was cleaned for somebody.
    pub(crate) fn was_only_looked_at(&mut self) {
        self.reuses -= 1;
    }

    pub(crate) fn came_back(&mut self) {
        self.idle_since = self.life.now();
    }
}

/// Our manager in the form that deadpool asks for.
pub(crate) struct Adapter<M> {
    pub(crate) manager: M,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) eviction: Arc<Eviction>,
    pub(crate) config: PoolConfig,
}

impl<M: Manager> managed::Manager for Adapter<M> {
    type Type = Slot<M::Resource>;
    type Error = CheckoutError<M::Error>;

    async fn create(&self) -> Result<Self::Type, Self::Error> {
        let permit = self.ledger.permit().await.ok_or(CheckoutError::Closed)?;
        let resource = self.manager.create().await.map_err(CheckoutError::Create)?;
        Ok(Slot {
            resource,
            life: self.ledger.created(permit),
            reuses: 0,
            idle_since: self.ledger.now(),
        })
    }

    async fn recycle(&self, slot: &mut Self::Type, _: &Metrics) -> RecycleResult<Self::Error> {
        // The clock is looked at once a checkout; others that are stale are found by this too.
        let now = self.ledger.now();
        self.eviction.look(now);
        if self.ledger.is_closed() || slot.is_stale(now, &self.config) {
            return Err(RecycleError::message("no longer lent"));
        }
        // deadpool destroys the slot and drops what we say here, so the count is what remains.
        if self.manager.recycle(&mut slot.resource).await.is_err() {
            self.ledger.rejected();
            return Err(RecycleError::message("not clean"));
        }
        slot.reuses += 1;
        slot.life.recycled();
        Ok(())
    }
}
