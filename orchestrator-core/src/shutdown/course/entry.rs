//! One handler on the course.

use std::time::Duration;

use crate::shutdown::report::{HandlerOutcome, HandlerReport};

/// How long a handler that was given up on may take to be dropped before it counts as blocked. Long
/// enough for any drop that does not wait, short enough to end within the second that a shutdown may
/// take beyond its grace.
pub(in crate::shutdown) const SETTLE: Duration = Duration::from_millis(250);

/// Names a handler, in the order of registration.
pub(in crate::shutdown) type Id = u64;

/// What the driver has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shutdown) enum Order {
    /// Run it.
    Start(Id),
    /// Give up on it: drop it where it stands or before it began, take its last resort, and tell
    /// [`End::Cleaned`].
    Abandon(Id),
    /// It was done: forget what is kept of it.
    Forget(Id),
    /// Show the report.
    Finish,
}

/// How a handler ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::shutdown) enum End {
    Done,
    Panicked(String),
    /// Its future or its thread is gone before it was done.
    Dropped,
    /// There is no thread for it.
    Refused(String),
    /// Its last resort is taken.
    Cleaned,
}

#[derive(Debug)]
pub(super) enum Stage {
    Waiting,
    Running {
        until: Duration,
    },
    /// Given up on. What is awaited, up to a time: that it is dropped, and that its last resort is
    /// taken.
    Leaving {
        outcome: HandlerOutcome,
        until: Duration,
        body: bool,
        cleaning: bool,
    },
    Ended {
        outcome: HandlerOutcome,
        blocked: bool,
    },
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) priority: i32,
    pub(super) limit: Duration,
    /// Its place among those that began.
    pub(super) place: Option<usize>,
    pub(super) began: Duration,
    pub(super) took: Duration,
    pub(super) stage: Stage,
}

impl Entry {
    pub(super) fn leave(&mut self, outcome: HandlerOutcome, now: Duration, body: bool) {
        self.took = now.saturating_sub(self.began);
        self.stage = Stage::Leaving {
            outcome,
            until: now.saturating_add(SETTLE),
            body,
            cleaning: true,
        };
    }

    pub(super) fn report(&self) -> Option<HandlerReport> {
        let Stage::Ended { outcome, blocked } = &self.stage else {
            return None;
        };
        Some(HandlerReport {
            name: self.name.clone(),
            priority: self.priority,
            outcome: outcome.clone(),
            took: self.took,
            blocked: *blocked,
        })
    }
}
