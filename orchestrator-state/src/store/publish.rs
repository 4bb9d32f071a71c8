//! What everybody may see, and telling those who wait for it.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, Weak};

use super::watch::Deliver;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering, Padded};
use crate::wake::ToWake;

/// Somebody who is to be told when nothing will be published any more.
pub(super) trait Listener: Send + Sync {
    /// It may be called twice, and while the journal is at its end: it takes no lock but its own, and
    /// adds whom it wants to wake.
    fn close(self: Arc<Self>, to_wake: &mut ToWake);
}

/// Those who are to be told of the end.
#[derive(Default)]
struct Listeners {
    all: Vec<Weak<dyn Listener>>,
    /// With so many it is time to look who has gone.
    look_at: usize,
    /// Whether they have been told.
    closed: bool,
}

/// The newest version that is as durable as it was to be.
#[derive(Default)]
pub(super) struct Publisher {
    pub(super) published: Padded<AtomicU64>,
    /// Changes that watchers will be told of when their versions are published, in order.
    undelivered: Mutex<VecDeque<(u64, Deliver)>>,
    listeners: Mutex<Listeners>,
}

impl Publisher {
    pub(super) fn new(version: u64) -> Self {
        Self {
            published: Padded(AtomicU64::new(version)),
            undelivered: Mutex::default(),
            listeners: Mutex::default(),
        }
    }

    pub(super) fn published(&self) -> u64 {
        self.published.load(Ordering::Acquire)
    }

    /// Keeps changes until their version is published. To be called under the commit lock, and before
    /// that is so, or before a [`deliver`](Self::deliver) that finds it so.
    pub(super) fn deliver_later(&self, version: u64, deliver: Deliver) {
        let mut undelivered = self.lock();
        // A commit comes last. What a new watcher has missed belongs among the commits that are on their
        // way: behind them, it would wait for the last of them, and be lost if that failed.
        let at = if undelivered.back().is_none_or(|(last, _)| *last <= version) {
            undelivered.len()
        } else {
            undelivered.partition_point(|(other, _)| *other <= version)
        };
        undelivered.insert(at, (version, deliver));
    }

    /// Makes a version visible. Versions come in order.
    pub(super) fn publish(&self, version: u64) {
        self.published.store(version, Ordering::Release);
    }

    /// Puts what is published into the watchers' queues. Who is to be woken for that is added to
    /// `to_wake`, for when no lock is held.
    pub(super) fn deliver(&self, to_wake: &mut ToWake) {
        let published = self.published();
        // Under the lock, so that two of these do not mix up the order.
        let mut undelivered = self.lock();
        while undelivered
            .front()
            .is_some_and(|(version, _)| *version <= published)
            && let Some((_, deliver)) = undelivered.pop_front()
        {
            deliver(to_wake);
        }
    }

    /// Has somebody told of the end: then, or now if it has come already. What has been published is to
    /// be delivered before.
    pub(super) fn enlist(&self, listener: Weak<dyn Listener>, to_wake: &mut ToWake) {
        let mut listeners = self.listeners();
        if listeners.closed {
            drop(listeners);
            if let Some(listener) = listener.upgrade() {
                listener.close(to_wake);
            }
            return;
        }
        if listeners.all.len() >= listeners.look_at {
            listeners.all.retain(|other| other.strong_count() > 0);
            listeners.look_at = (2 * listeners.all.len()).max(16);
        }
        listeners.all.push(listener);
    }

    /// Nothing will be published any more: tells everyone, those too who come later.
    pub(super) fn close(&self, to_wake: &mut ToWake) {
        let all = {
            let mut listeners = self.listeners();
            listeners.closed = true;
            std::mem::take(&mut listeners.all)
        };
        for listener in all.iter().filter_map(Weak::upgrade) {
            listener.close(to_wake);
        }
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        // Nothing under this lock panics half-way.
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// As if nobody had come so far.
    #[cfg(test)]
    pub(super) fn forget_listeners(&self) {
        self.listeners().all.clear();
    }

    #[cfg(test)]
    pub(super) fn count_listeners(&self) -> usize {
        self.listeners().all.len()
    }

    /// What is to be delivered, in the order of the versions.
    pub(super) fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Deliver)>> {
        // A watcher's queue cannot panic; and if it did, the queue here would still be whole.
        self.undelivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
