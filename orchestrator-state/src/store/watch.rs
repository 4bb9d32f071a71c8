//! Being told of changes: every one, in order, once it is published.

#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::ops::{Bound, RangeBounds};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use thiserror::Error;

use super::index::Index;
use super::inner::Inner;
use super::publish::{Listener, Publisher};
use super::sets::Writes;
use super::table::{Table, TableKey, TableValue};
use super::{Snapshot, Value, Version};
use crate::sync::{Condvar, Mutex, MutexGuard};
use crate::wake::ToWake;

/// Hands changes to a watcher's queue, and adds whoever waits for them.
pub(super) type Deliver = Box<dyn FnOnce(&mut ToWake) + Send>;

/// Which keys of a table a watcher wants to hear of.
pub struct Interest<K>(Kind<K>);

enum Kind<K> {
    All,
    Range(Bound<K>, Bound<K>),
    /// A text, and the text of a key.
    Prefix(String, fn(&K) -> &str),
}

impl<K: TableKey> Interest<K> {
    /// Every key.
    #[must_use]
    pub fn all() -> Self {
        Self(Kind::All)
    }

    /// One key.
    #[must_use]
    pub fn key(key: K) -> Self {
        Self(Kind::Range(
            Bound::Included(key.clone()),
            Bound::Included(key),
        ))
    }

    /// The keys within a range.
    #[must_use]
    pub fn range(range: impl RangeBounds<K>) -> Self {
        let bound = |bound: Bound<&K>| bound.cloned();
        Self(Kind::Range(
            bound(range.start_bound()),
            bound(range.end_bound()),
        ))
    }

    /// The keys that begin with a text. Such keys stand beside each other, for the keys have the order
    /// of their texts: that is what `Borrow` promises.
    #[must_use]
    pub fn prefix(prefix: impl Into<String>) -> Self
    where
        K: Borrow<str>,
    {
        Self(Kind::Prefix(prefix.into(), |key| key.borrow()))
    }

    fn wants(&self, key: &K) -> bool {
        match &self.0 {
            Kind::All => true,
            Kind::Range(from, to) => (from.as_ref(), to.as_ref()).contains(key),
            Kind::Prefix(prefix, text) => text(key).starts_with(prefix),
        }
    }

    /// Whether all keys that are wanted are after this one.
    fn is_after(&self, key: &K) -> bool {
        match &self.0 {
            Kind::All | Kind::Range(Bound::Unbounded, _) => false,
            Kind::Range(Bound::Included(from), _) => key < from,
            Kind::Range(Bound::Excluded(from), _) => key <= from,
            Kind::Prefix(prefix, text) => text(key) < prefix.as_str(),
        }
    }

    /// What is wanted of an index; no more of it is looked at.
    fn within<'a, E>(&'a self, index: &'a Index<K, E>) -> impl Iterator<Item = (&'a K, &'a E)>
    where
        E: Clone,
    {
        index
            .after_those(|key| self.is_after(key))
            .take_while(|(key, _)| self.wants(key))
    }
}

impl<K> fmt::Debug for Interest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interest").finish_non_exhaustive()
    }
}

/// A key and its new value, if it has one.
pub type ChangedRow<K, V> = (K, Option<Value<V>>);

/// What one commit has changed among the keys that a watcher wants to hear of.
#[derive(Debug)]
pub struct Changes<K, V: 'static> {
    /// The commit.
    pub version: Version,
    /// The keys and their new values, in the order of the keys. No value means that the key was
    /// taken away.
    pub rows: Vec<ChangedRow<K, V>>,
}

/// Why a watcher is told of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The watcher did not keep up, and its queue was full.
    #[error(
        "changes after {after} were missed, because the watcher did not keep up; call `catch_up` and \
         go on from its snapshot"
    )]
    Lagged {
        /// The last version that the watcher has been told of.
        after: Version,
    },
    /// The store was dropped or has stopped.
    #[error("there will be no more changes: the store was closed, or has stopped")]
    Closed,
}

/// Tells of every change, in order and without a gap, from the version that it was made at.
///
/// A commit is told of once it is published: after it has become as durable as it is to be. Nobody
/// waits for a slow watcher. When its queue is full, it gets [`WatchError::Lagged`] behind what was in
/// the queue, and goes on with [`catch_up`](Self::catch_up).
pub struct Watch<K: 'static, V: 'static> {
    store: Weak<Inner>,
    table: Table<K, V>,
    queue: Arc<Queue<K, V>>,
}

struct Queue<K, V: 'static> {
    interest: Interest<K>,
    capacity: usize,
    waiting: Mutex<Waiting<K, V>>,
    arrived: Condvar,
}

struct Waiting<K, V: 'static> {
    changes: VecDeque<Changes<K, V>>,
    /// The last version that was put into the queue, or that the watcher knows otherwise.
    told: Version,
    lagged: bool,
    closed: bool,
    waker: Option<Waker>,
}

