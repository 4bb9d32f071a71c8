//! The backend on a [`StateStore`]: for one process, in memory or on its disk.
//!
//! Every call is one transaction of the store, except those that say otherwise. A key's revision is
//! the version of its row, so commits that write keys alone have nothing in common, and only those
//! with tasks or events are put in a row.
//!
//! `rows` is what is stored; `commit`, `tasks`, `letters` and `events` are the parts of the contract; `queues` is
//! the order in which tasks come, `changing` is its lock, and `signal` wakes those who wait for one. `calls`
//! is the contract itself, call by call, and `open` is the way to a folder.

mod calls;
mod changing;
mod commit;
mod events;
mod letters;
mod open;
mod queues;
mod rows;
mod signal;
mod tasks;
#[cfg(test)]
mod tests;

use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::{Bound, ControlFlow};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Poll;

use super::time::SharedClock;
use super::{BackendError, Entry, Json, Revision};
use crate::wake::ToWake;
use crate::{
    Clock, CommitError, Pending, StateStore, StoreError, TableError, Transaction, UpdateError,
    Value,
};
pub use open::OpenBackendError;
use queues::Queues;
use rows::Tables;

/// A [`StateBackend`](super::StateBackend) on a [`StateStore`]. A handle: cheap to clone.
///
/// A store has one backend, and its clones: a second one that is made on the same store would not see
/// which tasks the first one adds.
///
#[doc = include_str!("local/example.md")]
#[derive(Clone)]
pub struct LocalBackend {
    inner: Arc<Inner>,
}

/// A backend, as its handles share it.
struct Inner {
    store: StateStore,
    tables: Tables,
    clock: SharedClock,
    queues: Mutex<Queues>,
    /// Why the store has stopped, once somebody has met with it.
    stopped: OnceLock<StoreError>,
}

/// Why a transaction was not submitted.
enum Refused {
    /// It has itself refused.
    Answer(BackendError),
    /// The store has.
    Store(UpdateError),
    /// The store had stopped before.
    Stopped(StoreError),
}

impl From<UpdateError> for Refused {
    fn from(error: UpdateError) -> Self {
        Self::Store(error)
    }
}

impl From<BackendError> for Refused {
    fn from(error: BackendError) -> Self {
        Self::Answer(error)
    }
}

impl LocalBackend {
    /// An empty backend that forgets everything when its last handle is dropped.
    #[must_use]
    pub fn in_memory(clock: impl Clock + Sync) -> Self {
        match Self::on(StateStore::in_memory(), clock) {
            Ok(backend) => backend,
            Err(_) => unreachable!("a new store has no tables that could have other types"),
        }
    }

    /// The backend in a store. Its tables have names that begin with `backend.`; other tables may be
    /// used beside them.
    ///
    /// # Errors
    /// [`TableError`] when the store has tables of these names that are something else.
    pub fn on(store: StateStore, clock: impl Clock + Sync) -> Result<Self, TableError> {
        let tables = Tables::open(&store)?;
        let queues = Queues::of(&store.snapshot(), &tables);
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                tables,
                clock: Arc::new(clock),
                queues: Mutex::new(queues),
                stopped: OnceLock::new(),
            }),
        })
    }

    /// The store, for tables beside the backend's own and for its history.
    #[must_use]
    pub fn store(&self) -> &StateStore {
        &self.inner.store
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Queues> {
        // The index is changed only after a transaction is in, by code that does not panic.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time, in milliseconds since 1970.
    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Runs a transaction, again where it was overtaken, and puts it in its place.
    fn submit<T>(
        &self,
        run: impl FnMut(&mut Transaction<'_>) -> Result<T, Refused>,
    ) -> Result<(T, Pending), Refused> {
        self.has_not_stopped()?;
        self.store.submit_update(run)
    }

    /// Refuses what is asked for after the store has stopped.
    fn has_not_stopped(&self) -> Result<(), Refused> {
        match self.stopped.get() {
            Some(error) => Err(Refused::Stopped(error.clone())),
            None => Ok(()),
        }
    }

    /// Waits until a transaction is on the disk.
    async fn settle<T>(
        &self,
        action: &'static str,
        submitted: Result<(T, Pending), Refused>,
    ) -> Result<T, BackendError> {
        let uncertain = |source| BackendError::Uncertain { action, source };
        let (value, pending) = match submitted {
            Ok(submitted) => submitted,
            Err(refused) => {
                return Err(match self.in_doubt(action, refused) {
                    Ok(error) => uncertain(error.into()),
                    Err(error) => error,
                });
            }
        };
        match pending.await {
            Ok(_) => Ok(value),
            Err(error) => Err(uncertain(self.broke_off(error).into())),
        }
    }

    /// Tells a store that stops at this very transaction, and may have it on the disk, from one that
    /// has not done it for certain.
    fn in_doubt(&self, action: &'static str, refused: Refused) -> Result<StoreError, BackendError> {
        match refused {
            Refused::Store(UpdateError::Store(error @ StoreError::Stopped { .. })) => {
                self.stop(&error);
                Ok(error)
            }
            Refused::Answer(error) => Err(error),
            Refused::Store(error) => Err(failed(action, error)),
            Refused::Stopped(error) => Err(failed(action, UpdateError::Store(error))),
        }
    }

    /// The journal has stopped while a transaction was on its way.
    fn broke_off(&self, error: CommitError) -> CommitError {
        if let CommitError::Store(error) = &error {
            self.stop(error);
        }
        error
    }

    /// Notes that the store has stopped, and tells those who wait for tasks.
    fn stop(&self, error: &StoreError) {
        if self.stopped.set(error.clone()).is_ok() {
            let mut to_wake = ToWake::default();
            let signals = self.lock().signals();
            signals
                .iter()
                .for_each(|signal| signal.notify(&mut to_wake));
        }
    }

    /// Refuses to answer when what is in memory need not be what is on the disk.
    fn check(&self, action: &'static str) -> Result<(), BackendError> {
        match self.stopped.get() {
            Some(error) => Err(failed(action, UpdateError::Store(error.clone()))),
            None => Ok(()),
        }
    }

    fn scan(&self, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Entry> {
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after.to_owned()),
            _ => Bound::Included(prefix.to_owned()),
        };
        let to = behind(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        let mut entries = Vec::new();
        let snapshot = self.store.snapshot();
        // Whether it was stopped is of no interest.
        let _full = snapshot.try_for_each(&self.tables.state, (from, to), |key, value| {
            if entries.len() == limit {
                return ControlFlow::Break(());
            }
            entries.push(entry(key, value));
            ControlFlow::Continue(())
        });
        entries
    }
}

fn entry(key: &str, value: &Value<Json>) -> Entry {
    Entry {
        key: key.to_owned(),
        value: (**value).clone(),
        revision: Revision(value.version().get()),
    }
}

/// The first text behind all those that begin with a prefix.
fn behind(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The step over the surrogates, which are no characters, is the range's business.
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// Waits for either, and says whether it is the first one that has come.
async fn first_of(first: impl Future<Output = ()>, second: impl Future<Output = ()>) -> bool {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| match first.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(true),
        Poll::Pending => second.as_mut().poll(context).map(|()| false),
    })
    .await
}

fn failed(action: &'static str, error: UpdateError) -> BackendError {
    BackendError::Failed {
        action,
        transient: matches!(error, UpdateError::Contended { .. }),
        source: error.into(),
    }
}

impl fmt::Debug for LocalBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalBackend")
            .field("store", &self.inner.store)
            .finish_non_exhaustive()
    }
}
