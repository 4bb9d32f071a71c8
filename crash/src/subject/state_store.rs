//! `StateStore` as a subject.

use orchestrator_state::{
    CommitError, Holder, SeededBug, Snapshot, StateStore, StoreConfig, Table, Transaction,
    UpdateError,
};
use tempfile::TempDir;

use super::{Open, Refused, Steps, Subject, View};
use crate::history::{Key, Value};

/// The tables of a history: even keys are in the first, odd keys in the second, so that a commit that
/// is torn between tables is seen.
type Tables = [Table<Key, Value>; 2];

/// A [`StateStore`], with keys and values of histories.
#[derive(Debug)]
pub struct StateStoreSubject {
    store: StateStore,
    tables: Tables,
    /// Whether `modify` writes without a look whether its key is still what it was.
    careless: bool,
    /// Where the store is, if it is on a disk. It is the last field: the store is closed before its
    /// folder is taken away.
    _folder: Option<TempDir>,
}

impl StateStoreSubject {
    /// An empty store in memory.
    ///
    /// # Panics
    /// When the store cannot open a table.
    #[must_use]
    pub fn new() -> Self {
        Self::on(StateStore::in_memory(), None)
    }

    /// An empty store in memory with a bug.
    ///
    /// # Panics
    /// When the store cannot open a table.
    #[must_use]
    pub fn with_seeded_bug(bug: SeededBug) -> Self {
        let store = StoreConfig::default().with_seeded_bug(bug).in_memory();
        Self::on(store, None)
    }

    /// An empty store in memory, changed by a `modify` that reads, and then writes whatever has come between.
    ///
    /// # Panics
    /// When the store cannot open a table.
    #[must_use]
    pub fn careless() -> Self {
        Self {
            careless: true,
            ..Self::new()
        }
    }

    /// An empty store in a folder of its own, which goes with it.
    ///
    /// # Panics
    /// When the folder cannot be made or the store does not open in it.
    #[must_use]
    pub fn on_file(config: StoreConfig) -> Self {
        let folder = match tempfile::tempdir() {
            Ok(folder) => folder,
            Err(error) => panic!("no folder for a store: {error}"),
        };
        match config.open(folder.path(), &Holder::new("crash")) {
            Ok((store, _)) => Self::on(store, Some(folder)),
            Err(error) => panic!("no store in an empty folder: {error}"),
        }
    }

    fn on(store: StateStore, folder: Option<TempDir>) -> Self {
        let table = |name| match store.table(name) {
            Ok(table) => table,
            Err(error) => panic!("an empty store refuses table `{name}`: {error}"),
        };
        let tables = [table("even"), table("odd")];
        Self {
            store,
            tables,
            careless: false,
            _folder: folder,
        }
    }
}

impl Default for StateStoreSubject {
    fn default() -> Self {
        Self::new()
    }
}

fn of(tables: &Tables, key: Key) -> &Table<Key, Value> {
    &tables[(key % 2) as usize]
}

/// Both tables' rows as one.
fn merged<T: std::ops::Deref<Target = Value>>(
    tables: &Tables,
    rows: impl Fn(&Table<Key, Value>) -> Vec<(Key, T)>,
) -> Vec<(Key, Value)> {
    let mut all: Vec<_> = tables
        .iter()
        .flat_map(rows)
        .map(|(key, value)| (key, *value))
        .collect();
    all.sort_unstable();
    all
}

/// The steps of a transaction that somebody else owns.
struct Borrowed<'t, 's> {
    tx: &'t mut Transaction<'s>,
    tables: &'t Tables,
}

impl Steps for Borrowed<'_, '_> {
    fn get(&mut self, key: Key) -> Option<Value> {
        self.tx.get(of(self.tables, key), &key).map(|value| *value)
    }

    fn range(&mut self, from: Key, to: Key) -> Vec<(Key, Value)> {
        merged(self.tables, |table| self.tx.range(table, from..to))
    }

    fn put(&mut self, key: Key, value: Value) {
        self.tx.put(of(self.tables, key), key, value);
    }

    fn remove(&mut self, key: Key) {
        self.tx.remove(of(self.tables, key), key);
    }
}

/// A transaction of a [`StateStoreSubject`].
pub struct StateStoreOpen<'s> {
    tx: Transaction<'s>,
    tables: &'s Tables,
}

impl Steps for StateStoreOpen<'_> {
    fn get(&mut self, key: Key) -> Option<Value> {
        borrowed(self).get(key)
    }

    fn range(&mut self, from: Key, to: Key) -> Vec<(Key, Value)> {
        borrowed(self).range(from, to)
    }

    fn put(&mut self, key: Key, value: Value) {
        borrowed(self).put(key, value);
    }

    fn remove(&mut self, key: Key) {
        borrowed(self).remove(key);
    }
}

fn borrowed<'t, 's>(open: &'t mut StateStoreOpen<'s>) -> Borrowed<'t, 's> {
    Borrowed {
        tx: &mut open.tx,
        tables: open.tables,
    }
}

impl Open for StateStoreOpen<'_> {
    fn commit(self) -> Result<u64, Refused> {
        match self.tx.commit() {
            Ok(version) => Ok(version.get()),
            Err(CommitError::Conflict(_)) => Err(Refused),
            Err(error) => panic!("the store has stopped: {error}"),
        }
    }
}

/// A snapshot of a [`StateStoreSubject`].
pub struct StateStoreView<'s> {
    snapshot: Snapshot,
    tables: &'s Tables,
}

impl View for StateStoreView<'_> {
    fn version(&self) -> u64 {
        self.snapshot.version().get()
    }

    fn get(&self, key: Key) -> Option<Value> {
        self.snapshot
            .get(of(self.tables, key), &key)
            .map(|value| *value)
    }

    fn range(&self, from: Key, to: Key) -> Vec<(Key, Value)> {
        merged(self.tables, |table| self.snapshot.range(table, from..to))
    }
}

impl Subject for StateStoreSubject {
    type Open<'s> = StateStoreOpen<'s>;
    type View<'s> = StateStoreView<'s>;

    fn begin(&self) -> StateStoreOpen<'_> {
        StateStoreOpen {
            tx: self.store.begin(),
            tables: &self.tables,
        }
    }

    fn view(&self) -> StateStoreView<'_> {
        StateStoreView {
            snapshot: self.store.snapshot(),
            tables: &self.tables,
        }
    }

    fn update(&self, change: &mut dyn FnMut(&mut dyn Steps)) -> Result<u64, Refused> {
        let tables = &self.tables;
        let updated = self.store.update(|tx| change(&mut Borrowed { tx, tables }));
        match updated {
            Ok(((), version)) => Ok(version.get()),
            Err(UpdateError::Contended { .. }) => Err(Refused),
            Err(error) => panic!("the store has stopped: {error}"),
        }
    }
    fn modify(
        &self,
        key: Key,
        change: &mut dyn FnMut(Option<Value>) -> Option<Value>,
    ) -> Result<u64, Refused> {
        let table = of(&self.tables, key);
        if self.careless {
            let new = change(self.view().get(key));
            return self.update(&mut |steps| match new {
                Some(value) => steps.put(key, value),
                None => steps.remove(key),
            });
        }
        let modified = self
            .store
            .modify(table, &key, |value| change(value.copied()));
        match modified {
            Ok(version) => Ok(version.get()),
            Err(UpdateError::Contended { .. }) => Err(Refused),
            Err(error) => panic!("the store has stopped: {error}"),
        }
    }
}