impl<K, V> Queue<K, V> {
    fn lock(&self) -> MutexGuard<'_, Waiting<K, V>> {
        // Nothing under this lock panics half-way.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store's locks may be held here. A thread that is notified runs by itself, but a waker would
    /// run now.
    fn tell(&self, mut waiting: MutexGuard<'_, Waiting<K, V>>, to_wake: &mut ToWake) {
        to_wake.extend(waiting.waker.take());
        drop(waiting);
        self.arrived.notify_all();
    }
}

impl<K: TableKey, V: TableValue> Listener for Queue<K, V> {
    fn close(self: Arc<Self>, to_wake: &mut ToWake) {
        let mut waiting = self.lock();
        waiting.closed = true;
        self.tell(waiting, to_wake);
        Self::let_go(self, to_wake);
    }
}

impl<K: TableKey, V: TableValue> Queue<K, V> {
    /// What does not get into the queue is not dropped here: that is the keys' and the values' own code, and
    /// locks are held.
    fn push(&self, changes: Changes<K, V>, to_wake: &mut ToWake) {
        let mut waiting = self.lock();
        // Its snapshot has it already; or it was told that nothing comes any more.
        if changes.version <= waiting.told || waiting.closed {
            to_wake.drop_later(changes);
            return;
        }
        if waiting.lagged || waiting.changes.len() >= self.capacity {
            waiting.lagged = true;
            to_wake.drop_later(changes);
        } else {
            waiting.told = changes.version;
            waiting.changes.push_back(changes);
        }
        self.tell(waiting, to_wake);
    }

    /// Hands changes to a watcher that may be gone.
    fn hand_over(queue: &Weak<Self>, changes: Changes<K, V>, to_wake: &mut ToWake) {
        match queue.upgrade() {
            Some(queue) => {
                queue.push(changes, to_wake);
                Self::let_go(queue, to_wake);
            }
            None => to_wake.drop_later(changes),
        }
    }

    /// Its watcher may have gone meanwhile, and then all that is in it goes with this one.
    fn let_go(queue: Arc<Self>, to_wake: &mut ToWake) {
        if let Some(queue) = Arc::into_inner(queue) {
            to_wake.drop_later(queue);
        }
    }
}

impl<K, V> Waiting<K, V> {
    fn take(&mut self) -> Option<Result<Changes<K, V>, WatchError>> {
        if let Some(changes) = self.changes.pop_front() {
            return Some(Ok(changes));
        }
        if self.lagged {
            return Some(Err(WatchError::Lagged { after: self.told }));
        }
        self.closed.then_some(Err(WatchError::Closed))
    }
}

impl<K: TableKey, V: TableValue> Watch<K, V> {
    /// Makes a watcher that has been told of everything up to `told`. It is not registered yet.
    pub(super) fn new(
        store: &Arc<Inner>,
        table: &Table<K, V>,
        interest: Interest<K>,
        capacity: usize,
        told: u64,
    ) -> Self {
        Self {
            store: Arc::downgrade(store),
            table: table.clone(),
            queue: Arc::new(Queue {
                interest,
                capacity: capacity.max(1),
                waiting: Mutex::new(Waiting {
                    changes: VecDeque::new(),
                    told: Version(told),
                    lagged: false,
                    closed: false,
                    waker: None,
                }),
                arrived: Condvar::new(),
            }),
        }
    }

    /// Registers the watcher, under the commit lock. `missed` is what was committed since the version that
    /// it has been told of, published or not, in order: it comes before all that is committed next.
    pub(super) fn register(
        &self,
        watchers: &mut Watchers<K, V>,
        missed: impl IntoIterator<Item = (u64, Vec<ChangedRow<K, V>>)>,
        publisher: &Publisher,
        to_wake: &mut ToWake,
    ) {
        for (version, rows) in missed {
            let changes = Changes {
                version: Version(version),
                rows,
            };
            publisher.deliver_later(version, self.deliver(changes));
        }
        watchers.queues.push(Arc::downgrade(&self.queue));
        // Some of it may be published already, or have been meanwhile.
        publisher.deliver(to_wake);
        // Behind it, so that what was published comes before the end.
        let queue: Weak<Queue<K, V>> = Arc::downgrade(&self.queue);
        publisher.enlist(queue, to_wake);
    }

