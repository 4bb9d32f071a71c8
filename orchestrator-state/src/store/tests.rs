//! Tests of the store: nothing is lost, and the tests would notice.

mod batches;
pub(crate) mod crowded;
mod dropping;
pub(crate) mod durable;
mod ending;
mod faults;
mod golden;
mod history;
mod interests;
mod large;
mod model;
mod refusals;
mod transactions;
pub(crate) mod waking;
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};

use super::*;

/// A store with one table of numbers, and its rows.
fn numbers(rows: impl IntoIterator<Item = (u32, u64)>) -> (StateStore, Table<u32, u64>) {
    numbers_in(StoreConfig::default(), rows)
}

fn numbers_in(
    config: StoreConfig,
    rows: impl IntoIterator<Item = (u32, u64)>,
) -> (StateStore, Table<u32, u64>) {
    let store = config.in_memory();
    let table = store.table("numbers").unwrap();
    let rows: Vec<_> = rows.into_iter().collect();
    if !rows.is_empty() {
        put(
            &store,
            &table,
            rows.into_iter().map(|(key, value)| (key, Some(value))),
        );
    }
    (store, table)
}

/// Commits some writes, blindly.
fn put(
    store: &StateStore,
    table: &Table<u32, u64>,
    rows: impl IntoIterator<Item = (u32, Option<u64>)>,
) -> Version {
    let mut tx = store.begin();
    for (key, value) in rows {
        match value {
            Some(value) => tx.put(table, key, value),
            None => tx.remove(table, key),
        }
    }
    tx.commit().unwrap()
}

fn rows(snapshot: &Snapshot, table: &Table<u32, u64>) -> Vec<(u32, u64)> {
    let rows = snapshot.rows(table);
    rows.into_iter().map(|(key, value)| (key, *value)).collect()
}

/// A value that is counted for as long as it is in memory.
#[derive(Debug, Serialize, Deserialize)]
#[serde(into = "()", from = "()")]
struct Counted(Option<Arc<AtomicUsize>>);

impl From<()> for Counted {
    fn from((): ()) -> Self {
        Self(None)
    }
}

impl From<Counted> for () {
    fn from(_: Counted) -> Self {}
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.as_ref().map_or(Self(None), Self::new)
    }
}

impl Counted {
    fn new(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::SeqCst);
        Self(Some(Arc::clone(alive)))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if let Some(alive) = &self.0 {
            alive.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
