//! `arc-swap` over a persistent map of `imbl`: the bare thing, without conflicts, keys' versions
//! or disk.

use std::sync::Arc;

use arc_swap::ArcSwap;
use imbl::shared_ptr::DefaultSharedPtr;
use imbl::{GenericHashMap, OrdMap};
use orchestrator_bench::{Result, Session, Store};

/// A map with the hasher that is fast; the standard one would be an easy victim.
type HashMap = GenericHashMap<u64, u64, foldhash::fast::RandomState, DefaultSharedPtr>;

/// What both maps can do.
trait Map: Clone + Send + Sync + 'static {
    fn zeros(keys: u64) -> Self;
    fn look(&self, key: u64) -> u64;
    fn set(&mut self, key: u64, value: u64);
    fn total(&self) -> u64;
}

impl Map for OrdMap<u64, u64> {
    fn zeros(keys: u64) -> Self {
        (0..keys).map(|key| (key, 0_u64)).collect()
    }

    fn look(&self, key: u64) -> u64 {
        self.get(&key).copied().unwrap_or_default()
    }

    fn set(&mut self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn total(&self) -> u64 {
        self.values().sum()
    }
}

impl Map for HashMap {
    fn zeros(keys: u64) -> Self {
        (0..keys).map(|key| (key, 0_u64)).collect()
    }

    fn look(&self, key: u64) -> u64 {
        self.get(&key).copied().unwrap_or_default()
    }

    fn set(&mut self, key: u64, value: u64) {
        self.insert(key, value);
    }

    fn total(&self) -> u64 {
        self.values().sum()
    }
}

/// The whole map behind one pointer.
struct Rcu<M>(ArcSwap<M>);

/// With the ordered map.
pub(crate) fn ordered(keys: u64) -> Result<Box<dyn Store>> {
    Ok(Box::new(Rcu(ArcSwap::from_pointee(
        OrdMap::<u64, u64>::zeros(keys),
    ))))
}

/// With the hash map.
pub(crate) fn hashed(keys: u64) -> Result<Box<dyn Store>> {
    Ok(Box::new(Rcu(ArcSwap::from_pointee(HashMap::zeros(keys)))))
}

impl<M: Map> Store for Rcu<M> {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client(&self.0)))
    }

    fn sum(&self) -> Result<u64> {
        Ok(self.0.load().total())
    }
}

struct Client<'a, M>(&'a ArcSwap<M>);

impl<M: Map> Session for Client<'_, M> {
    fn increment(&mut self, key: u64) -> Result {
        self.0.rcu(|map| {
            let mut next = M::clone(map);
            next.set(key, map.look(key) + 1);
            Arc::new(next)
        });
        Ok(())
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        Ok(self.0.load().look(key))
    }
}
