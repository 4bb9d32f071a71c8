//! State with versions: many readers without a lock, many writers without a lost update.
//!
//! This is optimistic concurrency control (Kung & Robinson 1981, "On Optimistic Methods for
//! Concurrency Control") over multiple versions (Bernstein & Goodman 1983): a transaction reads one
//! version, remembers what it has looked at, and is refused at its commit if any of it has changed.
//!
//! - `index` finds the chain of a key, `chain` holds a key's revisions, `pins` knows which versions
//!   are being looked at. Together they are what readers touch, and none of it has a lock.
//! - `sets` is what a transaction has read and written, `commit` puts it in, `rows` is a table from
//!   the writer's side.
//! - `config` is how a store is made, `publish` says what may be seen, `watch` tells of it, `durable` is the way to the disk.

mod bugs;
mod chain;
mod checkpoint;
mod commit;
mod config;
mod durable;
mod ended;
mod error;
mod history;
mod index;
mod inner;
mod pins;
mod publish;
mod quiet;
mod report;
mod retry;
mod rows;
mod sets;
mod snapshot;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod transaction;
mod value;
mod version;
mod watch;

#[cfg(feature = "seeded-bugs")]
pub use bugs::SeededBug;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use commit::Pending;
pub use config::StoreConfig;
pub use error::{
    CommitError, Conflict, ConflictKey, OpenStoreError, StoreError, TableError, UpdateError,
    VersionError,
};
pub use history::History;
pub use report::StoreReport;
pub use snapshot::{Difference, Snapshot};
pub use table::{Table, TableKey, TableValue};
pub use transaction::Transaction;
pub use value::Value;
pub use version::Version;
pub use watch::{Changed, ChangedRow, Changes, Interest, Watch, WatchError};

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sdd::Guard;

use crate::Holder;
use crate::sync::Ordering;
use chain::{Chain, Revision};
use commit::Seen;
use durable::StagedTable;
pub(crate) use ended::Ended;
use index::Index;
use inner::Inner;
use retry::Backoff;
use rows::Rows;
use table::Core;

/// How often [`StateStore::update`] runs its closure before it gives up.
///
/// Each refusal means that another thread has committed, so this bound is met only by a closure
/// that takes far longer than the pauses between the others' commits.
const MAX_ATTEMPTS: usize = 1_000;

/// Tables of rows in which every commit makes a new [`Version`]. A handle: cheap to clone.
#[derive(Clone)]
pub struct StateStore {
    inner: Arc<Inner>,
}

impl StateStore {
    /// An empty store without a disk.
    #[must_use]
    pub fn in_memory() -> Self {
        StoreConfig::default().in_memory()
    }

    /// Opens the store in a folder, and creates both when they are not there. One process holds it,
    /// by its journal's lock, until the last handle and the last snapshot are dropped; whoever comes second
    /// is told who that is.
    ///
    /// The folder is that of a [`Journal`](crate::Journal), with a record for each commit, so
    /// [`verify`](crate::verify) and [`export`](crate::export) work on it. What a crash has torn is
    /// cut off and reported.
    ///
    /// # Errors
    /// [`OpenStoreError`]. Nothing that was acknowledged is changed then, and no row. But the folder and
    /// its lock may have been created, and what a crash has left may have been put in order before the
    /// error: as [`Journal::open`](crate::Journal::open) says, and a checkpoint that nothing vouches for
    /// may have been removed.
    pub fn open(
        folder: impl AsRef<Path>,
        holder: &Holder,
    ) -> Result<(Self, StoreReport), OpenStoreError> {
        StoreConfig::default().open(folder, holder)
    }

    /// Writes all rows of the newest published version into a file, and drops the journal that is
    /// needless then. Commits and readers go on meanwhile; but while the segments that are dropped are
    /// checked and removed, a commit waits for its place on the disk.
    ///
    /// # Errors
    /// [`CheckpointError`]. What was committed is safe in any case.
    pub fn checkpoint(&self) -> Result<Checkpoint, CheckpointError> {
        self.inner.checkpoint()
    }

