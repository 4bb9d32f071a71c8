//! A limit on how many things run at a time, which can be changed while they run.

mod claim;
mod core;
mod error;
#[cfg(test)]
mod tests;

use std::{
    future::poll_fn,
    num::NonZeroUsize,
    sync::Arc,
    task::{Poll, Waker},
};

pub use self::claim::Claim;
use self::core::{Arrival, SlotCore, Waited};
pub use self::error::{AcquireError, SlotsClosed};
use crate::sync::{Mutex, lock};

/// A limit on how many things run at a time. Clones share it.
///
/// Who comes when all slots are taken waits in line: by [`Priority`](crate::Priority), within a priority missions
/// in turn, within a mission in the order of arrival ([`Claim`]). Of sixteen who waited, one is
/// looked for among [`Normal`](crate::Priority::Normal) first and one among [`Low`](crate::Priority::Low) first,
/// so that nobody starves.
///
/// A [`Permit`] is a taken slot, and its drop is the only way to give it back:
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
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    core: Mutex<SlotCore<Waker>>,
}

impl Shared {
    /// Does something under the lock, and wakes those whom it concerns after it: they, or what is
    /// dropped with them, may come for the lock themselves.
    fn with<R>(&self, act: impl FnOnce(&mut SlotCore<Waker>, &mut Vec<Waker>) -> R) -> R {
        let mut wake = Vec::new();
        let result = {
            let mut core = lock(&self.core);
            act(&mut core, &mut wake)
        };
        for waker in wake {
            waker.wake();
        }
        result
    }
}

impl Slots {
    /// So many slots, all of them free.
    #[must_use]
    pub fn new(limit: NonZeroUsize) -> Self {
        let core = Mutex::new(SlotCore::new(limit.get()));
        Self {
            shared: Arc::new(Shared { core }),
        }
    }

    /// Takes a slot, and waits for one if all are taken: [`acquire_as`](Self::acquire_as) with the
    /// default [`Claim`].
    ///
    /// # Errors
    ///
    /// [`SlotsClosed`] after [`close`](Self::close), also to those who waited then.
    pub async fn acquire(&self) -> Result<Permit, SlotsClosed> {
        self.take(&Claim::default()).await
    }

    /// Takes a slot, and waits for one if all are taken.
    ///
    /// Dropping the future gives up the place in line; a slot that was promised to it by then goes
    /// on to the next. Needs tokio's timer if there is a deadline, otherwise no runtime at all.
    ///
    /// # Errors
    ///
    /// [`AcquireError::Closed`] after [`close`](Self::close), also to those who waited then;
    /// [`AcquireError::DeadlinePassed`].
    pub async fn acquire_as(&self, claim: &Claim) -> Result<Permit, AcquireError> {
        let Some(deadline) = claim.deadline else {
            return Ok(self.take(claim).await?);
        };
        match tokio::time::timeout_at(deadline, self.take(claim)).await {
            Ok(permit) => Ok(permit?),
            Err(_) => Err(AcquireError::DeadlinePassed {
                taken: self.in_use(),
                limit: self.limit(),
            }),
        }
    }

    /// Takes a slot if one is free, nobody is waiting for it, and the slots are open.
    #[must_use]
    pub fn try_acquire(&self) -> Option<Permit> {
        let taken = self.shared.with(|core, _| core.try_take());
        taken.then(|| self.permit())
    }

    /// How many slots there are.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.shared.with(|core, _| core.limit())
    }

    /// How many slots are taken. One that is promised to a waiter counts. More than
    /// [`limit`](Self::limit) after the limit was lowered, until enough have ended.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.shared.with(|core, _| core.taken())
    }

    /// How many wait for a slot.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.with(|core, _| core.waiting())
    }

    /// Changes the limit, from now on. Raised, it lets in who waits. Lowered below what runs, it
    /// takes nothing away: nobody is let in until enough have ended. With 0 nothing new starts.
    pub fn set_limit(&self, limit: usize) {
        self.shared.with(|core, wake| core.set_limit(limit, wake));
    }

    /// Hands out no more permits. Those that are out stay good until they are dropped.
    pub fn close(&self) {
        self.shared.with(|core, wake| core.close(wake));
    }

    async fn take(&self, claim: &Claim) -> Result<Permit, SlotsClosed> {
        let arrival = self
            .shared
            .with(|core, _| core.arrive(claim.priority, &claim.mission));
        let waited = match arrival {
            Arrival::Taken => Waited::Taken,
            Arrival::Closed => Waited::Closed,
            Arrival::Waits(number) => {
                let place = InLine {
                    shared: &self.shared,
                    number,
                };
                poll_fn(|context| place.poll(context.waker())).await
            }
        };
        match waited {
            Waited::Taken => Ok(self.permit()),
            Waited::Closed | Waited::Still => Err(SlotsClosed {
                limit: self.limit(),
            }),
        }
    }

    fn permit(&self) -> Permit {
        Permit {
            shared: Arc::clone(&self.shared),
        }
    }
}

/// Somebody in line. Its drop gives the place up.
struct InLine<'a> {
    shared: &'a Shared,
    number: u64,
}

impl InLine<'_> {
    fn poll(&self, waker: &Waker) -> Poll<Waited> {
        // Cloned and dropped outside of the lock: both can run code of others.
        let mut waker = Some(waker.clone());
        match self
            .shared
            .with(|core, _| core.ask(self.number, &mut waker))
        {
            Waited::Still => Poll::Pending,
            waited => Poll::Ready(waited),
        }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let waker = self.shared.with(|core, wake| core.leave(self.number, wake));
        drop(waker);
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
    shared: Arc<Shared>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.with(|core, wake| core.release(wake));
    }
}
