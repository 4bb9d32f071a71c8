//! Histories of the store, and the controls of the checkers.

use std::time::{Duration, Instant};

use orchestrator_crash::subject::StateStoreSubject;
use orchestrator_crash::{Census, model::ModelStore, seeded, serial};
use orchestrator_state::{Durability, StateStore};

#[test]
fn histories_of_the_store_are_serializable() {
    let line = serial::serializable(
        "store",
        StateStoreSubject::new,
        200,
        fastrand::u64(..1 << 48),
    );
    assert!(line.met, "{line:?}");
}

#[test]
fn histories_of_a_store_on_a_disk_are_serializable() {
    for durability in [Durability::Immediate, Durability::None] {
        let make = || seeded::on_file(durability);
        let line = serial::serializable("store", make, 30, fastrand::u64(..1 << 48));
        assert!(line.met, "{line:?}");
    }
}

#[test]
fn each_bug_of_the_store_is_caught() {
    let lines = seeded::controls(1_000, fastrand::u64(..1 << 48));
    assert_eq!(lines.len(), 26);
    for line in lines {
        assert!(line.met, "{line:?}");
    }
}

#[test]
fn a_register_in_the_store_is_linearizable() {
    let line = serial::linearizable(
        "store",
        StateStoreSubject::new,
        50,
        fastrand::u64(..1 << 48),
    );
    assert!(line.met, "{line:?}");
}

#[test]
fn a_register_in_the_model_is_linearizable() {
    let line = serial::linearizable("model", ModelStore::new, 50, fastrand::u64(..1 << 48));
    assert!(line.met, "{line:?}");
}

#[test]
fn the_model_is_sound_and_each_of_its_bugs_is_caught() {
    let lines = serial::controls(1_000, fastrand::u64(..1 << 48));
    assert_eq!(lines.len(), 16);
    for line in lines {
        assert!(line.met, "{line:?}");
    }
}

#[test]
fn old_versions_are_freed_when_nobody_can_read_them() {
    let census = Census::new();
    let store = StateStore::in_memory();
    let table = store.table("rows").unwrap();
    let write = |round: u64| {
        for key in 0..50_u32 {
            let mut tx = store.begin();
            tx.put(&table, key, census.admit(round));
            tx.commit().unwrap();
        }
    };
    write(0);
    let pins: Vec<_> = (1..=10)
        .map(|round| {
            let pin = store.snapshot();
            write(round);
            pin
        })
        .collect();
    // The control: what is pinned counts, so that a leak would.
    assert_eq!(census.alive(), 50 * 11);
    store.collect();
    assert_eq!(census.alive(), 50 * 11);
    drop(pins);
    // Memory is free once every reader of this process has moved on, those of other tests too.
    let patience = Instant::now() + Duration::from_secs(60);
    while census.alive() > 50 {
        assert!(Instant::now() < patience, "{} are alive", census.alive());
        store.collect();
        std::thread::yield_now();
    }
    assert_eq!(census.alive(), 50);
}