    /// Returns when everything that was committed so far is on the disk, whatever the
    /// [`Durability`](crate::Durability). In a store without a folder it does nothing.
    ///
    /// # Errors
    /// [`StoreError::Stopped`].
    pub fn flush(&self) -> Result<(), StoreError> {
        match &self.inner.durable {
            Some(durable) => durable
                .journal
                .flush()
                .map_err(|error| self.inner.stop(error)),
            None => Ok(()),
        }
    }

    /// A table by its name, created if it is not there. The same name gives the same table.
    ///
    /// # Errors
    /// [`TableError`] when the table is there with other types.
    pub fn table<K: TableKey, V: TableValue>(&self, name: &str) -> Result<Table<K, V>, TableError> {
        let staged = {
            let state = self.inner.lock();
            if let Some(table) = opened(&state, name) {
                return table;
            }
            state.staged.get(name).map(Arc::clone)
        };
        // Without the lock: it may take long, and runs the code of the types. The rows stay as they are
        // meanwhile, for to change them takes a table.
        let index = match &staged {
            Some(staged) => typed(name, staged)?,
            None => Index::new(),
        };
        let mut state = self.inner.lock();
        // Somebody else may have been faster.
        if let Some(table) = opened(&state, name) {
            return table;
        }
        let core = Core::new(self.inner.id, state.tables.len(), name, index);
        state.staged.remove(name);
        let core = Arc::new(core);
        if let Some(durable) = &self.inner.durable {
            durable.name(&core.name);
        }
        let rows = Rows::new(Arc::clone(&core));
        state.tables.push(Box::new(rows));
        Ok(Table(core))
    }

