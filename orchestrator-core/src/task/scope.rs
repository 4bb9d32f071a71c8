//! The children of a task, together: counting them, cancelling them, waiting for the last.
//!
//! Every task is in one scope: its parent's, or the scheduler's root. A task gets a scope of its own
//! when it first asks for its [`TaskContext`](super::TaskContext). Scopes form a tree, and a task ends
//! only when its scope is empty; so whoever is in a scope knows that all scopes above are there.
//!
//! Most tasks come and go without anybody cancelling anything, so they pay for one flag that they look
//! at and one count. Only a task that has to wait says so under the lock, where a cancel finds it and
//! wakes it.
//!
//! Shuttle runs this module through its schedules (`scope/schedules.rs`).

mod census;
#[cfg(test)]
#[cfg(feature = "shuttle")]
mod schedules;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use tokio_util::sync::CancellationToken;

use super::{Budget, TaskId};
use crate::scheduler::Shared;
use crate::sync::{AtomicU8, Mutex, MutexGuard, Ordering, lock};
use census::Census;

/// Nobody was told to end.
const OPEN: u8 = 0;
/// Some tasks of the scope were told to end.
const SOME: u8 = 1;
/// All were.
const ALL: u8 = 2;

/// The children of a task.
pub(crate) struct Scope {
    /// The scheduler that runs them.
    pub(crate) shared: Arc<Shared>,
    /// Who they are children of, and how deep that is; nobody in the root.
    pub(crate) owner: Option<(TaskId, u32)>,
    pub(crate) budget: Budget,
    parent: Option<Arc<Scope>>,
    state: AtomicU8,
    census: Census,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Tasks that wait for something, and how to wake them.
    sleepers: IdMap<Waker>,
    /// The scopes of these tasks.
    scopes: IdMap<Weak<Scope>>,
    /// Tasks that were told to end.
    aborted: IdMap<()>,
    /// Those who wait for the scope to be empty.
    joiners: Vec<Waker>,
    token: Option<CancellationToken>,
    /// The runtime is gone: nobody will run what is here.
    abandoned: bool,
}

