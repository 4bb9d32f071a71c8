//! Random clients at work on one key, and the record of it without versions.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::history::{Key, LogicalClock, Span, Value};
use crate::search::{Operation, Register};
use crate::subject::{Open, Steps, Subject, View};

/// The one key.
const KEY: Key = 0;

/// How many operations a history has at most, because [`search`](crate::search::search) keeps a bit for
/// each.
pub const MOST: usize = 64;

/// Lets eight clients read, write, swap (in a transaction or without one) and remove one key of an empty store, six times each, and
/// records what happened.
///
/// # Panics
/// When a thread of a client panics, which is what the store under trial did.
pub fn run<S: Subject>(subject: &S, seed: u64) -> Vec<Operation> {
    let clock = LogicalClock::default();
    let values = AtomicU64::new(1);
    let start = Barrier::new(8);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|number| {
                let (clock, values, start) = (&clock, &values, &start);
                scope.spawn(move || {
                    let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(8) + number);
                    start.wait();
                    (0..MOST / 8 - 2)
                        .map(|_| one(subject, clock, values, &mut rng))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        clients
            .into_iter()
            .flat_map(|client| match client.join() {
                Ok(operations) => operations,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

fn one<S: Subject>(
    subject: &S,
    clock: &LogicalClock,
    values: &AtomicU64,
    rng: &mut fastrand::Rng,
) -> Operation {
    let mut pause = || {
        if rng.bool() {
            std::thread::yield_now();
        }
        rng.u8(0..8)
    };
    let choice = pause();
    let put = values.fetch_add(1, Ordering::Relaxed);
    let from = clock.tick();
    let did = match choice {
        0 | 1 => {
            let view = subject.view();
            pause();
            Register::Read(view.get(KEY))
        }
        2 => blind(subject, Some(put)),
        3 => blind(subject, None),
        4 | 5 => modify(subject, put, &mut || {
            pause();
        }),
        _ => swap(subject, put, &mut || {
            pause();
        }),
    };
    Operation {
        span: Span {
            from,
            to: clock.tick(),
        },
        did,
    }
}

/// A write without a look, which nothing can refuse.
fn blind<S: Subject>(subject: &S, value: Option<Value>) -> Register {
    let mut open = subject.begin();
    match value {
        Some(value) => open.put(KEY, value),
        None => open.remove(KEY),
    }
    match open.commit() {
        Ok(_) => Register::Write(value),
        // It has done nothing, and claims nothing.
        Err(_) => Register::Nothing,
    }
}

fn swap<S: Subject>(subject: &S, put: Value, pause: &mut dyn FnMut()) -> Register {
    let mut open = subject.begin();
    let saw = open.get(KEY);
    pause();
    open.put(KEY, put);
    match open.commit() {
        Ok(_) => Register::Swap { saw, put },
        // What it saw was true at some moment while it ran.
        Err(_) => Register::Read(saw),
    }
}

/// A swap without a transaction, which is tried until it is done.
fn modify<S: Subject>(subject: &S, put: Value, pause: &mut dyn FnMut()) -> Register {
    let mut saw = None;
    let modified = subject.modify(KEY, &mut |value| {
        saw = value;
        pause();
        Some(put)
    });
    match modified {
        Ok(_) => Register::Swap { saw, put },
        Err(_) => Register::Nothing,
    }
}
