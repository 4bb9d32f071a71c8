//! Our own store and journal.

use std::path::Path;

use orchestrator_bench::{Result, Session, Store};
use orchestrator_state::{
    Durability as Syncing, Holder, Journal, JournalConfig, StateStore, StoreConfig, Table,
};

use crate::lines::journal::{Log, RECORD};
use crate::peers::Durability;

/// Whose version stands beside the figures.
pub(crate) const PACKAGE: &str = "orchestrator-state";

/// How many records the journal that is verified has: 256 MB and more.
const VERIFIED: u64 = 1_300_000;

/// How many of them are in a batch.
const BATCH: u64 = 1_000;

/// A store in memory.
pub(crate) fn in_memory(keys: u64) -> Result<Box<dyn Store>> {
    Ok(Box::new(filled(StateStore::in_memory(), keys)?))
}

/// A store in a folder.
pub(crate) fn in_file(folder: &Path, keys: u64, durability: Durability) -> Result<Box<dyn Store>> {
    Ok(Box::new(in_file_as_it_is(folder, keys, durability)?))
}

fn in_file_as_it_is(folder: &Path, keys: u64, durability: Durability) -> Result<Ours> {
    let config = StoreConfig::default().with_durability(match durability {
        Durability::None => Syncing::None,
        Durability::Immediate => Syncing::Immediate,
    });
    filled(config.open(folder, &Holder::new("bench"))?.0, keys)
}

/// As [`in_file`], and each increment is a transaction.
pub(crate) fn in_file_by_transactions(
    folder: &Path,
    keys: u64,
    durability: Durability,
) -> Result<Box<dyn Store>> {
    let mut ours = in_file_as_it_is(folder, keys, durability)?;
    ours.by_transactions = true;
    Ok(Box::new(ours))
}

fn filled(store: StateStore, keys: u64) -> Result<Ours> {
    let counters = store.table("counters")?;
    store.update(|tx| {
        for key in 0..keys {
            tx.put(&counters, key, 0);
        }
    })?;
    Ok(Ours {
        store,
        counters,
        keys,
        by_transactions: false,
    })
}

struct Ours {
    store: StateStore,
    counters: Table<u64, u64>,
    keys: u64,
    /// Whether an increment is a transaction, and not a change of one key.
    by_transactions: bool,
}

impl Store for Ours {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client(self)))
    }

    fn sum(&self) -> Result<u64> {
        let snapshot = self.store.snapshot();
        let value = |key| snapshot.get(&self.counters, &key).map_or(0, |value| *value);
        Ok((0..self.keys).map(value).sum())
    }
}

struct Client<'a>(&'a Ours);

impl Session for Client<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let counters = &self.0.counters;
        if self.0.by_transactions {
            self.0.store.update(|tx| {
                let value = tx.get_ref(counters, &key).map_or(0, |value| *value);
                tx.put(counters, key, value + 1);
            })?;
            return Ok(());
        }
        let plus_one = |value: Option<&u64>| Some(value.map_or(0, |value| *value) + 1);
        self.0.store.modify(counters, &key, plus_one)?;
        Ok(())
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        let snapshot = self.0.store.snapshot();
        let value = snapshot.with(&self.0.counters, &key, |value| *value);
        Ok(value.ok_or("a key is gone")?)
    }
}

/// A journal that syncs before it acknowledges.
pub(crate) fn log(folder: &Path) -> Result<Box<dyn Log>> {
    let (journal, _) = JournalConfig::default().open(folder, &Holder::new("bench"))?;
    Ok(Box::new(Ledger(journal)))
}

struct Ledger(Journal);

impl Log for Ledger {
    fn append(&self, record: &[u8]) -> Result {
        self.0.append_bytes("k", record)?;
        Ok(())
    }
}

/// Fills a journal with records in batches, and gives their number.
pub(crate) fn fill_journal(folder: &Path) -> Result<u64> {
    let (journal, _) = JournalConfig::default().open(folder, &Holder::new("bench"))?;
    for batch in 0..VERIFIED / BATCH {
        let mut last = None;
        for number in batch * BATCH..(batch + 1) * BATCH {
            let mut record = [0x5a; RECORD];
            record[..8].copy_from_slice(&number.to_le_bytes());
            last = Some(journal.submit("k", &record)?);
        }
        if let Some(ticket) = last {
            ticket.wait()?;
        }
    }
    journal.close()?;
    Ok(VERIFIED)
}

/// Verifies a journal, and gives the number of its records.
pub(crate) fn verify(folder: &Path) -> Result<u64> {
    Ok(orchestrator_state::verify(folder)?.records)
}
