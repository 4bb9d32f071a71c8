//! Why a checkout got nothing.

use std::error::Error;

/// Why [`ResourcePool::checkout`](crate::ResourcePool::checkout) got nothing.
///
/// That a used resource could not be cleaned is no error here: it is destroyed and another takes
/// its place. [`PoolStats::rejected`](crate::PoolStats::rejected) counts these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckoutError<E: Error + 'static> {
    /// The manager could not make a resource. The place is free again, so the next checkout
    /// tries anew.
    #[error("the pool's manager could not create a resource; mend the cause and check out again")]
    Create(#[source] E),

    /// The pool was closed, before the checkout or while it waited.
    #[error("the pool is closed and lends nothing any more; make a new pool")]
    Closed,
}

impl<E: Error + 'static> CheckoutError<E> {
    /// Whether the pool was closed.
    pub fn is_closed(&self) -> bool {
        matches!(self, Self::Closed)
    }
}
