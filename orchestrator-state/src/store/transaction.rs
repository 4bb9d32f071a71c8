//! A transaction: reads of one version, writes that nobody sees until the commit.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use sdd::Guard;
use smallvec::SmallVec;

use super::chain::Revision;
use super::commit::{Pending, TableSets};
use super::error::CommitError;
use super::inner::Inner;
use super::pins::Pin;
use super::sets::Sets;
use super::table::{Table, TableKey, TableValue, bounds};
use super::{Value, Version};
use crate::wake::ToWake;

/// Reads and writes that are committed together or not at all. Dropping it leaves no trace.
///
/// Transactions are serializable: a commit succeeds only if everything that the transaction has
/// read, ranges included, is still as it was. It is meant to be short: no old version is freed while
/// it is there, and the longer it lasts the likelier it is to be overtaken. It stays on its thread.
pub struct Transaction<'s> {
    store: &'s Arc<Inner>,
    pin: Pin,
    /// Reading must not need `&mut self`, or two values could not be compared in one expression.
    sets: RefCell<TableSets>,
    /// Keeps what was read in memory, without counting owners.
    guard: Guard,
}

impl<'s> Transaction<'s> {
    /// A transaction on a version that is pinned already.
    pub(super) fn new(store: &'s Arc<Inner>, pin: Pin) -> Self {
        Self {
            store,
            pin,
            sets: RefCell::default(),
            guard: Guard::new(),
        }
    }

    /// The version that it reads.
    #[must_use]
    pub fn base(&self) -> Version {
        Version(self.pin.version)
    }

    /// The value of a key: what this transaction has written, or else what its version has. The
    /// commit is refused if the key has changed by then. That no value was there counts as read too.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn get<K, V, Q>(&self, table: &Table<K, V>, key: &Q) -> Option<Value<V>>
    where
        K: TableKey + Borrow<Q>,
        V: TableValue,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        self.with_sets(table, |sets| {
            if let Some(written) = sets.writes.get(key) {
                return Value::new(written.clone());
            }
            sets.read(key.to_owned());
            let chain = table.0.chain(key, &self.guard)?;
            Value::new(chain.shared_at(self.pin.version, &self.guard)?)
        })
    }

    /// As [`get`](Self::get), by reference: cheaper, but it cannot outlast the next write.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn get_ref<K, V, Q>(&self, table: &Table<K, V>, key: &Q) -> Option<&V>
    where
        K: TableKey + Borrow<Q>,
        V: TableValue,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let guard = &self.guard;
        let revision = self.with_sets(table, |sets| {
            if let Some(written) = sets.writes.get(key) {
                return Some(written.get_guarded_ref(guard));
            }
            sets.read(key.to_owned());
            table.0.chain(key, guard)?.at(self.pin.version, guard)
        })?;
        revision.value.as_ref()
    }

    /// All rows with a key in the range, in the order of the keys. The commit is refused if by then
    /// one of them has changed, is gone, or has got company.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn range<K, V, R>(&self, table: &Table<K, V>, range: R) -> Vec<(K, Value<V>)>
    where
        K: TableKey,
        V: TableValue,
        R: RangeBounds<K>,
    {
        self.with_sets(table, |sets| {
            let (from, to) = bounds(&range);
            sets.ranges.push((from.cloned(), to.cloned()));
            let guard = &self.guard;
            let index = table.0.index(guard);
            let mut written = sets.writes.within(&range).into_iter().peekable();
            let mut rows = Vec::new();
            let mut add = |key: K, revision| {
                if let Some(value) = Value::new(revision) {
                    rows.push((key, value));
                }
            };
            for (key, chain) in index.range(from, to) {
                while let Some((own, revision)) = written.next_if(|(own, _)| own < key) {
                    add(own, revision);
                }
                if let Some((own, revision)) = written.next_if(|(own, _)| own == key) {
                    add(own, revision);
                } else if let Some(revision) = chain.shared_at(self.pin.version, guard) {
                    add(key.clone(), revision);
                }
            }
            for (own, revision) in written {
                add(own, revision);
            }
            rows
        })
    }

    /// Sets the value of a key. Without a [`get`](Self::get) of the same key this is blind: it
    /// overwrites whatever is there at the commit.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn put<K: TableKey, V: TableValue>(&mut self, table: &Table<K, V>, key: K, value: V) {
        self.write(table, key, Some(value));
    }

    /// Takes a key away. As blind as [`put`](Self::put).
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn remove<K: TableKey, V: TableValue>(&mut self, table: &Table<K, V>, key: K) {
        self.write(table, key, None);
    }

    fn write<K: TableKey, V: TableValue>(&self, table: &Table<K, V>, key: K, value: Option<V>) {
        self.with_sets(table, |sets| sets.writes.put(key, Revision::new(value)));
    }

    /// Makes the writes visible, all at once, as one new version, and returns when that is as
    /// durable as the store's [`Durability`](crate::Durability) says.
    ///
    /// Without writes there is nothing to refuse: what was read is one version, and that version is
    /// returned.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when something that was read has changed; nothing is written then.
    /// Anything else means that the store has stopped.
    pub fn commit(self) -> Result<Version, CommitError> {
        self.submit()?.wait()
    }

    /// As [`commit`](Self::commit), but does not wait for the disk: the [`Pending`] that is returned
    /// does, or is awaited.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn submit(self) -> Result<Pending, CommitError> {
        let sets = self.sets.take();
        self.store.commit(self.pin.version, sets, true, None)
    }

    /// As [`submit`](Self::submit), without the names of the keys that are in conflict.
    pub(super) fn submit_unnamed(self) -> Result<Pending, CommitError> {
        let sets = self.sets.take();
        self.store.commit(self.pin.version, sets, false, None)
    }

    /// As that, under a lock of the caller's: it waits for no room, and leaves the wakers to the caller.
    pub(super) fn submit_quietly(self, to_wake: &mut ToWake) -> Result<Pending, CommitError> {
        let sets = self.sets.take();
        self.store
            .commit(self.pin.version, sets, false, Some(to_wake))
    }

    fn with_sets<K: TableKey, V: TableValue, T>(
        &self,
        table: &Table<K, V>,
        run: impl FnOnce(&mut Sets<K, V>) -> T,
    ) -> T {
        self.store.owns(table);
        let mut all = self.sets.borrow_mut();
        let found = all.iter().position(|(id, _)| *id == table.0.id);
        let at = found.unwrap_or_else(|| {
            all.push((table.0.id, Box::new(Sets::<K, V>::new())));
            all.len() - 1
        });
        match all[at].1.as_any_mut().downcast_mut() {
            Some(sets) => run(sets),
            None => unreachable!("a table's number stands for its types"),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.store.pins.release(&self.pin) {
            self.store.try_sweep();
        }
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("base", &self.base())
            .finish_non_exhaustive()
    }
}

/// Owned bounds, for the range of a read that is looked at again at the commit.
pub(super) fn as_refs<K>(range: &(Bound<K>, Bound<K>)) -> (Bound<&K>, Bound<&K>) {
    (range.0.as_ref(), range.1.as_ref())
}

/// The type under [`TableSets`], so that its module need not name it.
pub(super) type Small<T> = SmallVec<[T; 1]>;