impl Scope {
    pub(crate) fn root(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self::new(shared, None, Budget::unlimited(), None))
    }

    fn new(
        shared: Arc<Shared>,
        owner: Option<(TaskId, u32)>,
        budget: Budget,
        parent: Option<Arc<Self>>,
    ) -> Self {
        Self {
            shared,
            owner,
            budget,
            parent,
            state: AtomicU8::new(OPEN),
            census: Census::default(),
            inner: Mutex::default(),
        }
    }

    /// The scope of a task that is in this one.
    pub(crate) fn of_task(self: &Arc<Self>, task: TaskId, depth: u32, budget: Budget) -> Arc<Self> {
        let shared = Arc::clone(&self.shared);
        let scope = Self::new(shared, Some((task, depth)), budget, Some(Arc::clone(self)));
        let scope = Arc::new(scope);
        let mut inner = self.lock();
        // Under the lock, so that a cancel finds the new scope, or is seen here.
        if self.state.load(Ordering::Relaxed) == ALL || inner.aborted.contains_key(&task.0) {
            scope.state.store(ALL, Ordering::Relaxed);
        }
        inner.scopes.insert(task.0, Arc::downgrade(&scope));
        drop(inner);
        scope
    }

    /// Counts a task in; `false` when the scope takes none any more.
    #[must_use]
    pub(crate) fn enter(&self) -> bool {
        self.census.enter()
    }

    /// Counts a task out that has ended. It was waiting, or the scope has told somebody to end.
    pub(crate) fn leave(&self, task: TaskId, lane: usize) {
        let mut inner = self.lock();
        let waker = inner.sleepers.remove(&task.0);
        inner.aborted.remove(&task.0);
        drop(inner);
        // A waker may run anything when it is dropped.
        drop(waker);
        if self.count_out(lane) {
            self.wake_joiners();
        }
    }

    /// Whether nobody was told to end.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Relaxed) == OPEN
    }

    /// Counts a task out that ends on a lane. Says whether somebody waits for that.
    #[inline]
    #[must_use]
    pub(crate) fn count_out(&self, lane: usize) -> bool {
        self.census.leave(lane)
    }

    /// Notes that a task waits. `false`: it was told to end, and must not.
    #[must_use]
    pub(crate) fn sleep(&self, task: TaskId, waker: &Waker) -> bool {
        let waker = waker.clone();
        let mut inner = self.lock();
        if self.is_told_to_end(&inner, task) {
            drop(inner);
            return false;
        }
        let old = inner.sleepers.insert(task.0, waker);
        drop(inner);
        drop(old);
        true
    }

    /// Whether a task of this scope is to end.
    #[inline]
    pub(crate) fn has_told(&self, task: TaskId) -> bool {
        match self.state.load(Ordering::Acquire) {
            OPEN => false,
            ALL => true,
            _ => self.is_told_to_end(&self.lock(), task),
        }
    }

    fn is_told_to_end(&self, inner: &Inner, task: TaskId) -> bool {
        self.state.load(Ordering::Relaxed) == ALL || inner.aborted.contains_key(&task.0)
    }

    /// Whether all tasks of the scope are to end, and with them their owner.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.state.load(Ordering::Acquire) == ALL
    }

    /// Tells one task to end, and with it all below.
    pub(crate) fn abort(&self, task: TaskId) {
        let mut inner = self.lock();
        inner.aborted.insert(task.0, ());
        if self.state.load(Ordering::Relaxed) == OPEN {
            self.state.store(SOME, Ordering::Release);
        }
        let waker = inner.sleepers.get(&task.0).cloned();
        let scope = inner.scopes.get(&task.0).and_then(Weak::upgrade);
        drop(inner);
        if let Some(scope) = scope {
            scope.cancel();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Forgets that a task was told to end, which has ended by itself before.
    pub(crate) fn forget(&self, task: TaskId) {
        self.lock().aborted.remove(&task.0);
    }

    /// Tells every task in this scope and below to end.
    pub(crate) fn cancel(&self) {
        self.visit(|scope, inner| {
            scope.state.store(ALL, Ordering::Release);
            (
                inner.sleepers.values().cloned().collect(),
                inner.token.clone(),
            )
        });
    }

    /// The runtime is gone. Wakes everyone who waits, for whom there is no lane any more.
    pub(crate) fn abandon(&self) {
        self.visit(|_, inner| {
            inner.abandoned = true;
            let mut wakers = std::mem::take(&mut inner.joiners);
            wakers.extend(inner.sleepers.drain().map(|(_, waker)| waker));
            (wakers, None)
        });
    }

    /// Does something with this scope and all below, and then wakes and cancels what it has returned,
    /// which may run anything and so is not done under a lock. Without recursion: the tree may be deep.
    fn visit(
        &self,
        mut each: impl FnMut(&Self, &mut Inner) -> (Vec<Waker>, Option<CancellationToken>),
    ) {
        let mut below: Vec<Arc<Self>> = Vec::new();
        let mut at = |scope: &Self, below: &mut Vec<Arc<Self>>| {
            let mut inner = scope.lock();
            let (wakers, token) = each(scope, &mut inner);
            below.extend(inner.scopes.values().filter_map(Weak::upgrade));
            drop(inner);
            if let Some(token) = token {
                token.cancel();
            }
            wakers.into_iter().for_each(Waker::wake);
        };
        at(self, &mut below);
        while let Some(scope) = below.pop() {
            at(&scope, &mut below);
        }
    }

    /// Ready when nobody is in the scope any more; then nobody can come in.
    pub(crate) fn poll_empty(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.try_close() {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let mut inner = self.lock();
        if inner.abandoned {
            return Poll::Ready(());
        }
        if !inner.joiners.iter().any(|other| other.will_wake(&waker)) {
            inner.joiners.push(waker);
        }
        // The last to leave sees this, or has left before, and then the look that follows sees that.
        self.census.wait();
        drop(inner);
        if self.try_close() {
            // Others may wait for the same.
            self.wake_joiners();
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Closes the scope if it is empty.
    pub(crate) fn try_close(&self) -> bool {
        self.census.try_close()
    }

    pub(crate) fn wake_joiners(&self) {
        let joiners = std::mem::take(&mut self.lock().joiners);
        joiners.into_iter().for_each(Waker::wake);
    }

    /// Cancelled when the owner is.
    pub(crate) fn token(&self) -> CancellationToken {
        let mut inner = self.lock();
        let token = inner
            .token
            .get_or_insert_with(CancellationToken::new)
            .clone();
        drop(inner);
        if self.is_cancelled() {
            token.cancel();
        }
        token
    }

    #[cfg(test)]
    #[cfg(not(feature = "shuttle"))]
    pub(crate) fn sleepers(&self) -> usize {
        self.lock().sleepers.len()
    }

    /// How many tasks are in the scope.
    pub(crate) fn live(&self) -> usize {
        self.census.live()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        if let (Some(parent), Some((owner, _))) = (&self.parent, self.owner) {
            parent.lock().scopes.remove(&owner.0);
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("owner", &self.owner)
            .field("live", &self.live())
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

type IdMap<T> = HashMap<u64, T, BuildHasherDefault<IdHasher>>;

/// Numbers that are given out one after the other are spread by a multiplication (Knuth, TAOCP 6.4);
/// nobody from outside chooses them.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(5) ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        // The table takes its place from the lower bits and its tag from the upper ones.
        self.0 ^= self.0 >> 32;
    }
}
