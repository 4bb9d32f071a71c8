//! The locks of the group commit, in one place, so that shuttle can take them over in its tests.
//!
//! Only a test build of this crate with the feature `shuttle` is taken over: the feature changes
//! nothing for whoever links the library, even where cargo unites features.

#[cfg(not(all(test, feature = "shuttle")))]
pub(super) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize},
};

#[cfg(all(test, feature = "shuttle"))]
pub(super) use shuttle::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize},
};
