//! The lock around the rules.

use std::task::Waker;

use tokio::time::Instant;

use super::{
    core::{Core, End},
    keys::Ticket,
};
use crate::{
    Priority,
    admission::MemorySource,
    sync::{Mutex, lock},
};

/// The rules, their lock, and where the memory is read.
pub(super) struct Shared {
    core: Mutex<Core<Waker>>,
    memory: Box<dyn MemorySource>,
}

/// Tokio's clock, as an instant that the rules take.
pub(super) fn now() -> std::time::Instant {
    Instant::now().into_std()
}

impl Shared {
    pub(super) fn new(core: Core<Waker>, memory: Box<dyn MemorySource>) -> Self {
        let core = Mutex::new(core);
        Self { core, memory }
    }

    /// Does something under the lock, and wakes those whom it concerns after it: they, or what is
    /// dropped with them, may come for the lock themselves.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut Core<Waker>, &mut Vec<Waker>) -> R) -> R {
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

    /// A call is over.
    pub(super) fn end(&self, ticket: Ticket, end: End) {
        let now = now();
        self.with(|core, wake| core.end(now, ticket, end, wake));
    }

    /// Reads the memory if that concerns somebody and the last reading is old. Not under the lock.
    pub(super) fn read_memory(&self, priority: Priority) {
        if priority != Priority::Low {
            return;
        }
        let now = now();
        if self.with(|core, _| core.reads_memory(now)) {
            let reading = self.memory.read();
            self.with(|core, wake| core.observe(now, reading, wake));
        }
    }
}
