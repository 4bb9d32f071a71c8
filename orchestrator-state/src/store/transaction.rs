//! A transaction: reads from one snapshot, writes that nobody sees until the commit.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use thiserror::Error;

use super::{Snapshot, StateStore, Version};

/// Reads and writes that are committed together or not at all. Dropping it leaves no trace.
#[derive(Debug)]
pub struct Transaction<'s, K, V> {
    store: &'s StateStore<K, V>,
    base: Snapshot<K, V>,
    /// What was read, and the version that was seen. Reading must not need `&mut self`, or two
    /// values could not be held at once.
    reads: RefCell<BTreeMap<K, Option<Version>>>,
    writes: BTreeMap<K, Option<V>>,
}

/// A commit was refused: these keys have changed since the transaction read them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} of the keys that were read have been changed since; read them again", keys.len())]
pub struct Conflict<K> {
    /// The keys, in order.
    pub keys: Vec<K>,
}

impl<'s, K, V> Transaction<'s, K, V>
where
    K: Ord + Clone,
{
    pub(super) fn new(store: &'s StateStore<K, V>, base: Snapshot<K, V>) -> Self {
        Self {
            store,
            base,
            reads: RefCell::default(),
            writes: BTreeMap::new(),
        }
    }

    /// The version that it reads from.
    #[must_use]
    pub fn base(&self) -> Version {
        self.base.version()
    }

    /// The value of a key: what this transaction has written, or else what the snapshot has. The
    /// commit is refused if the key has changed by then. That no value was there counts as read too.
    #[must_use]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(written) = self.writes.get(key) {
            return written.as_ref();
        }
        let mut reads = self.reads.borrow_mut();
        if !reads.contains_key(key) {
            reads.insert(key.to_owned(), self.base.version_of(key));
        }
        self.base.get(key)
    }

    /// Sets the value of a key. Without a [`get`](Self::get) of the same key this is blind: it
    /// overwrites whatever is there at the commit.
    pub fn put(&mut self, key: K, value: V) {
        self.writes.insert(key, Some(value));
    }

    /// Takes a key away. As blind as [`put`](Self::put).
    pub fn remove(&mut self, key: K) {
        self.writes.insert(key, None);
    }

    /// Makes the writes visible, all at once, as one new version.
    ///
    /// Without writes there is nothing to refuse: what was read is one consistent version, and
    /// that version is returned.
    ///
    /// # Errors
    /// [`Conflict`] when a key that was read has changed.
    pub fn commit(self) -> Result<Version, Conflict<K>> {
        if self.writes.is_empty() {
            return Ok(self.base.version());
        }
        self.store.publish(self.reads.into_inner(), self.writes)
    }
}
