//! How much an object pool may hold.

use std::num::NonZeroUsize;

/// The bounds of an [`ObjectPool`](crate::ObjectPool).
///
/// At most `max_idle` objects lie where all threads find them, and each thread that has used the
/// pool has at most twice `magazine` more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectPoolConfig {
    /// How many objects a thread exchanges with the others at a time. Default: 32.
    pub magazine: NonZeroUsize,
    /// How many objects may be idle where all threads find them, in whole magazines. What comes
    /// back beyond that is dropped. Default: 1,024.
    pub max_idle: usize,
}

impl ObjectPoolConfig {
    /// Sets [`magazine`](Self::magazine).
    #[must_use]
    pub fn with_magazine(mut self, magazine: NonZeroUsize) -> Self {
        self.magazine = magazine;
        self
    }

    /// Sets [`max_idle`](Self::max_idle).
    #[must_use]
    pub fn with_max_idle(mut self, max_idle: usize) -> Self {
        self.max_idle = max_idle;
        self
    }
}

impl Default for ObjectPoolConfig {
    fn default() -> Self {
        Self {
            magazine: NonZeroUsize::MIN.saturating_add(31),
            max_idle: 1024,
        }
    }
}
