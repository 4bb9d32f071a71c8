//! Wakers that are called once no lock is held any more.
//!
//! A waker is somebody else's code, and some of them do the work at once that others only schedule.
//! One that is called under a lock and comes back for that lock waits for itself.

use std::task::Waker;

/// Wakers that were found under a lock. Dropping this calls them, so it has to outlive the guard of
/// the lock: [`take`](Self::take) it out, let go of the lock, and drop it.
#[derive(Debug, Default)]
pub(crate) struct ToWake(Vec<Waker>);

impl ToWake {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the wakers out, to be called by whoever drops them.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }
}

impl Extend<Waker> for ToWake {
    fn extend<T: IntoIterator<Item = Waker>>(&mut self, wakers: T) {
        self.0.extend(wakers);
    }
}

impl Drop for ToWake {
    fn drop(&mut self) {
        std::mem::take(&mut self.0)
            .into_iter()
            .for_each(Waker::wake);
    }
}
