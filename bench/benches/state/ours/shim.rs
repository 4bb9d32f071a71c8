//! The store's new interface, on the store as it is today. It goes when the store has it itself:
//! figures of ours that are taken through it are not worth reading.

use std::fs::File;
use std::io::Write;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use orchestrator_bench::Result;
use orchestrator_state as old;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    None,
    Immediate,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreConfig(Durability);

impl Default for StoreConfig {
    fn default() -> Self {
        Self(Durability::Immediate)
    }
}

impl StoreConfig {
    pub(crate) fn with_durability(self, durability: Durability) -> Self {
        Self(durability)
    }
}

pub(crate) struct Table<K, V>(PhantomData<(K, V)>);

pub(crate) struct StateStore<V: Clone = u64> {
    inner: old::StateStore<u64, V>,
    log: Option<Mutex<File>>,
    durability: Durability,
}

impl<V: Clone> StateStore<V> {
    pub(crate) fn in_memory() -> Self {
        Self {
            inner: old::StateStore::new(),
            log: None,
            durability: Durability::None,
        }
    }

    pub(crate) fn open(folder: &Path, config: StoreConfig) -> Result<Self> {
        Ok(Self {
            inner: old::StateStore::new(),
            log: Some(Mutex::new(File::create(folder.join("shim"))?)),
            durability: config.0,
        })
    }

    pub(crate) fn table(&self, _: &str) -> Result<Table<u64, V>> {
        Ok(Table(PhantomData))
    }

    pub(crate) fn snapshot(&self) -> Snapshot<V> {
        Snapshot(self.inner.snapshot())
    }

    pub(crate) fn update<T>(
        &self,
        mut change: impl FnMut(&mut Tx<'_, '_, V>) -> T,
    ) -> Result<(T, old::Version)> {
        let done = self.inner.update(|tx| change(&mut Tx(tx)))?;
        if let Some(log) = &self.log {
            let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.write_all(&[1; 64])?;
            if self.durability == Durability::Immediate {
                log.sync_data()?;
            }
        }
        Ok(done)
    }
}

pub(crate) struct Snapshot<V>(old::Snapshot<u64, V>);

impl<V: Clone> Snapshot<V> {
    pub(crate) fn get(&self, _: &Table<u64, V>, key: &u64) -> Option<Value<V>> {
        self.0.get(key).cloned().map(Value)
    }
}

pub(crate) struct Value<V>(V);

impl<V> std::ops::Deref for Value<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0
    }
}

pub(crate) struct Tx<'a, 's, V>(&'a mut old::Transaction<'s, u64, V>);

impl<V: Clone> Tx<'_, '_, V> {
    pub(crate) fn get(&self, _: &Table<u64, V>, key: &u64) -> Option<Value<V>> {
        self.0.get(key).cloned().map(Value)
    }

    pub(crate) fn put(&mut self, _: &Table<u64, V>, key: u64, value: V) {
        self.0.put(key, value);
    }
}
