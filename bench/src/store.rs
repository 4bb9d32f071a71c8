//! What a contestant can do: hold counters, increment them, read them.

use std::sync::Arc;

use crate::load::{Counts, Load, Phase};
use crate::{Failure, Result};

/// A store of `u64` counters under `u64` keys, opened with every counter at zero.
pub trait Store: Send + Sync {
    /// What one client needs for itself, such as a connection. It is made on the client's thread.
    ///
    /// # Errors
    /// Whatever the store says.
    fn session(&self) -> Result<Box<dyn Session + '_>>;

    /// The sum of all counters: the number of commits, or updates were lost.
    ///
    /// # Errors
    /// Whatever the store says.
    fn sum(&self) -> Result<u64>;

    /// Carries a load in the store's own way, where one thread a client is not its best. The
    /// default has no way of its own.
    fn carry(&self, load: &Load, phase: &Arc<Phase>) -> Option<Result<Counts>> {
        let _ = (load, phase);
        None
    }
}

/// One client of a [`Store`].
pub trait Session {
    /// Reads a counter and writes it back plus one, as one transaction. It returns when that is
    /// committed, as durably as the store was opened for.
    ///
    /// # Errors
    /// Whatever the store says. A conflict is no error: it is tried again.
    fn increment(&mut self, key: u64) -> Result;

    /// Reads a counter in a snapshot that is taken for this one read.
    ///
    /// # Errors
    /// Whatever the store says.
    fn read(&mut self, key: u64) -> Result<u64>;

    /// Reads some keys, each in a snapshot of its own, and gives the sum. It exists so that the
    /// call through the trait object is paid once.
    ///
    /// # Errors
    /// Whatever the store says.
    fn read_each(&mut self, keys: &[u64]) -> Result<u64> {
        keys.iter().try_fold(0_u64, |sum, key| {
            Ok::<_, Failure>(sum.wrapping_add(self.read(*key)?))
        })
    }
}
