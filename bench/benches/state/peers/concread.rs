//! `concread`: maps with many readers and one writer at a time, in memory.

use ::concread::bptree::BptreeMap;
use ::concread::hashmap::HashMap;
use orchestrator_bench::{Result, Session, Store};

/// With the hash map.
pub(crate) fn hashed(keys: u64) -> Result<Box<dyn Store>> {
    let map = HashMap::new();
    let mut tx = map.write();
    for key in 0..keys {
        tx.insert(key, 0);
    }
    tx.commit();
    Ok(Box::new(Hashed(map)))
}

/// With the B+ tree.
pub(crate) fn ordered(keys: u64) -> Result<Box<dyn Store>> {
    let map = BptreeMap::new();
    let mut tx = map.write();
    for key in 0..keys {
        tx.insert(key, 0);
    }
    tx.commit();
    Ok(Box::new(Ordered(map)))
}

struct Hashed(HashMap<u64, u64>);

impl Store for Hashed {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(HashedClient(&self.0)))
    }

    fn sum(&self) -> Result<u64> {
        Ok(self.0.read().values().sum())
    }
}

struct HashedClient<'a>(&'a HashMap<u64, u64>);

impl Session for HashedClient<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let mut tx = self.0.write();
        *tx.get_mut(&key).ok_or("a key is gone")? += 1;
        tx.commit();
        Ok(())
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        Ok(*self.0.read().get(&key).ok_or("a key is gone")?)
    }
}

struct Ordered(BptreeMap<u64, u64>);

impl Store for Ordered {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(OrderedClient(&self.0)))
    }

    fn sum(&self) -> Result<u64> {
        Ok(self.0.read().values().sum())
    }
}

struct OrderedClient<'a>(&'a BptreeMap<u64, u64>);

impl Session for OrderedClient<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let mut tx = self.0.write();
        *tx.get_mut(&key).ok_or("a key is gone")? += 1;
        tx.commit();
        Ok(())
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        Ok(*self.0.read().get(&key).ok_or("a key is gone")?)
    }
}
