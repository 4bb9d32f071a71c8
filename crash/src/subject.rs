//! What a store has to offer to be tried, and the store of `orchestrator-state` that offers it.
//!
//! A store takes part through [`Subject`]. Versions must be dense: each commit that writes makes the
//! next one, and nothing else makes any. That is how a commit that took effect twice is seen.

mod state_store;

use thiserror::Error;

use crate::history::{Key, Value};

pub use state_store::StateStoreSubject;

/// The reads and writes of a transaction that is going on.
///
/// It is an object, because [`Subject::update`] hands it to a closure that it may run many times.
pub trait Steps {
    /// The value of a key, as this transaction sees it: its own writes first.
    fn get(&mut self, key: Key) -> Option<Value>;
    /// All keys in `from..to` with their values, in the order of the keys.
    fn range(&mut self, from: Key, to: Key) -> Vec<(Key, Value)>;
    /// Writes a key.
    fn put(&mut self, key: Key, value: Value);
    /// Takes a key away.
    fn remove(&mut self, key: Key);
}

/// A transaction that its owner commits.
pub trait Open: Steps {
    /// Commits it, and says which version it made, or which one it read if it wrote nothing.
    ///
    /// # Errors
    /// [`Refused`] when something that it read has changed.
    fn commit(self) -> Result<u64, Refused>;
}

/// A snapshot: one version, which never changes, as long as it is held.
pub trait View {
    /// The version.
    fn version(&self) -> u64;
    /// The value of a key.
    fn get(&self, key: Key) -> Option<Value>;
    /// All keys in `from..to` with their values, in the order of the keys.
    fn range(&self, from: Key, to: Key) -> Vec<(Key, Value)>;
}

/// A commit that changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the commit was refused: what the transaction read has changed since")]
pub struct Refused;

/// A store that is tried.
pub trait Subject: Sync {
    /// Its transactions.
    type Open<'s>: Open
    where
        Self: 's;
    /// Its snapshots.
    type View<'s>: View
    where
        Self: 's;

    /// Starts a transaction.
    fn begin(&self) -> Self::Open<'_>;
    /// Takes a snapshot.
    fn view(&self) -> Self::View<'_>;
    /// Runs a change until it is committed, and says which version it made.
    ///
    /// # Errors
    /// [`Refused`] when the store gave up.
    fn update(&self, change: &mut dyn FnMut(&mut dyn Steps)) -> Result<u64, Refused>;
    /// Changes one key: is told its value, and says what it is to be. A store that has no such way does it
    /// in a transaction.
    ///
    /// # Errors
    /// [`Refused`] when the store gave up.
    fn modify(
        &self,
        key: Key,
        change: &mut dyn FnMut(Option<Value>) -> Option<Value>,
    ) -> Result<u64, Refused> {
        self.update(&mut |steps| match change(steps.get(key)) {
            Some(value) => steps.put(key, value),
            None => steps.remove(key),
        })
    }
}
