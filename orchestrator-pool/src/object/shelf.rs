//! Where magazines lie that no thread has: a stack under a lock.
//!
//! The one module that knows which lock. Under the feature `shuttle` it is shuttle's, so that
//! the depot runs under its schedules.

#[cfg(not(all(test, feature = "shuttle")))]
pub(super) use real::{AtomicUsize, Shelf};
#[cfg(all(test, feature = "shuttle"))]
pub(super) use scheduled::{AtomicUsize, Shelf};

#[cfg(not(all(test, feature = "shuttle")))]
mod real {
    pub(crate) use std::sync::atomic::AtomicUsize;

    /// A stack of things that anyone may put on and take off.
    pub(crate) struct Shelf<T>(object_pool::Pool<T>);

    impl<T> Shelf<T> {
        pub(crate) fn new() -> Self {
            Self(object_pool::Pool::from_vec(Vec::new()))
        }

        pub(crate) fn put(&self, thing: T) {
            self.0.attach(thing);
        }

        pub(crate) fn take(&self) -> Option<T> {
            self.0.try_pull().map(|thing| thing.detach().1)
        }

        pub(crate) fn len(&self) -> usize {
            self.0.len()
        }
    }
}

#[cfg(all(test, feature = "shuttle"))]
mod scheduled {
    pub(crate) use shuttle::sync::atomic::AtomicUsize;
    use shuttle::sync::{Mutex, MutexGuard, PoisonError};

    pub(crate) struct Shelf<T>(Mutex<Vec<T>>);

    impl<T> Shelf<T> {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(Vec::new()))
        }

        fn lock(&self) -> MutexGuard<'_, Vec<T>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(crate) fn put(&self, thing: T) {
            self.lock().push(thing);
        }

        pub(crate) fn take(&self) -> Option<T> {
            self.lock().pop()
        }

        pub(crate) fn len(&self) -> usize {
            self.lock().len()
        }
    }
}
