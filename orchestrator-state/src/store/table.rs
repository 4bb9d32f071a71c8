//! Tables: what the store's keys and values are, by type.

use std::any::Any;
use std::borrow::Borrow;
use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use sdd::{AtomicShared, Guard};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::chain::Chain;
use super::index::Index;

/// What a table's keys are: ordered, and of a JSON form by which the journal names them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a table",
    note = "keys need `Ord`, `Clone`, `Send`, `Sync`, serde's `Serialize` and `Deserialize`, and no borrowed parts"
)]
pub trait TableKey: Ord + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Ord + Clone + Serialize + DeserializeOwned + Send + Sync + 'static> TableKey for T {}

/// What a table's values are: anything of a JSON form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the value of a table",
    note = "values need `Send`, `Sync`, serde's `Serialize` and `Deserialize`, and no borrowed parts"
)]
pub trait TableValue: Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> TableValue for T {}

/// A table of a store: which rows a read or a write is about. Cheap to clone.
///
/// It is got from [`StateStore::table`](super::StateStore::table), and is of use with that store
/// alone.
pub struct Table<K: 'static, V: 'static>(pub(super) Arc<Core<K, V>>);

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Table").field(&self.0.name).finish()
    }
}

impl<K, V> Table<K, V> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }
}

/// The rows of a table whose types are not known.
pub(super) trait AnyCore: Any + Send + Sync {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
    fn name(&self) -> &str;

    /// Calls a function with each row of a version: key and value as JSON, and the version that
    /// wrote it. The version must be pinned.
    fn export(&self, version: u64, row: &mut ExportRow<'_>) -> io::Result<()>;
}

/// Takes the JSON of a row's key and value, and its version.
pub(super) type ExportRow<'a> = dyn FnMut(&str, &str, u64) -> io::Result<()> + 'a;

impl<K: TableKey, V: TableValue> AnyCore for Core<K, V> {
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn export(&self, version: u64, row: &mut ExportRow<'_>) -> io::Result<()> {
        let guard = Guard::new();
        let index = self.index(&guard);
        for (key, chain) in index.range::<K>(Bound::Unbounded, Bound::Unbounded) {
            let Some(revision) = chain.at(version, &guard) else {
                continue;
            };
            if let Some(value) = &revision.value {
                let (key, value) = (serde_json::to_string(key)?, serde_json::to_string(value)?);
                row(&key, &value, revision.version())?;
            }
        }
        Ok(())
    }
}

/// The rows of a table, as readers see them.
#[derive(Debug)]
pub(super) struct Core<K: 'static, V: 'static> {
    /// Which store it belongs to.
    pub(super) store: u64,
    /// Its place among the store's tables.
    pub(super) id: usize,
    pub(super) name: Arc<str>,
    /// Never null.
    pub(super) index: AtomicShared<Index<K, Arc<Chain<V>>>>,
}

impl<K: TableKey, V: TableValue> Core<K, V> {
    pub(super) fn new(store: u64, id: usize, name: &str, index: Index<K, Arc<Chain<V>>>) -> Self {
        Self {
            store,
            id,
            name: name.into(),
            index: AtomicShared::new(index),
        }
    }

    /// The index as it is now. Whoever reads at a pinned version finds every key of that version in
    /// it, provided that the pin came first.
    pub(super) fn index<'g>(&self, guard: &'g Guard) -> &'g Index<K, Arc<Chain<V>>> {
        match self.index.load(Ordering::Acquire, guard).as_ref() {
            Some(index) => index,
            None => unreachable!("the index is replaced, and never taken away"),
        }
    }

    pub(super) fn chain<'g, Q>(&self, key: &Q, guard: &'g Guard) -> Option<&'g Arc<Chain<V>>>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.index(guard).get(key)
    }
}

/// The bounds of any range, by reference.
pub(super) fn bounds<K, R>(range: &R) -> (Bound<&K>, Bound<&K>)
where
    R: std::ops::RangeBounds<K>,
{
    (range.start_bound(), range.end_bound())
}