    /// What the watcher wants of an index.
    pub(super) fn within<'a, E: Clone>(
        &'a self,
        index: &'a Index<K, E>,
    ) -> impl Iterator<Item = (&'a K, &'a E)> {
        self.queue.interest.within(index)
    }

    /// Hands over what was there before the watcher was registered.
    fn deliver(&self, changes: Changes<K, V>) -> Deliver {
        let queue = Arc::downgrade(&self.queue);
        Box::new(move |to_wake| Queue::hand_over(&queue, changes, to_wake))
    }

    /// Waits for the next changes.
    ///
    /// # Errors
    /// [`WatchError`]; before that, everything that was in the queue is handed out.
    pub fn recv(&mut self) -> Result<Changes<K, V>, WatchError> {
        let mut waiting = self.queue.lock();
        loop {
            if let Some(result) = waiting.take() {
                return result;
            }
            waiting = self
                .queue
                .arrived
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next changes, if they are there already.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn try_recv(&mut self) -> Result<Option<Changes<K, V>>, WatchError> {
        self.queue.lock().take().transpose()
    }

    /// A future of the next changes. Dropping it loses none.
    ///
    /// Its waker is called by whoever has made a commit or written it to the disk, after that has let
    /// go of the store's locks. So it may commit and take snapshots itself, and wait for that. But until it
    /// returns, whoever called it does nothing else, and that may be the thread that writes for all: it
    /// must not wait for what other threads have still to write, nor block on the future of a commit (its
    /// `wait` is safe), nor write a [`checkpoint`](super::StateStore::checkpoint).
    pub fn changed(&mut self) -> Changed<'_, K, V> {
        Changed { watch: self }
    }

    /// Goes on after [`WatchError::Lagged`]: gives a snapshot that shows all that was missed. What
    /// comes next is what was committed after it.
    ///
    /// # Errors
    /// [`WatchError::Closed`] when the store is gone.
    pub fn catch_up(&mut self) -> Result<Snapshot, WatchError> {
        let store = self.store.upgrade().ok_or(WatchError::Closed)?;
        let mut waiting = self.queue.lock();
        // The snapshot is taken while nothing can be put into the queue: what is published by now is
        // in it, and what will be is not yet in the queue.
        let snapshot = Snapshot::new(&store, store.pin_published());
        let missed = std::mem::take(&mut waiting.changes);
        waiting.lagged = false;
        waiting.told = waiting.told.max(snapshot.version());
        drop(waiting);
        // Outside of the lock, which who commits wants: to drop a key or a value may run anything.
        drop(missed);
        Ok(snapshot)
    }

    /// The table that is watched.
    #[must_use]
    pub fn table(&self) -> &Table<K, V> {
        &self.table
    }
}

impl<K, V> fmt::Debug for Watch<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("table", &self.table)
            .finish_non_exhaustive()
    }
}

/// The future of the next changes.
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Changed<'a, K: 'static, V: 'static> {
    watch: &'a mut Watch<K, V>,
}

impl<K: TableKey, V: TableValue> Future for Changed<'_, K, V> {
    type Output = Result<Changes<K, V>, WatchError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Outside of the lock: to clone or to drop a waker may run anything.
        let waker = context.waker().clone();
        let mut waiting = self.watch.queue.lock();
        if let Some(result) = waiting.take() {
            return Poll::Ready(result);
        }
        let old = waiting.waker.replace(waker);
        drop(waiting);
        drop(old);
        Poll::Pending
    }
}

impl<K: 'static, V: 'static> Drop for Changed<'_, K, V> {
    fn drop(&mut self) {
        // Nobody waits any more, and whoever did may be gone.
        let waker = self.watch.queue.lock().waker.take();
        drop(waker);
    }
}

/// The watchers of a table.
pub(super) struct Watchers<K, V: 'static> {
    queues: Vec<Weak<Queue<K, V>>>,
}

impl<K, V> Default for Watchers<K, V> {
    fn default() -> Self {
        Self { queues: Vec::new() }
    }
}

impl<K: TableKey, V: TableValue> Watchers<K, V> {
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// What the watchers are to be told of a commit.
    pub(super) fn changes(&mut self, writes: &Writes<K, V>, version: u64) -> Option<Deliver> {
        if self.queues.is_empty() {
            return None;
        }
        self.queues.retain(|queue| queue.strong_count() > 0);
        let (mut told, mut gone) = (Vec::new(), Vec::new());
        for weak in &self.queues {
            let Some(queue) = weak.upgrade() else {
                continue;
            };
            let mut rows = Vec::new();
            let Ok(()) = writes.try_for_each(|key, revision| {
                if queue.interest.wants(key) {
                    rows.push((key.clone(), Value::new(revision.clone())));
                }
                Ok::<(), std::convert::Infallible>(())
            });
            if !rows.is_empty() {
                let version = Version(version);
                told.push((Weak::clone(weak), Changes { version, rows }));
            }
            // As in `let_go`, but with nobody to leave it to yet.
            gone.extend(Arc::into_inner(queue));
        }
        (!told.is_empty() || !gone.is_empty()).then(|| -> Deliver {
            Box::new(move |to_wake| {
                for (queue, changes) in told {
                    Queue::hand_over(&queue, changes, to_wake);
                }
                gone.into_iter().for_each(|gone| to_wake.drop_later(gone));
            })
        })
    }
}
