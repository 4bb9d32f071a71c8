//! Tells many waiting futures that something has changed, without saying what.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::wake::ToWake;

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

    /// Counts a change. To be called after it; who waits for it is added to `to_wake`, for when no lock is
    /// held.
    pub(super) fn notify(&self, to_wake: &mut ToWake) {
        let mut waiting = self.lock();
        waiting.changes += 1;
        to_wake.extend(waiting.wakers.drain(..).map(|(_, waker)| waker));
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
        // Outside of the lock: to clone or to drop a waker may run anything.
        let waker = context.waker().clone();
        let mut waiting = self.signal.lock();
        if waiting.changes > self.seen {
            return Poll::Ready(());
        }
        let mine = self.id;
        let place = waiting.wakers.iter_mut().find(|(id, _)| Some(*id) == mine);
        if let Some((_, kept)) = place {
            let old = std::mem::replace(kept, waker);
            drop(waiting);
            drop(old);
        } else {
            let id = waiting.next_id;
            waiting.next_id += 1;
            waiting.wakers.push((id, waker));
            drop(waiting);
            self.id = Some(id);
        }
        Poll::Pending
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        if let Some(mine) = self.id {
            let mut waiting = self.signal.lock();
            let place = waiting.wakers.iter().position(|(id, _)| *id == mine);
            let waker = place.map(|place| waiting.wakers.remove(place));
            drop(waiting);
            // Outside of the lock, as above.
            drop(waker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::task::Wake;

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
        let mut to_wake = ToWake::default();
        signal.notify(&mut to_wake);
        assert_eq!(wakes.count(), 0);
        drop(to_wake);
        assert_eq!(wakes.count(), 1);
        assert!(poll_once(changed.as_mut(), &wakes).is_ready());
        // A change between the look and the wait is not missed.
        assert!(poll_once(Box::pin(signal.changed(seen)).as_mut(), &wakes).is_ready());
        assert!(signal.lock().wakers.is_empty());
    }

    /// A waker that notes, when it is dropped, whether the signal's lock is free.
    struct Looks(Arc<Signal>, Sender<bool>);

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            self.1.send(self.0.0.try_lock().is_ok()).unwrap();
        }
    }

    #[test]
    fn a_waker_is_dropped_without_the_lock() {
        let signal = Arc::new(Signal::default());
        let (free, told) = channel();
        let looks = || Waker::from(Arc::new(Looks(Arc::clone(&signal), free.clone())));
        let mut changed = Box::pin(signal.changed(signal.seen()));
        for _ in 0..2 {
            // The second one takes the place of the first.
            let waker = looks();
            let poll = changed.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(poll.is_pending());
        }
        assert_eq!(told.try_recv(), Ok(true));
        drop(changed);
        assert_eq!(told.try_recv(), Ok(true));
        // The control: one that is dropped under the lock finds it taken.
        let waiting = signal.lock();
        drop(looks());
        drop(waiting);
        assert_eq!(told.try_recv(), Ok(false));
    }
}
