//! The primitives under the pins, the watchers and the group commit, in one place, so that shuttle can
//! take them over in its tests.
//!
//! Only a test build of this crate with the feature `shuttle` is taken over: the feature changes
//! nothing for whoever links the library, even where cargo unites features.

pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::Ordering;

#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize, fence},
};
#[cfg(not(all(test, feature = "shuttle")))]
pub(crate) use std::thread::{ThreadId, yield_now};

#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicU64, AtomicUsize, fence},
};
#[cfg(all(test, feature = "shuttle"))]
pub(crate) use shuttle::thread::{ThreadId, yield_now};

/// Which thread this is. To the system, all of shuttle's are one.
pub(crate) fn this_thread() -> ThreadId {
    #[cfg(not(all(test, feature = "shuttle")))]
    let thread = std::thread::current();
    #[cfg(all(test, feature = "shuttle"))]
    let thread = shuttle::thread::current();
    thread.id()
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
