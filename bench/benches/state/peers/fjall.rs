//! `fjall`: a log-structured merge tree with transactions.

use std::path::Path;

use ::fjall::{
    KeyspaceCreateOptions, PersistMode, Readable, SingleWriterTxDatabase, SingleWriterTxKeyspace,
    UserValue,
};
use orchestrator_bench::{Result, Session, Store};

use super::Durability;

/// How a durable commit becomes durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Syncing {
    /// Within the transaction, so that each has its own.
    Each,
    /// After it, outside the writer's lock, so that one may serve several.
    After,
}

/// A database with one writer at a time. The optimistic kind was tried and is the slower one, far
/// so without a sync and a little with it. `fdatasync`, not `fsync`: the journal is preallocated.
pub(crate) fn open(
    folder: &Path,
    keys: u64,
    durability: Durability,
    syncing: Syncing,
) -> Result<Box<dyn Store>> {
    let database = SingleWriterTxDatabase::builder(folder.join("fjall")).open()?;
    let counters = database.keyspace("counters", KeyspaceCreateOptions::default)?;
    let mut tx = database.write_tx();
    for key in 0..keys {
        tx.insert(&counters, key.to_be_bytes(), 0_u64.to_le_bytes());
    }
    tx.commit()?;
    database.persist(PersistMode::SyncAll)?;
    let (within, after) = match (durability, syncing) {
        (Durability::None, _) => (PersistMode::Buffer, None),
        (Durability::Immediate, Syncing::Each) => (PersistMode::SyncData, None),
        (Durability::Immediate, Syncing::After) => {
            (PersistMode::Buffer, Some(PersistMode::SyncData))
        }
    };
    Ok(Box::new(Fjall {
        database,
        counters,
        within,
        after,
    }))
}

struct Fjall {
    database: SingleWriterTxDatabase,
    counters: SingleWriterTxKeyspace,
    within: PersistMode,
    after: Option<PersistMode>,
}

impl Store for Fjall {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client(self)))
    }

    fn sum(&self) -> Result<u64> {
        let mut sum = 0;
        for entry in self.database.read_tx().iter(&self.counters) {
            sum += number(&entry.value()?)?;
        }
        Ok(sum)
    }
}

fn number(value: &UserValue) -> Result<u64> {
    Ok(u64::from_le_bytes((&value[..]).try_into()?))
}

struct Client<'a>(&'a Fjall);

impl Session for Client<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let key = key.to_be_bytes();
        let counters = &self.0.counters;
        let mut tx = self.0.database.write_tx().durability(Some(self.0.within));
        let value = number(&tx.get(counters, key)?.ok_or("a key is gone")?)?;
        tx.insert(counters, key, (value + 1).to_le_bytes());
        tx.commit()?;
        if let Some(mode) = self.0.after {
            self.0.database.persist(mode)?;
        }
        Ok(())
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        let snapshot = self.0.database.read_tx();
        let value = snapshot.get(&self.0.counters, key.to_be_bytes())?;
        number(&value.ok_or("a key is gone")?)
    }
}
