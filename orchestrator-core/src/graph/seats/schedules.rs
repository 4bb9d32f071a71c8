//! Tasks that become ready while the last runners give up their seats, under many schedules: each task is run
//! once, and none is left in line.
//!
//! `cargo test -p orchestrator-core --features shuttle shuttle_`

use std::panic;

use shuttle::sync::{Arc, Mutex as JoinLock};
use shuttle::thread::{self, JoinHandle};

use super::*;

/// What is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// Who gives up a seat does not look once more after it.
    NoLastLook,
    /// Who has something to do looks for a free seat first, and puts it in line then.
    EarlyLook,
}

/// So many become ready by somebody without a seat, and each of them makes another one ready.
const OUTSIDE: u32 = 3;
const TASKS: u32 = 2 * OUTSIDE;

struct World {
    seats: Seats,
    bug: Bug,
    ran: [AtomicUsize; TASKS as usize],
    runners: JoinLock<Vec<JoinHandle<()>>>,
}

impl World {
    fn push(self: &Arc<Self>, seat: Option<&Seat>, at: u32) {
        let early = (self.bug == Bug::EarlyLook).then(|| self.seats.sit());
        let free = self.seats.push(seat, at, u64::from(at));
        let free = match early {
            Some(early) => {
                // What was seen after it is not acted on.
                if let Some(free) = free {
                    self.give_up(free);
                }
                early
            }
            None => free,
        };
        if let Some(free) = free {
            let world = self.clone();
            let runner = thread::spawn(move || world.run(free));
            self.runners.lock().unwrap().push(runner);
        }
    }

    /// Gives up a seat without the last look.
    fn give_up(&self, seat: Seat) {
        lock(&self.seats.free).push(seat);
        self.seats.vacant.fetch_add(1, Ordering::Relaxed);
    }

    fn run(self: &Arc<Self>, seat: Seat) {
        let mut seat = Some(seat);
        while let Some(own) = seat.take() {
            match self.seats.take(&own) {
                Some(at) => {
                    self.ran[at as usize].fetch_add(1, Ordering::SeqCst);
                    if at < OUTSIDE {
                        self.push(Some(&own), at + OUTSIDE);
                    }
                    seat = Some(own);
                }
                None if self.bug == Bug::NoLastLook => self.give_up(own),
                None => seat = self.seats.leave(own),
            }
        }
    }
}

/// Tasks are put in line from outside, one after the other, while others run.
fn run(bug: Bug, seats: usize, by_rank: bool) {
    let world = Arc::new(World {
        seats: Seats::new(seats, by_rank),
        bug,
        ran: [(); TASKS as usize].map(|()| AtomicUsize::new(0)),
        runners: JoinLock::default(),
    });
    for at in 0..OUTSIDE {
        world.push(None, at);
    }
    loop {
        // A runner adds others before it ends.
        let runner = world.runners.lock().unwrap().pop();
        match runner {
            Some(runner) => runner.join().unwrap(),
            None => break,
        }
    }
    let ran = |count: &AtomicUsize| count.load(Ordering::SeqCst);
    assert_eq!(world.ran.each_ref().map(ran), [1; TASKS as usize]);
    assert_eq!(world.seats.vacant.load(Ordering::SeqCst), seats);
}

/// Whether shuttle finds a schedule in which a task is left in line.
fn is_caught(bug: Bug) -> bool {
    let all = move || shuttle::check_random(move || run(bug, 1, false), 5_000);
    panic::catch_unwind(all).is_err()
}

#[test]
fn shuttle_no_ready_task_is_left_in_line() {
    for (seats, by_rank) in [(1, false), (2, false), (2, true)] {
        shuttle::check_random(move || run(Bug::None, seats, by_rank), 3_000);
        shuttle::check_pct(move || run(Bug::None, seats, by_rank), 3_000, 3);
    }
}

#[test]
fn shuttle_control_without_the_last_look_a_task_is_left() {
    assert!(is_caught(Bug::NoLastLook));
}

#[test]
fn shuttle_control_with_an_early_look_a_task_is_left() {
    assert!(is_caught(Bug::EarlyLook));
}