    /// The newest version that is as durable as it is to be. Taking it waits for nobody.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(&self.inner, self.inner.pin_published())
    }

    /// An older version, if it is still kept: see [`History`]. A version whose snapshot somebody
    /// holds can be had from [`Snapshot::clone`] alone.
    ///
    /// # Errors
    /// [`VersionError`] when it is not kept, or not there yet.
    pub fn snapshot_at(&self, version: Version) -> Result<Snapshot, VersionError> {
        let newest = Version(self.inner.publisher.published());
        if version > newest {
            return Err(VersionError::Future { version, newest });
        }
        match self.inner.pins.pin_past(version.0, &self.inner.floor) {
            Some(pin) => Ok(Snapshot::new(&self.inner, pin)),
            None => Err(VersionError::Dropped {
                version,
                oldest: Version(self.inner.floor.load(Ordering::SeqCst)),
            }),
        }
    }

    /// Starts a transaction on the newest published version.
    #[must_use]
    pub fn begin(&self) -> Transaction<'_> {
        Transaction::new(&self.inner, self.inner.pin_published())
    }

    /// Runs a closure in a transaction and commits it; again from the start, on the newest state,
    /// when another commit has changed what it read. Returns when the commit is as durable as it is to
    /// be.
    ///
    /// The closure may run many times, and may see commits that are not on the disk yet. So it must do
    /// nothing but read and write its transaction.
    ///
    /// # Errors
    /// [`UpdateError::Contended`] after a thousand attempts; [`UpdateError::Store`] when the store
    /// has stopped.
    pub fn update<T>(
        &self,
        mut change: impl FnMut(&mut Transaction<'_>) -> T,
    ) -> Result<(T, Version), UpdateError> {
        let (value, pending) = self.submit_update(|tx| Ok::<_, UpdateError>(change(tx)))?;
        Ok((value, wait(pending)?))
    }

    /// As [`update`](Self::update), for a closure that may refuse: its error is returned, and nothing
    /// is written. As it may have been drawn from commits that are on their way to the disk, it is
    /// returned when these are there; and if they fail, that is returned in its place.
    ///
    /// # Errors
    /// The closure's own, and those of [`update`](Self::update).
    pub fn try_update<T, E: From<UpdateError>>(
        &self,
        change: impl FnMut(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<(T, Version), E> {
        let (value, pending) = self.submit_update(change)?;
        Ok((value, wait(pending)?))
    }

    /// As [`try_update`](Self::try_update), but does not wait for the disk: the [`Pending`] that is
    /// returned does, or is awaited. Where the closure refuses there is none, and so its error is waited
    /// for as in [`try_update`](Self::try_update).
    ///
    /// # Errors
    /// As [`try_update`](Self::try_update).
    pub fn submit_update<T, E: From<UpdateError>>(
        &self,
        mut change: impl FnMut(&mut Transaction<'_>) -> Result<T, E>,
    ) -> Result<(T, Pending), E> {
        let mut backoff = Backoff::default();
        for _ in 0..MAX_ATTEMPTS {
            let pin = self.inner.pin_latest();
            let mut tx = Transaction::new(&self.inner, pin);
            let value = match change(&mut tx) {
                Ok(value) => value,
                Err(refused) => {
                    let base = tx.base();
                    // Nothing is to be kept in memory while the disk is waited for.
                    drop(tx);
                    wait(self.inner.read_only(base.0))?;
                    return Err(refused);
                }
            };
            match tx.submit_unnamed() {
                Ok(pending) => return Ok((value, pending)),
                Err(CommitError::Conflict(_)) => backoff.wait(),
                Err(CommitError::Store(error)) => return Err(UpdateError::Store(error).into()),
            }
        }
        Err(UpdateError::Contended {
            attempts: MAX_ATTEMPTS,
        }
        .into())
    }

    /// Changes one key: the closure gets its value and says what it is to be, or that it is to be
    /// taken away. As [`update`](Self::update), but without a transaction, and so cheaper.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn modify<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        key: &K,
        change: impl FnMut(Option<&V>) -> Option<V>,
    ) -> Result<Version, UpdateError> {
        wait(self.submit_modify(table, key, change)?)
    }

    /// As [`modify`](Self::modify), but does not wait for the disk: the [`Pending`] that is returned
    /// does, or is awaited.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn submit_modify<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        key: &K,
        mut change: impl FnMut(Option<&V>) -> Option<V>,
    ) -> Result<Pending, UpdateError> {
        self.inner.owns(table);
        let mut backoff = Backoff::default();
        for _ in 0..MAX_ATTEMPTS {
            self.inner.make_room();
            // The newest revision needs no pin: it is dropped only when there is a newer one, and
            // the guard keeps it in memory.
            let guard = Guard::new();
            let chain = table.0.chain(key, &guard);
            let newest = chain.and_then(|chain| chain.newest(&guard));
            let seen = Seen {
                chain,
                version: newest.map_or(0, Revision::version),
            };
            let value = change(newest.and_then(|newest| newest.value.as_ref()));
            let revision = Revision::new(value);
            let committed = self.inner.commit_one(table, key, seen, revision, &guard)?;
            if let Some(pending) = committed {
                return Ok(pending);
            }
            drop(guard);
            backoff.wait();
        }
        Err(UpdateError::Contended {
            attempts: MAX_ATTEMPTS,
        })
    }

    /// Watches a table from now on: the snapshot is what was there, and the watcher tells of every
    /// commit after it. Its queue holds the changes of `capacity` commits, and of one at least.
    ///
    /// Where commits are on their way to the disk, the keys of its interest are looked through, and
    /// nobody commits meanwhile.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn watch<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        interest: Interest<K>,
        capacity: usize,
    ) -> (Snapshot, Watch<K, V>) {
        let mut state = self.inner.lock();
        let snapshot = self.snapshot();
        let watch = self.register(&mut state, table, interest, capacity, snapshot.version());
        (snapshot, watch)
    }

    /// Watches a table from an older version on, if all that has happened since is still kept: see
    /// [`History`]. Every key of its interest is looked at, and nobody commits meanwhile.
    ///
    /// # Errors
    /// [`VersionError`] when it is not; take a snapshot, and [`watch`](Self::watch) from there.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn watch_from<K: TableKey, V: TableValue>(
        &self,
        table: &Table<K, V>,
        interest: Interest<K>,
        capacity: usize,
        version: Version,
    ) -> Result<Watch<K, V>, VersionError> {
        let mut state = self.inner.lock();
        // The floor is raised under this lock alone, so what is there now stays until it is read.
        let _there = self.snapshot_at(version)?;
        Ok(self.register(&mut state, table, interest, capacity, version))
    }

    fn register<K: TableKey, V: TableValue>(
        &self,
        state: &mut inner::State,
        table: &Table<K, V>,
        interest: Interest<K>,
        capacity: usize,
        from: Version,
    ) -> Watch<K, V> {
        self.inner.owns(table);
        let watch = Watch::new(&self.inner, table, interest, capacity, from.0);
        let guard = Guard::new();
        // What was committed since, from the chains: some of it may not be published yet.
        let mut missed: BTreeMap<u64, Vec<ChangedRow<K, V>>> = BTreeMap::new();
        if self.inner.latest.load(Ordering::Relaxed) > from.0 {
            for (key, chain) in watch.within(table.0.index(&guard)) {
                for (version, value) in chain.since(from.0, &guard) {
                    let row = (key.clone(), Value::new(value));
                    missed.entry(version).or_default().push(row);
                }
            }
        }
        let inner::State {
            tables, to_wake, ..
        } = state;
        if let Some(rows) = tables[table.0.id].as_any_mut().downcast_mut::<Rows<K, V>>() {
            watch.register(&mut rows.watchers, missed, &self.inner.publisher, to_wake);
        }
        // If a commit was broken off, this finds out, and tells the new watcher with the others.
        let _ = state.check();
        watch
    }

    /// A future that is ready when the store has stopped.
    pub(crate) fn ended(&self) -> Ended {
        Ended::of(&self.inner.publisher)
    }

    /// Drops now what nobody can ask for any more. Commits and snapshots that end do this by and by;
    /// it is of use when there are none.
    pub fn collect(&self) {
        self.inner.sweep_all();
        // The memory is free when every reader of this process has moved on, twice.
        for _ in 0..8 {
            Guard::new().accelerate();
        }
    }
}

