//! A limit on how many things run at a time.

use std::{num::NonZeroUsize, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A limit on how many things run at a time. Clones share it.
///
/// Who comes when all slots are taken waits in line. A [`Permit`] is a taken slot, and its drop
/// is the only way to give it back:
///
/// ```compile_fail,E0382
/// # use std::num::NonZeroUsize;
/// # use orchestrator_core::Slots;
/// let slots = Slots::new(NonZeroUsize::MIN);
/// let permit = slots.try_acquire().unwrap();
/// drop(permit);
/// drop(permit); // Released twice: does not compile.
/// ```
#[derive(Debug, Clone)]
pub struct Slots {
    semaphore: Arc<Semaphore>,
    limit: usize,
}

impl Slots {
    /// So many slots, all of them free. At most [`Semaphore::MAX_PERMITS`].
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        let limit = limit.get().min(Semaphore::MAX_PERMITS);
        Self {
            semaphore: Arc::new(Semaphore::new(limit)),
            limit,
        }
    }

    /// Takes a slot, and waits for one in the order of arrival if all are taken.
    ///
    /// Dropping the future gives up the place in line.
    ///
    /// # Errors
    ///
    /// [`SlotsClosed`] after [`close`](Self::close), also to those who waited then.
    pub async fn acquire(&self) -> Result<Permit, SlotsClosed> {
        match Arc::clone(&self.semaphore).acquire_owned().await {
            Ok(slot) => Ok(Permit { _slot: slot }),
            Err(_) => Err(SlotsClosed { limit: self.limit }),
        }
    }

    /// Takes a slot if one is free, nobody is waiting for it, and the slots are open.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit> {
        let slot = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
        Some(Permit { _slot: slot })
    }

    /// How many slots there are.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// How many slots are taken. One that is promised to a waiter counts.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.limit - self.semaphore.available_permits()
    }

    /// Hands out no more permits. Those that are out stay good until they are dropped.
    pub fn close(&self) {
        self.semaphore.close();
    }
}

/// A taken slot, given back by its drop: also on a panic, and when the task that holds it is
/// aborted.
//
// Not `Clone`: two of them would give back one slot twice, and from then on more would run than
// the limit allows. For the same reason there is no `release` that takes it by reference.
#[derive(Debug)]
#[must_use = "the slot is given back when the permit is dropped"]
pub struct Permit {
    _slot: OwnedSemaphorePermit,
}

/// The slots were closed: no more work is taken on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the {limit} slots are closed: nothing new is started, only what runs is let finish")]
#[non_exhaustive]
pub struct SlotsClosed {
    /// How many slots there were.
    pub limit: usize,
}
