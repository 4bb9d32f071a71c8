//! `StateStore` as a subject.

use orchestrator_state::{Snapshot, StateStore, Transaction};

use super::{Open, Refused, Steps, Subject, View};
use crate::history::{Key, Value};

/// The in-memory [`StateStore`], with keys and values of histories.
#[derive(Debug, Default)]
pub struct StateStoreSubject(StateStore<Key, Value>);

impl StateStoreSubject {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Steps for Transaction<'_, Key, Value> {
    fn get(&mut self, key: Key) -> Option<Value> {
        Transaction::get(self, &key).copied()
    }

    fn range(&mut self, from: Key, to: Key) -> Vec<(Key, Value)> {
        (from..to)
            .filter_map(|key| Transaction::get(self, &key).map(|value| (key, *value)))
            .collect()
    }

    fn put(&mut self, key: Key, value: Value) {
        Transaction::put(self, key, value);
    }

    fn remove(&mut self, key: Key) {
        Transaction::remove(self, key);
    }
}

impl Open for Transaction<'_, Key, Value> {
    fn commit(self) -> Result<u64, Refused> {
        match Transaction::commit(self) {
            Ok(version) => Ok(version.get()),
            Err(_) => Err(Refused),
        }
    }
}

impl View for Snapshot<Key, Value> {
    fn version(&self) -> u64 {
        Snapshot::version(self).get()
    }

    fn get(&self, key: Key) -> Option<Value> {
        Snapshot::get(self, &key).copied()
    }

    fn range(&self, from: Key, to: Key) -> Vec<(Key, Value)> {
        self.iter()
            .map(|(key, value)| (*key, *value))
            .filter(|(key, _)| (from..to).contains(key))
            .collect()
    }
}

impl Subject for StateStoreSubject {
    type Open<'s> = Transaction<'s, Key, Value>;
    type View<'s> = Snapshot<Key, Value>;

    fn begin(&self) -> Self::Open<'_> {
        self.0.begin()
    }

    fn view(&self) -> Self::View<'_> {
        self.0.snapshot()
    }

    fn update(&self, change: &mut dyn FnMut(&mut dyn Steps)) -> Result<u64, Refused> {
        let updated = self.0.update(|tx| change(tx));
        updated
            .map(|((), version)| version.get())
            .map_err(|_| Refused)
    }
}
