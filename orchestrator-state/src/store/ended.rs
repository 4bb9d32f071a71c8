//! Waiting for the end of a store, for those who wait for nothing that it tells otherwise.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use super::publish::{Listener, Publisher};
use crate::sync::{Mutex, MutexGuard};
use crate::wake::ToWake;

/// A future that is ready when nothing will be published any more, and stays so. It does not keep
/// the store.
pub(crate) struct Ended(Arc<Bell>);

#[derive(Default)]
struct Bell(Mutex<Rung>);

#[derive(Default)]
struct Rung {
    rung: bool,
    waker: Option<Waker>,
}

impl Ended {
    pub(super) fn of(publisher: &Publisher) -> Self {
        let bell = Arc::<Bell>::default();
        let weak: Weak<Bell> = Arc::downgrade(&bell);
        // Nobody has polled it yet, so nobody is to be woken.
        publisher.enlist(weak, &mut ToWake::default());
        Self(bell)
    }
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Rung> {
        // Nothing under this lock panics half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Bell {
    fn close(self: Arc<Self>, to_wake: &mut ToWake) {
        let mut bell = self.lock();
        bell.rung = true;
        to_wake.extend(bell.waker.take());
    }
}

impl Future for Ended {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        // Outside of the lock: to clone or to drop a waker may run anything.
        let waker = context.waker().clone();
        let mut bell = self.0.lock();
        if bell.rung {
            return Poll::Ready(());
        }
        let old = bell.waker.replace(waker);
        drop(bell);
        drop(old);
        Poll::Pending
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        // Whoever rings the bell now is not to drop the waker under a lock of its own.
        let waker = self.0.lock().waker.take();
        drop(waker);
    }
}
