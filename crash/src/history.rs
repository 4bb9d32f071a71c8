//! What clients did and saw: transactions on a few keys, with the moments at which they began and
//! ended on a clock that only counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// A key of a history. Histories use a handful, so that clients meet.
pub type Key = u32;

/// A value of a history. Each write of a history writes a value of its own, so that a read tells
/// which write it saw.
pub type Value = u64;

/// All keys and values at one version.
pub type State = BTreeMap<Key, Value>;

/// A clock that counts how often it was asked, over all threads.
///
/// If one call of `tick` returns before another begins, its number is the smaller one. So two spans
/// that do not overlap on this clock did not overlap in time.
#[derive(Debug, Default)]
pub struct LogicalClock(AtomicU64);

impl LogicalClock {
    /// The next moment.
    pub fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// A call: the moment before it and the moment after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Just before the call.
    pub from: u64,
    /// Just after the call.
    pub to: u64,
}

/// One thing that a client did in a transaction or with a snapshot, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Read a key.
    Get {
        /// The key.
        key: Key,
        /// What it was told.
        got: Option<Value>,
    },
    /// Read all keys in `from..to`.
    Range {
        /// The first key.
        from: Key,
        /// The key after the last.
        to: Key,
        /// What it was told, in the order of the keys.
        got: Vec<(Key, Value)>,
    },
    /// Wrote a key.
    Put {
        /// The key.
        key: Key,
        /// The value.
        value: Value,
    },
    /// Took a key away.
    Remove {
        /// The key.
        key: Key,
    },
}

impl Step {
    /// Whether it changes anything.
    #[must_use]
    pub fn writes(&self) -> bool {
        matches!(self, Self::Put { .. } | Self::Remove { .. })
    }
}

/// How a transaction or a view ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It wrote, and its writes are this version.
    Committed {
        /// The version that the commit has returned.
        version: u64,
    },
    /// It wrote, and its commit was refused. What it read must still have been consistent.
    Refused,
    /// It only read, at this version.
    Viewed {
        /// The version that it says it has read.
        version: u64,
    },
}

/// One transaction or snapshot of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whose it was.
    pub client: usize,
    /// The call that began it: what it reads is a version that was current in this span.
    pub began: Span,
    /// The call that ended it: a commit takes effect in this span.
    pub ended: Span,
    /// What it did, in its order.
    pub steps: Vec<Step>,
    /// How it ended.
    pub outcome: Outcome,
}

/// All that happened to one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The version before the first event, at which no key had a value.
    pub base: u64,
    /// The events, in any order.
    pub events: Vec<Event>,
    /// The version after the last event.
    pub last: u64,
    /// What a snapshot showed after the last event.
    pub state: State,
}
