//! The primitives under the lock-free and group-committing parts, so that a model checker can take
//! their place.

#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{
    OnceLock,
    atomic::{AtomicU64, AtomicUsize, Ordering, fence},
};

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
#[cfg(all(test, feature = "shuttle"))]
pub(crate) use std::sync::OnceLock;
