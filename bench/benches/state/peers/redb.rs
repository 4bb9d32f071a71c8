//! `redb`: a copy-on-write B-tree, one write transaction at a time.

use std::path::Path;

use ::redb::backends::InMemoryBackend;
use ::redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};
use orchestrator_bench::{Result, Session, Store};

use super::Durability;

const COUNTERS: TableDefinition<'static, u64, u64> = TableDefinition::new("counters");

/// In a file. One-phase commits, which are its default and its faster way.
pub(crate) fn in_file(folder: &Path, keys: u64, durability: Durability) -> Result<Box<dyn Store>> {
    filled(Database::create(folder.join("redb"))?, keys, durability)
}

/// In memory. Without durability: with it, it takes three times as long even there.
pub(crate) fn in_memory(keys: u64) -> Result<Box<dyn Store>> {
    let database = Builder::new().create_with_backend(InMemoryBackend::new())?;
    filled(database, keys, Durability::None)
}

fn filled(database: Database, keys: u64, durability: Durability) -> Result<Box<dyn Store>> {
    let tx = database.begin_write()?;
    {
        let mut table = tx.open_table(COUNTERS)?;
        for key in 0..keys {
            table.insert(key, 0)?;
        }
    }
    tx.commit()?;
    let durability = match durability {
        Durability::None => ::redb::Durability::None,
        Durability::Immediate => ::redb::Durability::Immediate,
    };
    Ok(Box::new(Redb {
        database,
        durability,
    }))
}

struct Redb {
    database: Database,
    durability: ::redb::Durability,
}

impl Store for Redb {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client(self)))
    }

    fn sum(&self) -> Result<u64> {
        let table = self.database.begin_read()?.open_table(COUNTERS)?;
        let mut sum = 0;
        for entry in table.iter()? {
            sum += entry?.1.value();
        }
        Ok(sum)
    }
}

struct Client<'a>(&'a Redb);

impl Session for Client<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let mut tx = self.0.database.begin_write()?;
        tx.set_durability(self.0.durability)?;
        {
            let mut table = tx.open_table(COUNTERS)?;
            let value = table.get(key)?.ok_or("a key is gone")?.value();
            table.insert(key, value + 1)?;
        }
        Ok(tx.commit()?)
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        let table = self.0.database.begin_read()?.open_table(COUNTERS)?;
        Ok(table.get(key)?.ok_or("a key is gone")?.value())
    }
}
