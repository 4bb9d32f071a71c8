//! The hand-off of the files under many schedules: what is put in while somebody has the files is
//! written by somebody, and a waker finds them free.
//!
//! Shuttle tries orders of steps, each of which everybody sees at once. So the fence in `drain_if_free`
//! is not tried here; the comment there argues it.
//!
//! `cargo test -p orchestrator-state --features shuttle shuttle_`

mod thread;

use std::future::Future;
use std::io;
use std::panic;
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::task::{Context, Wake, Waker};

use shuttle::thread as threads;

use super::super::anchor::Anchor;
use super::super::block::Link;
use super::super::clock::SystemClock;
use super::super::medium::{LogFile, Medium};
use super::*;
use crate::atomic::System;

/// A disk that keeps nothing: what counts here is who writes.
struct Nowhere;

impl Medium for Nowhere {
    fn open(&self, _: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(Self))
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl LogFile for Nowhere {
    fn write_at(&mut self, _: u64, bytes: &[u8]) -> io::Result<usize> {
        // Others may come in the middle of a write.
        threads::yield_now();
        Ok(bytes.len())
    }

    fn set_len(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        threads::yield_now();
        Ok(())
    }
}

/// A journal of which committers write themselves. `told` hears of each batch.
fn journal(durability: Durability, told: Option<Told>) -> Arc<Shared> {
    let genesis = Link::genesis();
    let writer = Writer {
        medium: Box::new(Nowhere),
        steps: Arc::new(System),
        folder: "nowhere".into(),
        segment: Box::new(Nowhere),
        anchor: Box::new(Nowhere),
        durability,
        segment_bytes: 16 << 20,
        anchor_interval: Duration::ZERO,
        first: 1,
        offset: 0,
        prepared: 0,
        step: Writer::STEP,
        head: genesis,
        anchored: Anchor {
            turn: 0,
            link: genesis,
            relaxed: true,
        },
        unsynced: None,
        unanchored: None,
    };
    let queue = Queue::new(genesis, Box::new(SystemClock));
    Arc::new(Shared::new(queue, durability, writer, told))
}

const RELAXED: [Durability; 2] = [
    Durability::None,
    Durability::Batched(Duration::from_secs(3600)),
];

/// Does something with the files.
type Holder = fn(&Arc<Shared>);

fn submit(shared: &Arc<Shared>) -> Ticket {
    shared.submit("step", b"data", false).unwrap()
}

/// Submits without waiting: whether it is written is up to others, if the files are held.
fn drops(shared: &Arc<Shared>) {
    drop(submit(shared));
}

fn polls(shared: &Arc<Shared>) {
    let mut ticket = submit(shared);
    let _ = Pin::new(&mut ticket).poll(&mut Context::from_waker(Waker::noop()));
    // As one that nobody polls any more, and nobody drops before the end.
    std::mem::forget(ticket);
}

fn waits(shared: &Arc<Shared>) {
    let ticket = submit(shared);
    let seq = ticket.seq();
    ticket.wait().unwrap();
    assert!(shared.queue.is_acknowledged(seq), "told too early");
}

fn flushes(shared: &Arc<Shared>) {
    shared.flush().unwrap();
}

fn rests(shared: &Arc<Shared>) {
    shared.at_rest(|_| threads::yield_now()).unwrap();
}

/// Wrong on purpose: it lets go of the files, and does not look.
fn goes(shared: &Arc<Shared>) {
    let mut end = shared.lock();
    shared.drain_locked(&mut end);
    threads::yield_now();
    drop(end);
}

/// Wrong on purpose: it looks, and lets go of the files then.
fn looks_first(shared: &Arc<Shared>) {
    let mut end = shared.lock();
    while shared.queue.count() > 0 {
        shared.drain_locked(&mut end);
    }
    threads::yield_now();
    drop(end);
}

/// When all have gone their ways, nothing is left in the queue, and the batches came in order.
fn all_is_written(durability: Durability, holders: &[Holder], times: usize) {
    let last = Arc::new(AtomicU64::new(0));
    let told: Told = {
        let last = Arc::clone(&last);
        Box::new(move |seq, _| assert!(last.swap(seq, Ordering::SeqCst) < seq, "out of order"))
    };
    let shared = journal(durability, Some(told));
    let running: Vec<_> = holders
        .iter()
        .map(|holder| {
            let (shared, holder) = (Arc::clone(&shared), *holder);
            threads::spawn(move || (0..times).for_each(|_| holder(&shared)))
        })
        .collect();
    for holder in running {
        holder.join().unwrap();
    }
    let submitted = shared.queue.last_place().seq;
    assert_eq!(shared.queue.head().seq, submitted, "something is left");
    assert_eq!(last.load(Ordering::SeqCst), submitted);
    assert_eq!(shared.queue.count(), 0);
}

fn check(holders: &'static [Holder]) {
    for durability in RELAXED {
        shuttle::check_random(move || all_is_written(durability, holders, 2), 250);
        shuttle::check_pct(move || all_is_written(durability, holders, 2), 100, 3);
    }
}

fn is_caught(scenario: impl Fn() + Send + Sync + Copy + panic::UnwindSafe + 'static) -> bool {
    panic::catch_unwind(move || shuttle::check_random(scenario, 3000)).is_err()
        || panic::catch_unwind(move || shuttle::check_pct(scenario, 3000, 3)).is_err()
}

#[test]
fn shuttle_what_comes_while_the_files_are_held_is_written() {
    check(&[drops, drops, polls]);
    check(&[drops, flushes, rests]);
    check(&[drops, polls, waits]);
    check(&[waits, waits, rests]);
}

/// Once each: what is left behind by one turn would be found by the next one.
fn leaves_something(holders: &'static [Holder]) -> bool {
    RELAXED
        .iter()
        .all(|durability| is_caught(move || all_is_written(*durability, holders, 1)))
}

#[test]
fn shuttle_control_to_go_without_a_look_is_caught() {
    assert!(leaves_something(&[drops, goes]));
    assert!(leaves_something(&[polls, goes]));
}

#[test]
fn shuttle_control_to_look_before_one_goes_is_caught() {
    assert!(leaves_something(&[drops, looks_first]));
    assert!(leaves_something(&[polls, looks_first]));
}

#[test]
fn shuttle_the_writer_thread_syncs_beside_committers() {
    let scenario = || {
        let shared = journal(Durability::Batched(Duration::ZERO), None);
        let writer = {
            let shared = Arc::clone(&shared);
            threads::spawn(move || shared.run())
        };
        let committers: [Holder; 2] = [drops, waits];
        let committers = committers.map(|committer| {
            let shared = Arc::clone(&shared);
            threads::spawn(move || committer(&shared))
        });
        for committer in committers {
            committer.join().unwrap();
        }
        shared.queue.close();
        writer.join().unwrap();
        assert_eq!(shared.queue.head().seq, 2);
    };
    shuttle::check_random(scenario, 1000);
}

/// A waker that commits at once, and counts.
struct Commits {
    shared: Arc<Shared>,
    done: AtomicUsize,
}

impl Wake for Commits {
    fn wake(self: Arc<Self>) {
        waits(&self.shared);
        self.done.fetch_add(1, Ordering::SeqCst);
    }
}

/// A ticket is polled once, while somebody has the files; its waker commits.
fn a_waker_commits(durability: Durability, holder: Holder) {
    let shared = journal(durability, None);
    let commits = Arc::new(Commits {
        shared: Arc::clone(&shared),
        done: AtomicUsize::new(0),
    });
    let holding = {
        let shared = Arc::clone(&shared);
        threads::spawn(move || holder(&shared))
    };
    let waker = Waker::from(Arc::clone(&commits));
    let mut ticket = submit(&shared);
    let poll = Pin::new(&mut ticket).poll(&mut Context::from_waker(&waker));
    holding.join().unwrap();
    drop(ticket);
    let woken = usize::from(poll.is_pending());
    assert_eq!(commits.done.load(Ordering::SeqCst), woken);
    assert_eq!(shared.queue.head().seq, shared.queue.last_place().seq);
}

/// Wrong on purpose: it wakes, and lets go of the files then.
fn wakes_first(shared: &Arc<Shared>) {
    let mut end = shared.lock();
    shared.drain_locked(&mut end);
    drop(end.to_wake.take());
    shared.release(end);
}

#[test]
fn shuttle_a_waker_may_commit() {
    for durability in RELAXED {
        for holder in [rests, flushes, waits] {
            shuttle::check_random(move || a_waker_commits(durability, holder), 500);
        }
    }
}

#[test]
fn shuttle_control_a_waker_that_is_called_with_the_files_held_waits_for_ever() {
    for durability in RELAXED {
        assert!(is_caught(move || a_waker_commits(durability, wakes_first)));
    }
}
