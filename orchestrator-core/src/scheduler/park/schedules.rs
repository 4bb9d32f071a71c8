//! Lanes that fall asleep while work arrives, under many schedules: whatever the order, all work is done.
//!
//! Shuttle tries orders of steps, each of which everybody sees at once. What weaker memory adds to that
//! is the fences' affair.
//!
//! `cargo test -p orchestrator-core --features shuttle shuttle_`

use std::panic;
use std::sync::Arc as StdArc;

use shuttle::sync::{Arc, Condvar};
use shuttle::thread;

use super::*;
use crate::sync::bed::Bed;

/// What is left out on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// A lane does not look once more after it has lain down.
    NoLastLook,
    /// The last lane that searched does not ring for the next one when it has found something.
    NoNextRing,
    /// A lane that gets up because of its last look forgets that others may have relied on it.
    Forgetful,
}

struct World {
    parking: Parking,
    /// Work that is in line, and work that two lanes must be at side by side to get done.
    line: AtomicUsize,
    at_work: Mutex<usize>,
    enough: Condvar,
    jobs: usize,
    bug: Bug,
}

impl World {
    fn take(&self) -> bool {
        let taken = self
            .line
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |line| {
                line.checked_sub(1)
            });
        taken.is_ok()
    }

    /// Each job blocks its lane until all jobs are being done.
    fn work(&self) {
        let mut at_work = self.at_work.lock().unwrap();
        *at_work += 1;
        self.enough.notify_all();
        while *at_work < self.jobs {
            at_work = self.enough.wait(at_work).unwrap();
        }
    }

    fn lane(&self, lane: usize) {
        let bed = StdArc::new(Bed::default());
        let waker = Waker::from(StdArc::clone(&bed));
        let mut searching = false;
        loop {
            if self.take() {
                if std::mem::take(&mut searching) {
                    match self.bug {
                        Bug::NoNextRing => {
                            self.parking.searching.fetch_sub(1, Ordering::Relaxed);
                        }
                        _ => {
                            let more = || self.line.load(Ordering::SeqCst) > 0;
                            self.parking.found(more).into_iter().for_each(Waker::wake);
                        }
                    }
                }
                return self.work();
            }
            let down = self
                .parking
                .lie_down(lane, waker.clone(), std::mem::take(&mut searching));
            assert!(down, "nobody has closed it");
            if self.bug != Bug::NoLastLook && self.line.load(Ordering::SeqCst) > 0 {
                if self.bug == Bug::Forgetful {
                    searching = !self.parking.get_up(lane);
                } else {
                    self.parking.get_up_to_search(lane);
                    searching = true;
                }
                continue;
            }
            // A waker may come late, when its lane has got up by itself and lies again.
            while self.parking.sleeps_on(lane, &waker) {
                bed.sleep();
            }
            searching = true;
        }
    }
}

/// Lanes, and as many jobs from outside.
fn run(bug: Bug, lanes: usize) {
    let world = Arc::new(World {
        parking: Parking::new(lanes),
        line: AtomicUsize::new(0),
        at_work: Mutex::new(0),
        enough: Condvar::new(),
        jobs: lanes,
        bug,
    });
    let threads: Vec<_> = (0..lanes)
        .map(|lane| {
            let world = world.clone();
            thread::spawn(move || world.lane(lane))
        })
        .collect();
    for _ in 0..lanes {
        world.line.fetch_add(1, Ordering::SeqCst);
        world.parking.ring(None).into_iter().for_each(Waker::wake);
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Whether shuttle finds a schedule in which somebody sleeps for ever.
fn is_caught(bug: Bug) -> bool {
    let all = move || shuttle::check_random(move || run(bug, 3), 5_000);
    panic::catch_unwind(all).is_err()
}

#[test]
fn shuttle_no_lane_sleeps_through_work() {
    shuttle::check_random(|| run(Bug::None, 2), 4_000);
    shuttle::check_random(|| run(Bug::None, 3), 4_000);
    shuttle::check_pct(|| run(Bug::None, 3), 4_000, 3);
}

#[test]
fn shuttle_control_without_the_last_look_a_lane_sleeps_on() {
    assert!(is_caught(Bug::NoLastLook));
}

#[test]
fn shuttle_control_without_the_next_ring_a_lane_sleeps_on() {
    assert!(is_caught(Bug::NoNextRing));
}

#[test]
fn shuttle_control_a_forgetful_lane_keeps_the_others_asleep() {
    assert!(is_caught(Bug::Forgetful));
}
