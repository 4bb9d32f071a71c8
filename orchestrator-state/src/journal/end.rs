//! The end of the journal that grows, and its lock: who holds it writes, and whoever is to be woken
//! for that is woken without it.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::queue::{Cause, Queue, Stop};
use super::writer::{Fault, Writer};
use crate::sync::MutexGuard;
use crate::wake::ToWake;

/// What is called with the last record of each batch, before anybody else hears of it. It adds those
/// whom it wants to wake.
pub(crate) type Told = Box<dyn FnMut(u64, &mut ToWake) + Send>;

/// The end of the journal that grows. Whoever holds its lock drains the queue.
pub(super) struct End {
    pub(super) writer: Writer,
    pub(super) told: Option<Told>,
    /// How many committers are likely to be back soon after the last batch.
    pub(super) soon: usize,
    /// How long a batch takes on the disk, smoothed.
    pub(super) pace: Duration,
    /// Who is to be woken when the lock is free.
    pub(super) to_wake: ToWake,
}

impl End {
    pub(super) fn new(writer: Writer, told: Option<Told>) -> Self {
        Self {
            writer,
            told,
            soon: 0,
            pace: Duration::ZERO,
            to_wake: ToWake::default(),
        }
    }
}

/// The lock of the end. To let go of it calls the wakers that were found under it, without it.
pub(super) struct Held<'a> {
    // In this order: the guard is dropped first.
    end: MutexGuard<'a, End>,
    after: Woken<'a>,
}

/// Wakers that are called when this is dropped. A panic of one of them stops the journal: it may be
/// the writer thread that it ends.
struct Woken<'a> {
    queue: &'a Queue,
    to_wake: ToWake,
}

impl<'a> Held<'a> {
    pub(super) fn new(end: MutexGuard<'a, End>, queue: &'a Queue) -> Self {
        let to_wake = ToWake::default();
        Self {
            end,
            after: Woken { queue, to_wake },
        }
    }
}

impl Deref for Held<'_> {
    type Target = End;

    fn deref(&self) -> &End {
        &self.end
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut End {
        &mut self.end
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.after.to_wake = self.end.to_wake.take();
    }
}

impl Drop for Woken<'_> {
    fn drop(&mut self) {
        if self.to_wake.is_empty() {
            return;
        }
        let mut left = ToWake::default();
        let guard = StopOnPanic::new(self.queue, &mut left);
        drop(self.to_wake.take());
        std::mem::forget(guard);
    }
}

/// Stops the journal if it is dropped, which happens in a panic only.
pub(super) struct StopOnPanic<'a> {
    queue: &'a Queue,
    pub(super) to_wake: &'a mut ToWake,
}

impl<'a> StopOnPanic<'a> {
    pub(super) fn new(queue: &'a Queue, to_wake: &'a mut ToWake) -> Self {
        Self { queue, to_wake }
    }

    /// The dangerous part is over; a fault in it stops the journal as well.
    pub(super) fn passed(mut self, result: Result<(), Fault>) {
        if let Err(fault) = result {
            self.stop(fault.into());
        }
        std::mem::forget(self);
    }

    fn stop(&mut self, cause: Cause) {
        let last = self.queue.head().seq;
        let stop = Stop {
            first: last + 1,
            last,
            cause,
        };
        self.queue.stop(stop, self.to_wake);
    }
}

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        self.stop(Cause::Panic);
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Write(source) => Self::Write(Arc::new(source)),
            Fault::Sync(source) => Self::Sync(Arc::new(source)),
        }
    }
}
