//! A store in several hands.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;

use orchestrator_memory::{Budget, MemoryConfig, MemoryStore, NewEntry, SharedMemory, Tier};
use proptest::{collection::vec, prelude::*};

use crate::kept::{Disk, step, take};

proptest! {
    /// Whoever holds on to what: each update is one of a plain store, and what is held stays.
    #[test]
    fn both_copies_are_what_one_would_be(
        steps in vec((step(), any::<bool>(), any::<bool>()), 0..40),
    ) {
        let shared = SharedMemory::default();
        let mut plain = MemoryStore::default();
        let mut held: Vec<(Arc<MemoryStore>, _)> = Vec::new();
        for (step, holds, lets_go) in steps {
            if lets_go {
                held.clear();
            }
            if holds {
                held.push((shared.read(), plain.snapshot()));
            }
            take(&mut plain, step.clone());
            let Ok(()) = shared.update(|store| take(store, step));
            prop_assert_eq!(shared.read().snapshot(), plain.snapshot());
            for (store, snapshot) in &held {
                prop_assert_eq!(&store.snapshot(), snapshot);
            }
        }
    }
}

/// A reader in the middle of somebody's change is not kept waiting: it sees what was before.
#[test]
fn a_reader_waits_for_no_writer() {
    let shared = SharedMemory::default();
    let (begun, wait_for_begin) = mpsc::channel();
    let (let_go, wait_for_reader) = mpsc::channel();
    thread::scope(|threads| {
        let shared = &shared;
        threads.spawn(move || {
            let Ok(()) = shared.update(|store| {
                store.add(NewEntry::new(Tier::System, "one"));
                begun.send(()).unwrap();
                // Were the reader to wait for this, nobody would come any further.
                wait_for_reader.recv().unwrap();
                store.add(NewEntry::new(Tier::System, "two"));
            });
        });
        wait_for_begin.recv().unwrap();
        assert_eq!(shared.read().entries().count(), 0);
        let context = shared.read().recall("one", Budget::new(100)).unwrap();
        assert!(context.entries.is_empty());
        let_go.send(()).unwrap();
    });
    assert_eq!(shared.read().entries().count(), 2);
}

/// Nor a writer for one who reads for long.
#[test]
fn a_writer_waits_for_no_reader() {
    let shared = SharedMemory::default();
    let held: Vec<_> = (0..10)
        .map(|number| {
            let held = shared.read();
            let Ok(_) = shared.update(|store| {
                store.add(NewEntry::new(Tier::Mission, format!("number {number}")))
            });
            held
        })
        .collect();
    let counts: Vec<_> = held.iter().map(|store| store.entries().count()).collect();
    assert_eq!(counts, (0..10).collect::<Vec<_>>());
}

/// Both entries of an update are seen, or none; and no update is lost.
#[test]
fn many_write_and_many_read() {
    const UPDATES: usize = 200;
    let shared = SharedMemory::default();
    let start = Barrier::new(4);
    let writing = AtomicUsize::new(2);
    thread::scope(|threads| {
        let (shared, start, writing) = (&shared, &start, &writing);
        for writer in ["a", "b"] {
            threads.spawn(move || {
                start.wait();
                for number in 0..UPDATES {
                    let Ok(()) = shared.update(|store| {
                        store.add(NewEntry::new(
                            Tier::Mission,
                            format!("{writer} {number} left"),
                        ));
                        store.add(NewEntry::new(
                            Tier::Mission,
                            format!("{writer} {number} right"),
                        ));
                        store.turn("left");
                    });
                }
                writing.fetch_sub(1, Ordering::Relaxed);
            });
        }
        for _ in 0..2 {
            threads.spawn(move || {
                start.wait();
                let mut seen = 0;
                while writing.load(Ordering::Relaxed) > 0 {
                    let store = shared.read();
                    let count = store.entries().count();
                    assert_eq!(count % 2, 0);
                    assert!(count >= seen, "a later look shows less");
                    seen = count;
                    let context = store.recall("left 7", Budget::new(200)).unwrap();
                    assert!(context.tokens() <= 200);
                }
            });
        }
    });
    assert_eq!(shared.read().entries().count(), 4 * UPDATES);
    let spare = {
        let Ok(snapshot) = shared.update(|store| store.snapshot());
        snapshot
    };
    assert_eq!(shared.read().snapshot(), spare);
}

#[test]
fn a_change_that_panics_has_not_happened() {
    let shared = SharedMemory::default();
    let Ok(_) = shared.update(|store| store.add(NewEntry::new(Tier::Mission, "before")));
    let panics = catch_unwind(AssertUnwindSafe(|| {
        shared.update(|store| {
            store.add(NewEntry::new(Tier::Mission, "half"));
            panic!("in the middle");
        })
    }));
    assert!(panics.is_err());
    let Ok(_) = shared.update(|store| store.add(NewEntry::new(Tier::Mission, "after")));
    let texts: Vec<_> = shared
        .read()
        .entries()
        .map(|entry| entry.content.to_string())
        .collect();
    assert_eq!(texts, ["before", "after"]);
}

/// What several hands change is kept like what one changes.
#[test]
fn what_is_shared_is_kept() {
    let disk = Disk::default();
    let config = MemoryConfig::default;
    let shared = SharedMemory::open(config(), disk.clone()).unwrap();
    for number in 0..3 {
        let note = NewEntry::new(Tier::Project, format!("number {number}"));
        shared.update(|store| store.add(note)).unwrap();
        shared.update(|store| store.turn("number")).unwrap();
    }
    let again = SharedMemory::open(config(), disk.clone()).unwrap();
    assert_eq!(again.read().snapshot(), shared.read().snapshot());

    disk.set_full(true);
    let note = NewEntry::new(Tier::Project, "not kept yet");
    shared.update(|store| store.add(note)).unwrap_err();
    assert_eq!(shared.read().entries().count(), 4);
    shared.flush().unwrap_err();
    disk.set_full(false);
    shared.flush().unwrap();
    let again = SharedMemory::open(config(), disk).unwrap();
    assert_eq!(again.read().snapshot(), shared.read().snapshot());
}