/// The table of a name, if it is open.
fn opened<K: TableKey, V: TableValue>(
    state: &inner::State,
    name: &str,
) -> Option<Result<Table<K, V>, TableError>> {
    let rows = state.tables.iter().find(|rows| &**rows.name() == name)?;
    Some(match rows.core().into_any().downcast::<Core<K, V>>() {
        Ok(core) => Ok(Table(core)),
        Err(_) => Err(TableError::OtherTypes {
            table: name.to_owned(),
            open: rows.types(),
            asked: std::any::type_name::<(K, V)>(),
        }),
    })
}

/// Gives rows from the disk their types.
fn typed<K: TableKey, V: TableValue>(
    table: &str,
    staged: &StagedTable,
) -> Result<Index<K, Arc<Chain<V>>>, TableError> {
    let mut index = Index::new();
    let guard = Guard::new();
    // Two texts can be one key, if its serde form has changed meanwhile. The later one is the row.
    let mut rows: Vec<_> = staged.iter().collect();
    rows.sort_by_key(|(_, (version, _))| *version);
    for (key, (version, value)) in rows {
        let failed = |source| TableError::Row {
            table: table.to_owned(),
            key: key.clone(),
            source,
        };
        let value = serde_json::from_str(value).map_err(failed)?;
        let typed_key = serde_json::from_str(key).map_err(failed)?;
        let chain = Chain::new();
        let revision = Revision::new(Some(value));
        let _first = chain.push(revision, *version, &pins::Horizon::default(), &guard);
        index.insert(typed_key, Arc::new(chain));
    }
    Ok(index)
}

fn wait(pending: Pending) -> Result<Version, UpdateError> {
    pending.wait().map_err(|error| match error {
        CommitError::Store(error) => UpdateError::Store(error),
        CommitError::Conflict(_) => unreachable!("a commit that is under way was not refused"),
    })
}

impl Default for StateStore {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl fmt::Debug for StateStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateStore")
            .field("published", &Version(self.inner.publisher.published()))
            .finish_non_exhaustive()
    }
}
