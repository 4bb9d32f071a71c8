//! The rules of the slots, without a lock, a clock or a task.

use std::{collections::HashMap, sync::Arc};

use crate::{
    Priority,
    admission::queue::{Look, Place, WaitQueue},
};

/// Slots and who waits for them. `W` is what wakes somebody up: it is handed out, never called, so
/// that the caller can let go of the lock first.
#[derive(Debug)]
pub(super) struct SlotCore<W> {
    limit: usize,
    /// Permits that are out, and slots that are promised to somebody who waits.
    taken: usize,
    closed: bool,
    queue: WaitQueue,
    waiters: HashMap<u64, Waiter<W>>,
}

#[derive(Debug)]
struct Waiter<W> {
    place: Place,
    state: State,
    waker: Option<W>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InLine,
    Promised,
    TurnedAway,
}

/// What becomes of somebody who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    Taken,
    Closed,
    /// The number to ask with.
    Waits(u64),
}

/// What has become of somebody who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waited {
    Taken,
    Closed,
    Still,
}

impl<W> SlotCore<W> {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            taken: 0,
            closed: false,
            queue: WaitQueue::default(),
            waiters: HashMap::new(),
        }
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn try_take(&mut self) -> bool {
        // Who comes does not overtake who waits: nobody waits while a slot is free.
        let free = !self.closed && self.taken < self.limit;
        if free {
            self.taken += 1;
        }
        free
    }

    pub(super) fn arrive(&mut self, priority: Priority, mission: &Arc<str>) -> Arrival {
        if self.closed {
            return Arrival::Closed;
        }
        if self.try_take() {
            return Arrival::Taken;
        }
        let place = self.queue.push(priority, Arc::clone(mission), 0);
        let number = place.number;
        let waiter = Waiter {
            place,
            state: State::InLine,
            waker: None,
        };
        self.waiters.insert(number, waiter);
        Arrival::Waits(number)
    }

    /// Asks for somebody who waits. After an answer other than [`Waited::Still`] the number is
    /// gone. `waker` comes back as the one that it replaces: dropping a waker can drop a task, and
    /// with it permits, so that is not done under the lock either.
    pub(super) fn ask(&mut self, number: u64, waker: &mut Option<W>) -> Waited {
        let Some(waiter) = self.waiters.get_mut(&number) else {
            return Waited::Closed;
        };
        let waited = match waiter.state {
            State::InLine => {
                std::mem::swap(&mut waiter.waker, waker);
                return Waited::Still;
            }
            State::Promised => Waited::Taken,
            State::TurnedAway => Waited::Closed,
        };
        self.waiters.remove(&number);
        waited
    }

    /// Somebody stops waiting. A slot that was promised to it goes on to the next. What it would
    /// have been woken by comes back, to be dropped outside of the lock.
    pub(super) fn leave(&mut self, number: u64, wake: &mut Vec<W>) -> Option<W> {
        let waiter = self.waiters.remove(&number)?;
        match waiter.state {
            State::InLine => drop(self.queue.remove(&waiter.place)),
            State::Promised => self.release(wake),
            State::TurnedAway => {}
        }
        waiter.waker
    }

    /// A slot is given back.
    pub(super) fn release(&mut self, wake: &mut Vec<W>) {
        self.taken -= 1;
        self.promise(wake);
    }

    pub(super) fn set_limit(&mut self, limit: usize, wake: &mut Vec<W>) {
        self.limit = limit;
        self.promise(wake);
    }

    pub(super) fn close(&mut self, wake: &mut Vec<W>) {
        self.closed = true;
        while let Some(number) = self.queue.next(|_, _| Look::Take) {
            self.settle(number, State::TurnedAway, wake);
        }
    }

    /// Promises what is free to those who are next.
    fn promise(&mut self, wake: &mut Vec<W>) {
        while self.taken < self.limit {
            let Some(number) = self.queue.next(|_, _| Look::Take) else {
                return;
            };
            self.taken += 1;
            self.settle(number, State::Promised, wake);
        }
    }

    fn settle(&mut self, number: u64, state: State, wake: &mut Vec<W>) {
        if let Some(waiter) = self.waiters.get_mut(&number) {
            waiter.state = state;
            wake.extend(waiter.waker.take());
        }
    }
}
