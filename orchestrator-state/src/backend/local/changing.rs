//! The index of the queues while something is changed.
//!
//! Under its lock nobody waits for the disk, and no waker is called: a waker may ask for a task, and for
//! that it needs the lock; and the disk may be waiting for a waker.

use std::ops::{Deref, DerefMut};
use std::sync::MutexGuard;

use super::queues::{Move, Queues};
use super::{Inner, Refused};
use crate::wake::ToWake;
use crate::{Pending, Transaction};

/// The lock of the index. To let go of it calls the wakers that were found under it, without it.
pub(super) struct Changing<'a> {
    // In this order: the guard is dropped first.
    queues: MutexGuard<'a, Queues>,
    to_wake: ToWake,
}

impl Deref for Changing<'_> {
    type Target = Queues;

    fn deref(&self) -> &Queues {
        &self.queues
    }
}

impl DerefMut for Changing<'_> {
    fn deref_mut(&mut self) -> &mut Queues {
        &mut self.queues
    }
}

impl Changing<'_> {
    /// Follows what was committed. Those who wait are told of it.
    pub(super) fn follow(&mut self, moves: Vec<Move>) {
        for signal in self.queues.apply(moves) {
            signal.notify(&mut self.to_wake);
        }
    }
}

impl Inner {
    /// The lock of the index, once there is room for a change.
    pub(super) fn lock_to_change(&self) -> Changing<'_> {
        self.store.make_room();
        Changing {
            queues: self.lock(),
            to_wake: ToWake::default(),
        }
    }

    /// As [`submit`](Self::submit), under the lock of the index.
    pub(super) fn submit_under<T>(
        &self,
        changing: &mut Changing<'_>,
        run: impl FnMut(&mut Transaction<'_>) -> Result<T, Refused>,
    ) -> Result<(T, Pending), Refused> {
        self.has_not_stopped()?;
        self.store.submit_update_quietly(&mut changing.to_wake, run)
    }

    /// Makes a change to tasks: runs it as a transaction, follows it in the index, tells those who
    /// wait.
    pub(super) fn change<T>(
        &self,
        mut changing: Changing<'_>,
        run: impl FnMut(&mut Transaction<'_>) -> Result<(T, Vec<Move>), Refused>,
    ) -> Result<(T, Pending), Refused> {
        let ((value, moves), pending) = self.submit_under(&mut changing, run)?;
        changing.follow(moves);
        Ok((value, pending))
    }
}
