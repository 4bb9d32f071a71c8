//! The one place where the state changes: check what was read, install what was written, publish.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use sdd::Guard;

use super::Version;
use super::bugs::SeededBug;
use super::chain::{Chain, Revision};
use super::error::{CommitError, Conflict, StoreError};
use super::inner::{Inner, Locked, State};
use super::publish::Publisher;
use super::rows::{AnyRows, Install, Installed, Rows};
use super::sets::AnySets;
use super::table::{Table, TableKey, TableValue};
use super::transaction::Small;
use crate::Ticket;
use crate::sync::{MutexGuard, Ordering};
use crate::wake::ToWake;

/// What a transaction has read and written, by the number of the table.
pub(super) type TableSets = Small<(usize, Box<dyn AnySets>)>;

/// A commit that is in its place among all commits, and on its way to the disk.
///
/// Wait for it with [`wait`](Self::wait), or await it. Dropping it takes nothing back: the commit
/// takes place, and only its acknowledgement is not waited for.
#[must_use = "a commit is not acknowledged before it was waited for"]
pub struct Pending {
    version: Version,
    ticket: Option<(Arc<Inner>, Ticket)>,
}

impl Pending {
    fn done(version: u64) -> Self {
        Self {
            version: Version(version),
            ticket: None,
        }
    }

    /// The version that it makes.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Returns when the commit is as durable as it is to be.
    ///
    /// # Errors
    /// [`CommitError::Store`] when the journal has stopped. The commit may be on the disk or not.
    pub fn wait(self) -> Result<Version, CommitError> {
        if let Some((store, ticket)) = self.ticket {
            ticket.wait().map_err(|error| store.stop(error))?;
        }
        Ok(self.version)
    }
}

impl Future for Pending {
    type Output = Result<Version, CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some((store, ticket)) = &mut self.ticket {
            let result = ready!(Pin::new(ticket).poll(context));
            result.map_err(|error| store.stop(error))?;
        }
        Poll::Ready(Ok(self.version))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("version", &self.version)
            .field("acknowledged", &self.ticket.is_none())
            .finish()
    }
}

/// What the change of one key was made from.
pub(super) struct Seen<'g, V: 'static> {
    /// The key's chain, if it has one.
    pub(super) chain: Option<&'g Arc<Chain<V>>>,
    /// The version of its newest revision.
    pub(super) version: u64,
}

/// A commit whose writes are in.
struct Put {
    version: u64,
    /// Whether a chain has got long.
    deep: bool,
    /// Whether watchers have to be told.
    watched: bool,
}

impl Put {
    fn new(version: u64) -> Self {
        Self {
            version,
            deep: false,
            watched: false,
        }
    }

    fn add(&mut self, publisher: &Publisher, installed: Installed) {
        self.deep |= installed.deep;
        if let Some(deliver) = installed.deliver {
            self.watched = true;
            publisher.deliver_later(self.version, deliver);
        }
    }
}

impl Inner {
    /// Commits what a transaction on version `base` has done.
    ///
    /// It waits for room first, and calls wakers at its end; unless the caller holds a lock of its own, has
    /// waited before, and takes the wakers to call them later.
    pub(super) fn commit(
        self: &Arc<Self>,
        base: u64,
        mut sets: TableSets,
        named: bool,
        quiet: Option<&mut ToWake>,
    ) -> Result<Pending, CommitError> {
        if sets.iter().all(|(_, sets)| sets.writes_nothing()) {
            return Ok(self.read_only(base));
        }
        let record = match &self.durable {
            Some(durable) => Some(durable.encode(&sets)?),
            None => None,
        };
        if quiet.is_none() {
            self.make_room();
        }
        let mut state = self.lock_to_commit();
        if !state.is_sound() {
            return Err(refused(state, quiet).into());
        }
        let guard = Guard::new();
        if let Err(conflict) = self.validate(&state, base, &sets, named) {
            if self.bug == Some(SeededBug::RepeatCommit) {
                self.install(&mut state, &mut sets, &guard);
            }
            return Err(conflict.into());
        }
        let put = self.install(&mut state, &mut sets, &guard);
        Ok(self.conclude(state, &guard, &put, record.as_deref(), quiet)?)
    }

