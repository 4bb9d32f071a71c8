//! One version of the state, whole and unchanging.

use std::borrow::Borrow;
use std::convert::Infallible;
use std::fmt;
use std::ops::{ControlFlow, RangeBounds};
use std::sync::Arc;

use sdd::Guard;

use super::inner::Inner;
use super::pins::Pin;
use super::table::{Table, TableKey, TableValue, bounds};
use super::{Value, Version};

/// The state at one [`Version`]. Commits do not show in it, and it never waits for one.
///
/// Taking one costs the same however large the store is, and so does cloning one. It can be sent to
/// another thread. While it is there, what it shows stays in memory.
pub struct Snapshot {
    store: Arc<Inner>,
    pin: Pin,
}

impl Snapshot {
    pub(super) fn new(store: &Arc<Inner>, pin: Pin) -> Self {
        Self {
            store: Arc::clone(store),
            pin,
        }
    }

    /// Which version it is.
    #[must_use]
    pub fn version(&self) -> Version {
        Version(self.pin.version)
    }

    /// The value of a key.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn get<K, V, Q>(&self, table: &Table<K, V>, key: &Q) -> Option<Value<V>>
    where
        K: TableKey + Borrow<Q>,
        V: TableValue,
        Q: Ord + ?Sized,
    {
        self.store.owns(table);
        let guard = Guard::new();
        let chain = table.0.chain(key, &guard)?;
        Value::new(chain.shared_at(self.pin.version, &guard)?)
    }

    /// Shows the value of a key to a closure. As [`get`](Self::get), but cheaper: the value is not
    /// kept.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn with<K, V, Q, T>(
        &self,
        table: &Table<K, V>,
        key: &Q,
        look: impl FnOnce(&V) -> T,
    ) -> Option<T>
    where
        K: TableKey + Borrow<Q>,
        V: TableValue,
        Q: Ord + ?Sized,
    {
        self.store.owns(table);
        let guard = Guard::new();
        let revision = table.0.chain(key, &guard)?.at(self.pin.version, &guard)?;
        revision.value.as_ref().map(look)
    }

    /// All rows with a key in the range, in the order of the keys, as they are in this version.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn range<K, V, R>(&self, table: &Table<K, V>, range: R) -> Vec<(K, Value<V>)>
    where
        K: TableKey,
        V: TableValue,
        R: RangeBounds<K>,
    {
        let mut rows = Vec::new();
        self.for_each(table, range, |key, value| {
            rows.push((key.clone(), value.clone()));
        });
        rows
    }

    /// All rows of a table, in the order of the keys.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn rows<K: TableKey, V: TableValue>(&self, table: &Table<K, V>) -> Vec<(K, Value<V>)> {
        self.range(table, ..)
    }

    /// How many rows a table has. It looks at every key.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn len<K: TableKey, V: TableValue>(&self, table: &Table<K, V>) -> usize {
        let mut count = 0;
        self.for_each(table, .., |_, _| count += 1);
        count
    }

    /// Whether a table has no row.
    ///
    /// # Panics
    /// When the table belongs to another store.
    #[must_use]
    pub fn is_empty<K: TableKey, V: TableValue>(&self, table: &Table<K, V>) -> bool {
        let first = self.try_for_each(table, .., |_, _| ControlFlow::Break(()));
        first.is_continue()
    }

    /// Calls a function with each row in a range, in the order of the keys, without collecting them.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn for_each<K, V, R>(
        &self,
        table: &Table<K, V>,
        range: R,
        mut row: impl FnMut(&K, &Value<V>),
    ) where
        K: TableKey,
        V: TableValue,
        R: RangeBounds<K>,
    {
        let ControlFlow::Continue(()) = self.try_for_each(table, range, |key, value| {
            row(key, value);
            ControlFlow::<Infallible>::Continue(())
        });
    }

    /// As [`for_each`](Self::for_each), until the function breaks off, and returns with what. Rows
    /// behind that one are not looked at.
    ///
    /// # Panics
    /// When the table belongs to another store.
    pub fn try_for_each<K, V, R, B>(
        &self,
        table: &Table<K, V>,
        range: R,
        mut row: impl FnMut(&K, &Value<V>) -> ControlFlow<B>,
    ) -> ControlFlow<B>
    where
        K: TableKey,
        V: TableValue,
        R: RangeBounds<K>,
    {
        self.store.owns(table);
        let guard = Guard::new();
        let (from, to) = bounds(&range);
        for (key, chain) in table.0.index(&guard).range(from, to) {
            let value = chain.shared_at(self.pin.version, &guard);
            if let Some(value) = value.and_then(Value::new) {
                row(key, &value)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// What has changed in a table between this version and another one, in the order of the keys.
    ///
    /// # Panics
    /// When the table or the other snapshot belongs to another store.
    #[must_use]
    pub fn diff<K: TableKey, V: TableValue>(
        &self,
        other: &Self,
        table: &Table<K, V>,
    ) -> Vec<Difference<K, V>> {
        self.store.owns(table);
        other.store.owns(table);
        let guard = Guard::new();
        let index = table.0.index(&guard);
        let all = index.range::<K>(std::ops::Bound::Unbounded, std::ops::Bound::Unbounded);
        all.filter_map(|(key, chain)| {
            let at = |version| chain.shared_at(version, &guard).and_then(Value::new);
            let (before, after) = (at(self.pin.version), at(other.pin.version));
            let version = |value: &Option<Value<V>>| value.as_ref().map(Value::version);
            (version(&before) != version(&after)).then(|| Difference {
                key: key.clone(),
                before,
                after,
            })
        })
        .collect()
    }
}

/// A key that two versions disagree about.
#[derive(Debug)]
pub struct Difference<K, V: 'static> {
    /// The key.
    pub key: K,
    /// Its value in the one version.
    pub before: Option<Value<V>>,
    /// Its value in the other one.
    pub after: Option<Value<V>>,
}

impl Clone for Snapshot {
    fn clone(&self) -> Self {
        Self {
            pin: self.store.pins.pin_again(&self.pin),
            store: Arc::clone(&self.store),
        }
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        if self.store.pins.release(&self.pin) {
            self.store.try_sweep();
        }
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Snapshot").field(&self.version()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StateStore;

    #[test]
    fn whoever_breaks_off_sees_no_more_rows() {
        let store = StateStore::in_memory();
        let table = store.table::<u32, u32>("numbers").unwrap();
        let fill = store.update(|tx| (0..100).for_each(|n| tx.put(&table, n, n * 2)));
        fill.unwrap();
        let snapshot = store.snapshot();
        let look = |stop: u32| {
            let mut seen = Vec::new();
            let end = snapshot.try_for_each(&table, 10..50, |key, value| {
                seen.push(*key);
                match *key == stop {
                    true => ControlFlow::Break(**value),
                    false => ControlFlow::Continue(()),
                }
            });
            (seen, end)
        };
        assert_eq!(look(12), (vec![10, 11, 12], ControlFlow::Break(24)));
        // Whom nothing stops sees them all.
        assert_eq!(look(60), ((10..50).collect(), ControlFlow::Continue(())));
    }
}
