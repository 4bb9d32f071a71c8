//! State with versions: many readers without a lock, many writers without a lost update.
//!
//! This is optimistic concurrency control (Kung & Robinson 1981, "On Optimistic Methods for
//! Concurrency Control"): a transaction reads from a snapshot, remembers which version of each key
//! it has seen, and is refused at its commit if one of them is no longer the current one.

mod snapshot;
#[cfg(test)]
mod tests;
mod transaction;

pub use snapshot::{Snapshot, Version};
pub use transaction::{Conflict, Transaction};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use thiserror::Error;

use snapshot::{Inner, Slot};

/// How often [`StateStore::update`] runs its closure before it gives up.
///
/// Each refusal means that another thread has committed, so this bound is met only by a closure
/// that takes far longer than the pauses between the others' commits.
const MAX_ATTEMPTS: usize = 1_000;

/// A map from keys to values in which every commit makes a new [`Version`].
#[derive(Debug)]
pub struct StateStore<K, V> {
    current: ArcSwap<Inner<K, V>>,
    commit: Mutex<()>,
}

/// Why [`StateStore::update`] has changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Other commits came first each time.
    #[error(
        "the update was overtaken {attempts} times; do less inside the closure, or touch fewer keys"
    )]
    Contended {
        /// How often the closure ran.
        attempts: usize,
    },
}

impl<K, V> Default for StateStore<K, V>
where
    K: Ord + Clone,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> StateStore<K, V>
where
    K: Ord + Clone,
{
    /// An empty store, at version 0.
    #[must_use]
    pub fn new() -> Self {
        Self {
            current: ArcSwap::from_pointee(Inner::empty()),
            commit: Mutex::new(()),
        }
    }

    /// The state as it is now. It costs one reference count and never changes.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot<K, V> {
        Snapshot(self.current.load_full())
    }

    /// Starts a transaction on the state as it is now.
    #[must_use]
    pub fn begin(&self) -> Transaction<'_, K, V> {
        Transaction::new(self, self.snapshot())
    }

    /// Runs a closure in a transaction and commits it; again from the start, on the newest state,
    /// when another commit has changed what it read.
    ///
    /// The closure may run many times, so it must do nothing but read and write its transaction.
    ///
    /// # Errors
    /// [`UpdateError::Contended`] after a thousand attempts.
    pub fn update<T>(
        &self,
        mut change: impl FnMut(&mut Transaction<'_, K, V>) -> T,
    ) -> Result<(T, Version), UpdateError>
    where
        V: Clone,
    {
        for _ in 0..MAX_ATTEMPTS {
            let mut tx = self.begin();
            let value = change(&mut tx);
            if let Ok(version) = tx.commit() {
                return Ok((value, version));
            }
            // Whoever was faster is often on this core, in the middle of its next one.
            std::thread::yield_now();
        }
        Err(UpdateError::Contended {
            attempts: MAX_ATTEMPTS,
        })
    }

    /// The one place where the state changes: validate what was read, then publish what was written.
    fn publish(
        &self,
        reads: BTreeMap<K, Option<Version>>,
        writes: BTreeMap<K, Option<V>>,
    ) -> Result<Version, Conflict<K>> {
        // It guards no data, so a panic under it has broken none.
        let _turn = self.commit.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.current.load();
        let keys: Vec<K> = reads
            .into_iter()
            .filter(|(key, seen)| current.version_of(key) != *seen)
            .map(|(key, _)| key)
            .collect();
        if !keys.is_empty() {
            return Err(Conflict { keys });
        }
        let version = current.version.next();
        let mut map = current.map.clone();
        for (key, value) in writes {
            match value {
                Some(value) => map.insert_mut(key, Slot { value, version }),
                None => {
                    map.remove_mut(&key);
                }
            }
        }
        self.current.store(Arc::new(Inner { version, map }));
        Ok(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.get())
    }
}