    /// Commits a change of one key, if its newest revision is still the one that was seen. `None` if
    /// it is not.
    pub(super) fn commit_one<K: TableKey, V: TableValue>(
        self: &Arc<Self>,
        table: &Table<K, V>,
        key: &K,
        seen: Seen<'_, V>,
        revision: sdd::Shared<Revision<V>>,
        guard: &Guard,
    ) -> Result<Option<Pending>, StoreError> {
        let record = match &self.durable {
            Some(durable) => Some(durable.encode_one(&table.0.name, key, &revision)?),
            None => None,
        };
        let mut state = self.lock_to_commit();
        if !state.is_sound() {
            return Err(refused(state, None));
        }
        let unchanged = match seen.chain {
            Some(chain) => {
                let newest = chain.newest(guard).map_or(0, Revision::version);
                newest == seen.version && !chain.is_retired(guard)
            }
            None => table.0.chain(key, guard).is_none(),
        };
        let chain = match self.bug {
            Some(SeededBug::DropValidation) => table.0.chain(key, guard),
            _ if !unchanged => return Ok(None),
            _ => seen.chain,
        };
        let (install, tables) = self.begin_install(&mut state, guard);
        let mut put = Put::new(install.version);
        if let Some(rows) = tables[table.0.id].as_any_mut().downcast_mut::<Rows<K, V>>() {
            let installed = rows.install_one(key, chain, revision, &install);
            put.add(&self.publisher, installed);
        }
        state.installing = false;
        self.conclude(state, guard, &put, record.as_deref(), None)
            .map(Some)
    }

    /// Ends a commit whose writes are in, and lets go of the lock. The wakers are called, or left to
    /// `quiet`.
    fn conclude(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        guard: &Guard,
        put: &Put,
        record: Option<&[u8]>,
        quiet: Option<&mut ToWake>,
    ) -> Result<Pending, StoreError> {
        if let Some(to_wake) = quiet {
            let mut state = Locked::new(state);
            let known = self.make_known(&mut state, guard, put, record);
            to_wake.absorb(state.unlock());
            known
        } else if put.watched || record.is_some() {
            // It may find somebody to wake.
            self.make_known(&mut Locked::new(state), guard, put, record)
        } else {
            self.make_known(&mut state, guard, put, record)
        }
    }

    /// Gives a commit its place in the journal, or publishes it.
    #[inline]
    fn make_known(
        self: &Arc<Self>,
        state: &mut State,
        guard: &Guard,
        put: &Put,
        record: Option<&[u8]>,
    ) -> Result<Pending, StoreError> {
        let version = put.version;
        let ticket = match (&self.durable, record) {
            (Some(durable), Some(record)) => match durable.submit(record, version) {
                Ok(ticket) => Some((Arc::clone(self), ticket)),
                // Still under the lock: the next commit would make the version that this one has not.
                Err(error) => return Err(state.stop(error)),
            },
            _ => {
                let late = u64::from(self.bug == Some(SeededBug::LatePublish));
                self.publisher.publish(version - late);
                if put.watched {
                    self.publisher.deliver(&mut state.to_wake);
                }
                None
            }
        };
        self.latest.store(version, Ordering::Release);
        self.tend(state, guard, put.deep);
        Ok(Pending {
            version: Version(version),
            ticket,
        })
    }

    /// Nothing is written. But what was read may be on its way to the disk still.
    pub(super) fn read_only(self: &Arc<Self>, base: u64) -> Pending {
        match &self.durable {
            Some(durable) if self.publisher.published() < base => Pending {
                version: Version(base),
                ticket: Some((Arc::clone(self), durable.journal.last_ticket())),
            },
            _ => Pending::done(base),
        }
    }

