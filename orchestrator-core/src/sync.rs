//! The primitives under the parking, the cancelling and the permits, in one place, so that shuttle can
//! take them over in its tests.
//!
//! Only a test build of this crate with the feature `shuttle` is taken over: the feature changes
//! nothing for whoever links the library, even where cargo unites features.

#[cfg(test)]
#[cfg(feature = "shuttle")]
pub(crate) mod bed;

pub(crate) use std::sync::atomic::Ordering;

#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, AtomicUsize, fence},
};

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU8, AtomicUsize, fence},
};

/// Takes a lock, also where somebody has panicked who held it: nothing under the locks of this crate panics
/// half-way.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Something that is written all the time, on cache lines of its own: otherwise whoever reads its
/// neighbours would fetch them anew each time. Two lines, since processors fetch them in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

impl<T> std::ops::Deref for Padded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
