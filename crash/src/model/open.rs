//! Transactions and snapshots of the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::store::Slots;
use super::{Bug, ModelStore};
use crate::history::{Key, Value};
use crate::subject::{Open, Refused, Steps, View};

/// A transaction of the model.
#[derive(Debug)]
pub struct ModelOpen<'s> {
    pub(super) store: &'s ModelStore,
    pub(super) base: u64,
    pub(super) slots: Arc<Slots>,
    /// The version of each key that was read.
    pub(super) reads: BTreeMap<Key, Option<u64>>,
    pub(super) ranges: Vec<(Key, Key)>,
    pub(super) writes: BTreeMap<Key, Option<Value>>,
}

impl ModelOpen<'_> {
    pub(super) fn still_valid(&self, now: &Slots) -> bool {
        let same = |(key, seen): (&Key, &Option<u64>)| {
            let skipped = self.store.has(Bug::SkipReadSet) && !self.writes.contains_key(key);
            skipped || now.get(key).map(|(_, version)| *version) == *seen
        };
        let range = |(from, to): &(Key, Key)| {
            let skipped = self.store.has(Bug::PhantomRange) || self.store.has(Bug::SkipReadSet);
            skipped || now.range(from..to).eq(self.slots.range(from..to))
        };
        self.reads.iter().all(same) && self.ranges.iter().all(range)
    }
}

impl Steps for ModelOpen<'_> {
    fn get(&mut self, key: Key) -> Option<Value> {
        if let Some(own) = self.writes.get(&key) {
            return *own;
        }
        let slot = self.slots.get(&key).copied();
        self.reads.insert(key, slot.map(|(_, version)| version));
        slot.map(|(value, _)| value)
    }

    fn range(&mut self, from: Key, to: Key) -> Vec<(Key, Value)> {
        self.ranges.push((from, to));
        for (key, (_, version)) in self.slots.range(from..to) {
            self.reads.insert(*key, Some(*version));
        }
        let mut seen: BTreeMap<Key, Value> = self
            .slots
            .range(from..to)
            .map(|(key, (value, _))| (*key, *value))
            .collect();
        for (key, value) in self.writes.range(from..to) {
            match value {
                Some(value) => seen.insert(*key, *value),
                None => seen.remove(key),
            };
        }
        seen.into_iter().collect()
    }

    fn put(&mut self, key: Key, value: Value) {
        self.writes.insert(key, Some(value));
    }

    fn remove(&mut self, key: Key) {
        self.writes.insert(key, None);
    }
}

impl Open for ModelOpen<'_> {
    fn commit(self) -> Result<u64, Refused> {
        self.store.commit(&self)
    }
}

/// A snapshot of the model.
#[derive(Debug)]
pub struct ModelView<'s> {
    pub(super) store: &'s ModelStore,
    pub(super) version: u64,
}

impl ModelView<'_> {
    fn slots(&self) -> Arc<Slots> {
        let inner = self.store.lock();
        if self.version > 0 && self.store.has(Bug::UnpinnedGc) {
            // What was thrown away is not there: the next one is read in its place.
            let next = inner.versions.range(self.version..).next();
            return next.map(|(_, slots)| Arc::clone(slots)).unwrap_or_default();
        }
        inner.at(self.version)
    }
}

impl View for ModelView<'_> {
    fn version(&self) -> u64 {
        self.version
    }

    fn get(&self, key: Key) -> Option<Value> {
        self.slots().get(&key).map(|(value, _)| *value)
    }

    fn range(&self, from: Key, to: Key) -> Vec<(Key, Value)> {
        let slots = self.slots();
        let found = slots.range(from..to);
        found.map(|(key, (value, _))| (*key, *value)).collect()
    }
}
