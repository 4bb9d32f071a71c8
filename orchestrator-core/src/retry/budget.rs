//! How many retries a whole program may make.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// Hundredths of a retry, so that a call's share is a whole number.
const ONE: u64 = 100;

/// A bound on retries over all the calls that share it, so that an outage is not multiplied: when
/// everything fails, five attempts a call would be five times the load on what is down already.
///
/// A token bucket, as in Finagle's `RetryBudget` (20 % of the calls unless set otherwise) and gRPC's
/// retry throttling (proposal A6). Each call puts its share in, each retry takes one whole retry out,
/// and the bucket is full at the reserve that it begins with. So over any span of time
/// `retries ≤ reserve + share × calls`, whatever fails. In contrast to Finagle nothing drains by time
/// and nothing is granted by it: the bound on what can be saved up is the reserve, and the rule needs
/// no clock. Clones share one bucket.
#[derive(Clone)]
pub struct RetryBudget(Arc<Bucket>);

#[derive(Debug)]
struct Bucket {
    left: AtomicU64,
    full: u64,
    share: u64,
}

impl RetryBudget {
    /// `percent`: retries for each hundred calls in the long run. `reserve`: how many may be made at
    /// once, and are there from the beginning; with 0 there are none at all.
    #[must_use]
    pub fn new(percent: u32, reserve: u32) -> Self {
        let full = u64::from(reserve) * ONE;
        Self(Arc::new(Bucket {
            left: AtomicU64::new(full),
            full,
            share: percent.into(),
        }))
    }

    /// How many retries could be made now.
    #[must_use]
    pub fn available(&self) -> u64 {
        self.0.left.load(Ordering::Relaxed) / ONE
    }

    /// A call begins.
    pub(super) fn deposit(&self) {
        self.0.put(self.0.share);
    }

    /// Takes one retry out; it goes back unless it is made.
    pub(super) fn withdraw(&self) -> Option<Withdrawal> {
        // The number guards no other memory, so its own order is enough.
        let taken = self
            .0
            .left
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(ONE)
            });
        taken.ok().map(|_| Withdrawal(Some(Arc::clone(&self.0))))
    }
}

impl Bucket {
    fn put(&self, amount: u64) {
        let full = self.full;
        self.left
            .update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.saturating_add(amount).min(full)
            });
    }
}

/// 20 %, as in Finagle, and a reserve of 10.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(20, 10)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("available", &self.available())
            .field("reserve", &(self.0.full / ONE))
            .field("percent", &self.0.share)
            .finish()
    }
}

/// A retry that was taken out and not yet made. Not cloneable: it goes back once.
#[derive(Debug)]
pub(super) struct Withdrawal(Option<Arc<Bucket>>);

impl Withdrawal {
    /// The retry is made.
    pub(super) fn commit(mut self) {
        self.0 = None;
    }
}

impl Drop for Withdrawal {
    fn drop(&mut self) {
        if let Some(bucket) = self.0.take() {
            bucket.put(ONE);
        }
    }
}
