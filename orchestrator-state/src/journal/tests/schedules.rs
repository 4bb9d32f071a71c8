//! The group commit under many schedules: nobody is told too early, too late or never.
//!
//! `cargo test -p orchestrator-state --features shuttle shuttle_`

use std::panic;
use std::sync::Arc as StdArc;

use shuttle::sync::Arc;
use shuttle::sync::atomic::{AtomicU64, Ordering as Order};
use shuttle::thread;

use super::*;
use crate::journal::block::Link;
use crate::journal::queue::{Cause, Next, Queue, Stop};
use crate::wake::ToWake;

const COMMITTERS: u64 = 3;
const RECORDS: u64 = 2;

/// What a writer does wrong on purpose.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Bug {
    None,
    /// It acknowledges before the disk has the batch.
    Early,
    /// It forgets to acknowledge a batch that came while it was writing.
    Forgotten,
    /// It does not say that it has stopped.
    Silent,
}

/// Writes batches until it is told to close. `durable` is the disk.
fn writer(queue: &Queue, durable: &AtomicU64, bug: Bug, fails_at: u64) {
    let mut batches = 0;
    while queue.next(None, true) == Next::Batch {
        let Some(batch) = queue.take() else { return };
        let (first, last) = (batch.first, batch.last());
        batches += 1;
        if batches == fails_at {
            if bug != Bug::Silent {
                let cause = Cause::Panic;
                queue.stop(Stop { first, last, cause }, &mut ToWake::default());
            }
            return;
        }
        if bug == Bug::Forgotten && queue.count() > 0 {
            continue;
        }
        let link = Link {
            seq: last,
            head: Digest::of(&last.to_le_bytes()),
        };
        if bug == Bug::Early {
            queue.acknowledge(batch, link, false, &mut ToWake::default());
            thread::yield_now();
            durable.store(last, Order::SeqCst);
        } else {
            assert_eq!(
                durable.load(Order::SeqCst) + 1,
                first,
                "a gap or a repetition"
            );
            durable.store(last, Order::SeqCst);
            thread::yield_now();
            queue.acknowledge(batch, link, false, &mut ToWake::default());
        }
    }
}

/// Committers that wait for each of their records, and one writer.
fn scenario(bug: Bug, fails_at: u64) {
    let queue = Arc::new(Queue::new(Link::genesis(), Box::new(ticking())));
    let durable = Arc::new(AtomicU64::new(0));
    let committers: Vec<_> = (0..COMMITTERS)
        .map(|_| {
            let (queue, durable) = (queue.clone(), durable.clone());
            thread::spawn(move || {
                let mut before = 0;
                for _ in 0..RECORDS {
                    let Ok(place) = queue.submit("step", b"data", true) else {
                        return;
                    };
                    assert!(before < place.seq, "out of order");
                    before = place.seq;
                    match queue.wait(&place) {
                        Ok(()) => {
                            assert!(place.seq <= durable.load(Order::SeqCst), "told too early");
                            assert!(queue.is_acknowledged(place.seq));
                            assert!(queue.head_of(&place).is_some(), "its head is gone");
                        }
                        Err(stop) => {
                            assert!(stop.first <= place.seq, "told of a fault before it");
                            return;
                        }
                    }
                }
            })
        })
        .collect();
    let writing = {
        let (queue, durable) = (queue.clone(), durable.clone());
        thread::spawn(move || writer(&queue, &durable, bug, fails_at))
    };
    for committer in committers {
        committer.join().unwrap();
    }
    queue.close();
    writing.join().unwrap();
    if fails_at == 0 {
        assert_eq!(queue.head().seq, COMMITTERS * RECORDS);
    }
}

fn is_caught(bug: Bug, fails_at: u64) -> bool {
    panic::catch_unwind(|| shuttle::check_random(move || scenario(bug, fails_at), 2000)).is_err()
}

#[test]
fn shuttle_everybody_is_told_once_the_disk_has_it() {
    shuttle::check_random(|| scenario(Bug::None, 0), 3000);
    shuttle::check_pct(|| scenario(Bug::None, 0), 1000, 3);
}

#[test]
fn shuttle_a_stop_reaches_everybody() {
    for fails_at in 1..=3 {
        shuttle::check_random(move || scenario(Bug::None, fails_at), 1000);
    }
}

#[test]
fn shuttle_control_acknowledging_before_the_disk_is_caught() {
    assert!(is_caught(Bug::Early, 0));
}

#[test]
fn shuttle_control_a_forgotten_batch_is_caught() {
    assert!(is_caught(Bug::Forgotten, 0));
}

#[test]
fn shuttle_control_a_silent_stop_is_caught() {
    assert!(is_caught(Bug::Silent, 1));
}

#[test]
fn shuttle_a_waker_is_woken_or_forgotten() {
    use std::sync::atomic::AtomicUsize;
    use std::task::{Wake, Waker};

    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: StdArc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    shuttle::check_random(
        || {
            let queue = Arc::new(Queue::new(Link::genesis(), Box::new(ticking())));
            let durable = Arc::new(AtomicU64::new(0));
            let place = queue.submit("step", b"data", false).unwrap();
            let writing = {
                let (queue, durable) = (queue.clone(), durable.clone());
                thread::spawn(move || writer(&queue, &durable, Bug::None, 0))
            };
            let count = StdArc::new(Count(AtomicUsize::new(0)));
            let waker = Waker::from(count.clone());
            let pending = queue.poll(&place, &mut None, &waker).is_none();
            queue.close();
            writing.join().unwrap();
            assert!(queue.is_acknowledged(place.seq));
            assert_eq!(count.0.load(Ordering::SeqCst), usize::from(pending));
            assert_eq!(queue.kept_wakers(), 0);
        },
        2000,
    );
}
