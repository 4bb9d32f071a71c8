//! What a transaction has read and written in one table.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};

use sdd::Shared;
use smallvec::SmallVec;

use super::chain::Revision;
use super::error::StoreError;
use super::table::{TableKey, TableValue};

/// How many writes are kept in a row before they are put into a tree.
const FEW: usize = 16;

/// The reads and the writes of a transaction in one table.
pub(super) struct Sets<K, V: 'static> {
    /// Keys that were looked for, found or not.
    pub(super) reads: SmallVec<[K; 2]>,
    /// Ranges that were walked.
    pub(super) ranges: Vec<(Bound<K>, Bound<K>)>,
    pub(super) writes: Writes<K, V>,
    /// How many reads there may be before they are sorted and freed of doubles.
    tidy_at: usize,
}

/// Writes by key, in order. Nearly always there are few.
pub(super) enum Writes<K, V: 'static> {
    Few(SmallVec<[(K, Shared<Revision<V>>); 2]>),
    Many(BTreeMap<K, Shared<Revision<V>>>),
}

/// The sets of a table whose types are not known.
pub(super) trait AnySets {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
    fn writes_nothing(&self) -> bool;
    /// Appends each write as `,["table",key,value]`, or without a value where it takes a row away.
    fn encode(&self, table: &str, out: &mut Vec<u8>) -> Result<(), StoreError>;
}

impl<K: TableKey, V: TableValue> Sets<K, V> {
    pub(super) fn new() -> Self {
        Self {
            reads: SmallVec::new(),
            ranges: Vec::new(),
            writes: Writes::default(),
            tidy_at: 64,
        }
    }

    pub(super) fn read(&mut self, key: K) {
        if self.reads.last() == Some(&key) {
            return;
        }
        if self.reads.len() >= self.tidy_at {
            self.reads.sort_unstable();
            self.reads.dedup();
            self.tidy_at = (self.reads.len() * 2).max(64);
        }
        self.reads.push(key);
    }
}

impl<K, V: 'static> Default for Writes<K, V> {
    fn default() -> Self {
        Self::Few(SmallVec::new())
    }
}

impl<K: Ord, V: 'static> Writes<K, V> {
    pub(super) fn get<Q>(&self, key: &Q) -> Option<&Shared<Revision<V>>>
    where
        K: std::borrow::Borrow<Q>,
        Q: Ord + ?Sized,
    {
        match self {
            Self::Few(few) => few
                .iter()
                .find(|(other, _)| other.borrow() == key)
                .map(|(_, revision)| revision),
            Self::Many(many) => many.get(key),
        }
    }

    pub(super) fn put(&mut self, key: K, revision: Shared<Revision<V>>) {
        match self {
            Self::Few(few) => match few.binary_search_by(|(other, _)| other.cmp(&key)) {
                Ok(at) => few[at].1 = revision,
                Err(at) if few.len() < FEW => few.insert(at, (key, revision)),
                Err(_) => {
                    let mut many: BTreeMap<_, _> = few.drain(..).collect();
                    many.insert(key, revision);
                    *self = Self::Many(many);
                }
            },
            Self::Many(many) => {
                many.insert(key, revision);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Few(few) => few.is_empty(),
            Self::Many(many) => many.is_empty(),
        }
    }

    /// Calls a function with each write, in the order of the keys.
    pub(super) fn try_for_each<E>(
        &self,
        mut each: impl FnMut(&K, &Shared<Revision<V>>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Few(few) => few.iter().try_for_each(|(key, value)| each(key, value)),
            Self::Many(many) => many.iter().try_for_each(|(key, value)| each(key, value)),
        }
    }

    /// The writes within a range, in the order of the keys.
    pub(super) fn within<R: RangeBounds<K>>(&self, range: &R) -> Vec<(K, Shared<Revision<V>>)>
    where
        K: Clone,
    {
        match self {
            Self::Few(few) => few
                .iter()
                .filter(|(key, _)| range.contains(key))
                .cloned()
                .collect(),
            Self::Many(many) => many
                .iter()
                .filter(|(key, _)| range.contains(key))
                .map(|(key, revision)| (key.clone(), revision.clone()))
                .collect(),
        }
    }

    /// Hands each write over, in the order of the keys.
    pub(super) fn drain(self, mut each: impl FnMut(K, Shared<Revision<V>>)) {
        match self {
            Self::Few(few) => few.into_iter().for_each(|(key, value)| each(key, value)),
            Self::Many(many) => many.into_iter().for_each(|(key, value)| each(key, value)),
        }
    }
}

impl<K: TableKey, V: TableValue> AnySets for Sets<K, V> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }

    fn writes_nothing(&self) -> bool {
        self.writes.is_empty()
    }

    fn encode(&self, table: &str, out: &mut Vec<u8>) -> Result<(), StoreError> {
        self.writes
            .try_for_each(|key, revision| encode_write(table, key, revision, out))
    }
}

/// Appends a write as `,["table",key,value]`, or without a value where it takes a row away.
pub(super) fn encode_write<K: TableKey, V: TableValue>(
    table: &str,
    key: &K,
    revision: &Revision<V>,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let failed = |source: serde_json::Error| StoreError::Encode {
        table: table.to_owned(),
        source: source.into(),
    };
    out.extend_from_slice(b",[");
    serde_json::to_writer(&mut *out, table).map_err(failed)?;
    out.push(b',');
    serde_json::to_writer(&mut *out, key).map_err(failed)?;
    if let Some(value) = &revision.value {
        out.push(b',');
        serde_json::to_writer(&mut *out, value).map_err(failed)?;
    }
    out.push(b']');
    Ok(())
}
