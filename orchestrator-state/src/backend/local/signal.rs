//! Tells many waiting futures that something has changed, without saying what.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Counts changes, and wakes those who wait for the next one.
#[derive(Default)]
pub(super) struct Signal(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    changes: u64,
    next_id: u64,
    wakers: Vec<(u64, Waker)>,
}

impl Signal {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing under this lock panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many changes there have been. To be asked before looking at what may change.
    pub(super) fn seen(&self) -> u64 {
        self.lock().changes
    }

    /// Wakes everyone. To be called after the change, and not under a lock that a waker could want.
    pub(super) fn notify(&self) {
        let wakers = {
            let mut waiting = self.lock();
            waiting.changes += 1;
            std::mem::take(&mut waiting.wakers)
        };
        for (_, waker) in wakers {
            waker.wake();
        }
    }

    /// Is ready when there have been more changes than `seen`.
    pub(super) fn changed(&self, seen: u64) -> Changed<'_> {
        Changed {
            signal: self,
            seen,
            id: None,
        }
    }
}

/// See [`Signal::changed`].
pub(super) struct Changed<'s> {
    signal: &'s Signal,
    seen: u64,
    /// Which waker is this future's.
    id: Option<u64>,
}

impl Future for Changed<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.signal.lock();
        if waiting.changes > self.seen {
            return Poll::Ready(());
        }
        let mine = self.id;
        let place = waiting.wakers.iter_mut().find(|(id, _)| Some(*id) == mine);
        if let Some((_, waker)) = place {
            waker.clone_from(context.waker());
        } else {
            let id = waiting.next_id;
            waiting.next_id += 1;
            waiting.wakers.push((id, context.waker().clone()));
            drop(waiting);
            self.id = Some(id);
        }
        Poll::Pending
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        if let Some(mine) = self.id {
            self.signal.lock().wakers.retain(|(id, _)| *id != mine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::conformance::{CountWakes, poll_once};

    #[test]
    fn whoever_waits_is_woken_and_whoever_left_is_forgotten() {
        let signal = Signal::default();
        let seen = signal.seen();
        let wakes = CountWakes::new();
        let mut changed = Box::pin(signal.changed(seen));
        let mut left = Box::pin(signal.changed(seen));
        assert!(poll_once(changed.as_mut(), &wakes).is_pending());
        assert!(poll_once(changed.as_mut(), &wakes).is_pending());
        assert!(poll_once(left.as_mut(), &wakes).is_pending());
        assert_eq!(signal.lock().wakers.len(), 2);
        drop(left);
        signal.notify();
        assert_eq!(wakes.count(), 1);
        assert!(poll_once(changed.as_mut(), &wakes).is_ready());
        // A change between the look and the wait is not missed.
        assert!(poll_once(Box::pin(signal.changed(seen)).as_mut(), &wakes).is_ready());
        assert!(signal.lock().wakers.is_empty());
    }
}
