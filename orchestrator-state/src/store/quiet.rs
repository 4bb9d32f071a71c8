//! Updates under a lock of the caller's own: they wait for no disk, and call no waker.
//!
//! A waker may come back for that lock; and whoever waits for the disk under it keeps it from the wakers of
//! the thread that writes.

use super::retry::Backoff;
use super::{CommitError, MAX_ATTEMPTS, Pending, StateStore, Transaction, UpdateError};
use crate::wake::ToWake;

impl StateStore {
    /// Waits until there is room for a commit. To be called before the lock is taken under which
    /// [`submit_update_quietly`](Self::submit_update_quietly) is called.
    pub(crate) fn make_room(&self) {
        self.inner.make_room();
    }

    /// As [`submit_update`](Self::submit_update), but whoever is to be woken is added to `to_wake`, for when
    /// the caller has let go of its lock; and the closure's error is returned at once, even if it comes
    /// from commits that are not on the disk yet.
    ///
    /// # Errors
    /// As [`submit_update`](Self::submit_update).
    pub(crate) fn submit_update_quietly<T, E: From<UpdateError>>(
        &self,
        to_wake: &mut ToWake,
        mut change: impl FnMut(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<(T, Pending), E> {
        let mut backoff = Backoff::default();
        for _ in 0..MAX_ATTEMPTS {
            let mut tx = Transaction::new(&self.inner, self.inner.pin_latest());
            let value = change(&mut tx)?;
            match tx.submit_quietly(to_wake) {
                Ok(pending) => return Ok((value, pending)),
                Err(CommitError::Conflict(_)) => backoff.wait(),
                Err(CommitError::Store(error)) => return Err(UpdateError::Store(error).into()),
            }
        }
        let attempts = MAX_ATTEMPTS;
        Err(UpdateError::Contended { attempts }.into())
    }
}
