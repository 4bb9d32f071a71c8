//! Wakers that commit while more than one batch is queued, on the thread that would write the next one.

use std::thread;

use super::crowded::{Texts, open, submit};
use super::waking::{PATIENCE, does, in_time, is_pending};
use super::*;
use crate::Durability;

/// What a waker does on the thread that writes.
type Action = fn(&StateStore, &Texts);

fn commits(store: &StateStore, table: &Texts) {
    submit(store, table, 100, 2).wait().unwrap();
}

fn flushes(store: &StateStore, table: &Texts) {
    drop(submit(store, table, 100, 2));
    store.flush().unwrap();
}

/// There is no room for the second of them.
fn commits_much(store: &StateStore, table: &Texts) {
    for key in 100..103 {
        drop(submit(store, table, key, 3));
    }
    submit(store, table, 100, 3).wait().unwrap();
}

/// Two commits are awaited, each in a batch of its own. The waker of the first finds the second one in
/// the queue, and what it does itself does not fit into the same batch: so it has to write two, and there
/// is somebody to wake between them.
fn a_waker_acts_between_two_batches(durability: Durability, action: Action) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (valve, store, table) = open(&path, durability);
        let (acts, first_told) = does({
            let (store, table) = (store.clone(), table.clone());
            move || action(&store, &table)
        });
        let (idles, second_told) = does(|| ());
        valve.turn(true);
        // Where committers write, somebody has to be writing while both are put into the queue.
        let busy = (durability != Durability::Immediate).then(|| {
            let (store, table) = (store.clone(), table.clone());
            let busy = thread::spawn(move || submit(&store, &table, 0, 0).wait().map(drop));
            valve.until_somebody_waits();
            busy
        });
        let mut first = Box::pin(submit(&store, &table, 1, 2));
        assert!(is_pending(first.as_mut(), &acts));
        valve.until_somebody_waits();
        let mut second = Box::pin(submit(&store, &table, 2, 3));
        assert!(is_pending(second.as_mut(), &idles));
        valve.turn(false);
        for told in [first_told, second_told] {
            told.recv_timeout(PATIENCE).unwrap();
        }
        assert!(!is_pending(first.as_mut(), &acts));
        assert!(!is_pending(second.as_mut(), &idles));
        if let Some(busy) = busy {
            busy.join().unwrap().unwrap();
        }
        let snapshot = store.snapshot();
        for key in [1, 2, 100] {
            assert!(snapshot.get(&table, &key).is_some(), "{key}");
        }
    });
}

#[test]
fn a_waker_may_commit_between_two_batches() {
    a_waker_acts_between_two_batches(Durability::Immediate, commits);
    a_waker_acts_between_two_batches(Durability::None, commits);
}

#[test]
fn a_waker_may_flush_between_two_batches() {
    a_waker_acts_between_two_batches(Durability::Immediate, flushes);
}

#[test]
fn a_waker_may_make_room_between_two_batches() {
    a_waker_acts_between_two_batches(Durability::Immediate, commits_much);
}
