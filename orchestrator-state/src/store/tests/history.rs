//! Older versions: which are kept, and that the others are dropped.

use super::*;

#[test]
fn a_version_within_the_history_can_be_read() {
    let config = StoreConfig::default().with_history(History::versions(100));
    let (store, table) = numbers_in(config, []);
    for n in 1..=1_000 {
        put(&store, &table, [(0, Some(n)), (n as u32, Some(n))]);
    }
    store.collect();
    for version in 900..=1_000 {
        let snapshot = store.snapshot_at(Version::new(version)).unwrap();
        assert_eq!(snapshot.version().get(), version);
        assert_eq!(*snapshot.get(&table, &0).unwrap(), version);
        assert_eq!(snapshot.len(&table) as u64, version + 1);
    }
    let dropped = store.snapshot_at(Version::new(899)).unwrap_err();
    assert_eq!(
        dropped,
        VersionError::Dropped {
            version: Version::new(899),
            oldest: Version::new(900)
        }
    );
    let future = store.snapshot_at(Version::new(1_001)).unwrap_err();
    assert!(matches!(future, VersionError::Future { .. }));
}

#[test]
fn two_versions_differ_where_something_was_written() {
    let (store, table) = numbers([(1, 1), (2, 2), (3, 3)]);
    let before = store.snapshot();
    put(&store, &table, [(2, Some(20)), (3, None), (4, Some(4))]);
    put(&store, &table, [(5, Some(5))]);
    put(&store, &table, [(5, None)]);
    let after = store.snapshot();
    let difference = |from: &Snapshot, to: &Snapshot| -> Vec<_> {
        let all = from.diff(to, &table).into_iter();
        all.map(|one| {
            let plain = |value: Option<Value<u64>>| value.map(|value| *value);
            (one.key, plain(one.before), plain(one.after))
        })
        .collect()
    };
    assert_eq!(
        difference(&before, &after),
        [
            (2, Some(2), Some(20)),
            (3, Some(3), None),
            (4, None, Some(4))
        ]
    );
    assert_eq!(difference(&after, &before).len(), 3);
    assert!(difference(&after, &after).is_empty());
}

/// How many values are in memory once everything that can be freed has been.
fn settled(store: &StateStore, alive: &Arc<AtomicUsize>, expected: usize) -> usize {
    // Freeing waits for other readers in this process, so it may take several rounds.
    for _ in 0..100_000 {
        if alive.load(Ordering::SeqCst) == expected {
            break;
        }
        store.collect();
        std::thread::yield_now();
    }
    alive.load(Ordering::SeqCst)
}

#[test]
fn old_versions_are_freed_when_nobody_holds_them() {
    let alive = Arc::new(AtomicUsize::new(0));
    let store = StateStore::in_memory();
    let table: Table<u32, Counted> = store.table("counted").unwrap();
    let write = |keys: std::ops::Range<u32>| {
        let mut tx = store.begin();
        keys.for_each(|key| tx.put(&table, key, Counted::new(&alive)));
        tx.commit().unwrap();
    };
    write(0..1_000);
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(store.snapshot());
        write(0..100);
        write(0..100);
    }
    // 1,000 rows, and 100 of them in ten older versions. What lies between two pins is freed.
    assert_eq!(settled(&store, &alive, 2_000), 2_000);
    // The oldest and one from the middle: each held what nobody else holds.
    held.remove(5);
    held.remove(0);
    assert_eq!(settled(&store, &alive, 1_800), 1_800);
    let value = held[0].get(&table, &7).unwrap();
    held.clear();
    assert_eq!(settled(&store, &alive, 1_001), 1_001);
    drop(value);
    assert_eq!(settled(&store, &alive, 1_000), 1_000);

    // What was taken away is gone as well.
    let mut tx = store.begin();
    (0..1_000).for_each(|key| tx.remove(&table, key));
    tx.commit().unwrap();
    assert_eq!(settled(&store, &alive, 0), 0);
    drop(table);
}

/// The control: without looking at the pins, a snapshot loses what it shows.
#[test]
#[cfg(feature = "seeded-bugs")]
fn control_a_store_that_does_not_look_at_pins_is_found_out() {
    let config = StoreConfig::default().with_seeded_bug(SeededBug::UnpinnedGc);
    let (store, table) = numbers_in(config, [(1, 1)]);
    let before = store.snapshot();
    for n in 0..1_000 {
        put(&store, &table, [(1, Some(n))]);
    }
    assert_ne!(rows(&before, &table), [(1, 1)]);
}

#[test]
fn a_hot_key_under_an_old_pin_stays_short() {
    let alive = Arc::new(AtomicUsize::new(0));
    let store = StateStore::in_memory();
    let table: Table<u32, Counted> = store.table("counted").unwrap();
    let write = || {
        store
            .update(|tx| tx.put(&table, 0, Counted::new(&alive)))
            .unwrap()
    };
    write();
    let held = store.snapshot();
    for _ in 0..10_000 {
        write();
    }
    let chain = |store: &StateStore| {
        let guard = Guard::new();
        let chain = table.0.chain(&0, &guard).unwrap();
        let _ = store;
        chain.revisions(&guard).count()
    };
    assert!(chain(&store) < 200, "{} revisions", chain(&store));
    assert_eq!(settled(&store, &alive, 2), 2);
    drop(held);
    assert_eq!(settled(&store, &alive, 1), 1);
}

#[test]
fn a_snapshot_that_ends_frees_what_it_held_without_another_commit() {
    let alive = Arc::new(AtomicUsize::new(0));
    let store = StateStore::in_memory();
    let table: Table<u32, Counted> = store.table("counted").unwrap();
    let write = || {
        store
            .update(|tx| tx.put(&table, 0, Counted::new(&alive)))
            .unwrap()
    };
    write();
    let held = store.snapshot();
    // Enough for a look at the pins.
    for _ in 0..100 {
        write();
    }
    drop(held);
    let guard = Guard::new();
    let chain = table.0.chain(&0, &guard).unwrap();
    assert_eq!(chain.revisions(&guard).count(), 1);
}
