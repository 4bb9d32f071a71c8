//! Random clients at work on a store, and the record of what they did and saw.
//!
//! Eight threads on two cores hardly meet if they are left alone. So they give their core away at
//! random moments between their steps, and they want the same few keys.

mod client;
mod kind;
mod recording;

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::history::{Event, History, Key, LogicalClock, Value};
use crate::subject::{Subject, View};
use client::Client;

/// How large a history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How many clients, each a thread.
    pub clients: usize,
    /// How many transactions or snapshots each client makes.
    pub transactions: usize,
    /// How many keys they share.
    pub keys: Key,
}

impl Shape {
    /// Eight clients; how much they do, and on how many keys, is chosen at random: 4 to 12
    /// transactions each, on 2 to 6 keys.
    pub fn random(rng: &mut fastrand::Rng) -> Self {
        Self {
            clients: 8,
            transactions: rng.usize(4..=12),
            keys: rng.u32(2..=6),
        }
    }
}

/// What the clients share.
struct Shared<'s, S> {
    subject: &'s S,
    shape: Shape,
    clock: LogicalClock,
    /// So that no two writes write the same value.
    values: AtomicU64,
    start: Barrier,
}

impl<S> Shared<'_, S> {
    fn value(&self) -> Value {
        self.values.fetch_add(1, Ordering::Relaxed)
    }
}

/// Lets clients work on an empty store, and records what happened. The same seed makes the same
/// choices, though the system may let the threads run in another order.
///
/// # Panics
/// When a thread of a client panics, which is what the store under trial did.
pub fn run<S: Subject>(subject: &S, shape: Shape, seed: u64) -> History {
    let base = subject.view().version();
    let shared = Shared {
        subject,
        shape,
        clock: LogicalClock::default(),
        values: AtomicU64::new(1),
        start: Barrier::new(shape.clients),
    };
    let events = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..shape.clients)
            .map(|number| {
                let shared = &shared;
                scope.spawn(move || -> Vec<Event> {
                    let rng = fastrand::Rng::with_seed(seed.wrapping_mul(64) + number as u64);
                    let client = Client::new(shared, number, rng);
                    shared.start.wait();
                    client.work()
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| match client.join() {
                Ok(events) => events,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    let end = subject.view();
    History {
        base,
        events,
        last: end.version(),
        state: end.range(0, Key::MAX).into_iter().collect(),
    }
}