    fn validate(
        &self,
        state: &State,
        base: u64,
        sets: &TableSets,
        named: bool,
    ) -> Result<(), Conflict> {
        // Nobody has committed since, so nothing can have changed.
        if self.latest.load(Ordering::Relaxed) == base
            || self.bug == Some(SeededBug::DropValidation)
        {
            return Ok(());
        }
        let mut keys = Vec::new();
        let mut unchanged = true;
        for (table, sets) in sets {
            let names = named.then_some(&mut keys);
            unchanged &= state.tables[*table].is_unchanged(&**sets, base, self.bug, names);
            if !unchanged && !named {
                break;
            }
        }
        if unchanged {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        Err(Conflict {
            base: Version(base),
            keys,
        })
    }

    /// Puts the writes in as the next version.
    fn install(&self, state: &mut State, sets: &mut TableSets, guard: &Guard) -> Put {
        let (install, tables) = self.begin_install(state, guard);
        let mut put = Put::new(install.version);
        for (at, (table, sets)) in sets.drain(..).enumerate() {
            if self.bug == Some(SeededBug::LostWrite) && put.version.is_multiple_of(7) {
                continue;
            }
            if self.bug == Some(SeededBug::TornMultiKey) && at == 1 {
                self.publisher.publish(put.version);
                std::thread::yield_now();
            }
            put.add(&self.publisher, tables[table].install(sets, &install));
        }
        state.installing = false;
        put
    }

    /// From here on the next version is being put in.
    fn begin_install<'a>(
        &self,
        state: &'a mut State,
        guard: &'a Guard,
    ) -> (Install<'a>, &'a mut [Box<dyn AnyRows>]) {
        let version = self.latest.load(Ordering::Relaxed) + 1;
        if self.bug == Some(SeededBug::EarlyPublish) {
            self.publisher.publish(version);
            std::thread::yield_now();
        }
        state.installing = true;
        // Versions that are not published cannot be dropped, so a chain may have as many as these.
        let waiting = version - self.publisher.published().min(version);
        let State {
            tables, horizon, ..
        } = state;
        let kept = horizon.pinned.len() as u64 + waiting;
        let install = Install {
            version,
            guard,
            deep: 8 + 2 * u32::try_from(kept).unwrap_or(u32::MAX / 4),
            horizon,
        };
        (install, tables)
    }

    /// Notes that the journal has stopped, and tells everyone who waits for changes.
    pub(super) fn stop(&self, error: crate::AppendError) -> StoreError {
        self.lock().stop(error)
    }
}

/// Says why nothing can be committed. The first who asks may have watchers to tell.
#[cold]
fn refused(state: MutexGuard<'_, State>, quiet: Option<&mut ToWake>) -> StoreError {
    let mut state = Locked::new(state);
    let checked = state.check();
    if let Some(to_wake) = quiet {
        to_wake.absorb(state.unlock());
    }
    match checked {
        Err(error) => error,
        Ok(()) => unreachable!("a state that is not sound has a reason"),
    }
}

impl State {
    pub(super) fn stop(&mut self, error: crate::AppendError) -> StoreError {
        let error = StoreError::Stopped {
            source: Arc::new(error),
        };
        let error = self.stopped.get_or_insert(error).clone();
        self.publisher.close(&mut self.to_wake);
        error
    }

    /// Whether nothing has stopped the store, nor was broken off.
    fn is_sound(&self) -> bool {
        !self.installing && self.stopped.is_none()
    }

    /// Whether anything can be committed.
    pub(super) fn check(&mut self) -> Result<(), StoreError> {
        if self.installing && self.stopped.is_none() {
            self.stopped = Some(StoreError::Panicked);
            self.publisher.close(&mut self.to_wake);
        }
        match &self.stopped {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}
