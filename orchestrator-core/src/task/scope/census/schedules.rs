//! Those in a scope bring others in and leave, while somebody waits for there to be none: under many
//! schedules it is closed when it is empty, and not before.
//!
//! `cargo test -p orchestrator-core --features shuttle shuttle_`

use std::panic;

use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;

use super::*;

/// What is done wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// It is closed though somebody has come since the look.
    ClosedBlindly,
    /// Whoever leaves does not look whether somebody waits.
    NoLook,
}

struct World {
    census: Census,
    /// Who is inside, as a lock counts it.
    inside: Mutex<usize>,
    /// Whether somebody has said that it may be empty.
    told: Mutex<bool>,
    changed: Condvar,
    bug: Bug,
}

impl World {
    fn try_close(&self) -> bool {
        let census = &self.census;
        match self.bug {
            Bug::ClosedBlindly => {
                let left = census.sum();
                let empty = left == census.came.load(Ordering::SeqCst);
                if empty {
                    census.came.fetch_or(CLOSED, Ordering::SeqCst);
                }
                empty
            }
            _ => census.try_close(),
        }
    }

    fn enter(&self) -> bool {
        let entered = self.census.enter();
        if entered {
            *self.inside.lock().unwrap() += 1;
        }
        entered
    }

    fn leave(&self, lane: usize) {
        *self.inside.lock().unwrap() -= 1;
        let last = match self.bug {
            Bug::NoLook => {
                self.census.left[lane % PLACES].fetch_add(1, Ordering::SeqCst);
                false
            }
            _ => self.census.leave(lane),
        };
        if last {
            *self.told.lock().unwrap() = true;
            self.changed.notify_all();
        }
    }

    /// Waits until there is nobody, as `Scope::poll_empty` does.
    fn close(&self) {
        loop {
            self.census.wait();
            if self.try_close() {
                return;
            }
            let mut told = self.told.lock().unwrap();
            while !*told {
                told = self.changed.wait(told).unwrap();
            }
            *told = false;
        }
    }
}

/// Two are inside, and each brings another one in before it leaves. Somebody from outside comes and goes, as long
/// as it can, a few times.
fn run(bug: Bug) {
    let world = Arc::new(World {
        census: Census::default(),
        inside: Mutex::new(0),
        told: Mutex::new(false),
        changed: Condvar::new(),
        bug,
    });
    assert!(world.enter() && world.enter());
    let threads: Vec<_> = (0..2)
        .map(|lane| {
            let world = world.clone();
            thread::spawn(move || {
                let child = world.enter();
                assert!(child, "it is closed while somebody is inside");
                let other = world.clone();
                let child = thread::spawn(move || other.leave(lane + 1));
                world.leave(lane);
                child.join().unwrap();
            })
        })
        .collect();
    let outsider = {
        let world = world.clone();
        thread::spawn(move || {
            let mut visits = 4;
            while visits > 0 && world.enter() {
                world.leave(0);
                visits -= 1;
            }
        })
    };
    world.close();
    assert_eq!(*world.inside.lock().unwrap(), 0);
    assert!(!world.enter(), "it is closed");
    for thread in threads.into_iter().chain([outsider]) {
        thread.join().unwrap();
    }
}

fn is_caught(bug: Bug) -> bool {
    panic::catch_unwind(move || shuttle::check_random(move || run(bug), 10_000)).is_err()
}

#[test]
fn shuttle_it_is_closed_when_it_is_empty_and_not_before() {
    shuttle::check_random(|| run(Bug::None), 8_000);
    shuttle::check_pct(|| run(Bug::None), 4_000, 3);
}

#[test]
fn shuttle_control_whoever_closes_blindly_closes_too_early() {
    assert!(is_caught(Bug::ClosedBlindly));
}

#[test]
fn shuttle_control_whoever_leaves_without_a_look_leaves_others_waiting() {
    assert!(is_caught(Bug::NoLook));
}
