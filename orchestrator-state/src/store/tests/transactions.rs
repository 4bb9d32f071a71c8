//! Commits, conflicts, and what readers see of them.

use std::sync::Barrier;
use std::thread;

use super::*;

const THREADS: u64 = 20;
const ROUNDS: u64 = 50;

#[test]
fn parallel_updates_of_one_key_are_all_kept() {
    let (store, table) = numbers([(0, 0)]);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let bump = |tx: &mut Transaction<'_>| {
                        let seen = tx.get(&table, &0).map_or(0, |seen| *seen);
                        thread::yield_now();
                        tx.put(&table, 0, seen + 1);
                    };
                    store.update(bump).unwrap();
                }
            });
        }
    });
    assert_eq!(*store.snapshot().get(&table, &0).unwrap(), THREADS * ROUNDS);
    assert_eq!(store.snapshot().version().get(), 1 + THREADS * ROUNDS);
}

/// The control: the same without validation loses updates, so the test above can fail.
#[test]
fn control_without_validation_updates_are_lost() {
    let (store, table) = numbers([(0, 0)]);
    let all_have_read = Barrier::new(THREADS as usize);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    // Read from a snapshot, which the transaction does not know of.
                    let seen = *store.snapshot().get(&table, &0).unwrap();
                    all_have_read.wait();
                    put(&store, &table, [(0, Some(seen + 1))]);
                }
            });
        }
    });
    assert!(*store.snapshot().get(&table, &0).unwrap() < THREADS * ROUNDS);
}

#[test]
fn a_conflict_names_the_keys_and_changes_nothing() {
    let (store, table) = numbers([(1, 1), (2, 1)]);
    let names: Table<String, String> = store.table("names").unwrap();

    let mut late = store.begin();
    assert_eq!(late.get(&table, &1).as_deref(), Some(&1));
    assert_eq!(late.get(&table, &2).as_deref(), Some(&1));
    assert_eq!(late.get(&names, "a").as_deref(), None);
    late.put(&table, 2, 9);
    let mut first = store.begin();
    first.put(&table, 1, 2);
    first.put(&names, "a".to_owned(), "new".to_owned());
    first.commit().unwrap();

    let Err(CommitError::Conflict(conflict)) = late.commit() else {
        panic!("it was not refused");
    };
    let keys: Vec<String> = conflict.keys.iter().map(ToString::to_string).collect();
    assert_eq!(keys, ["names[\"a\"]", "numbers[1]"]);
    assert_eq!(
        conflict.to_string(),
        "names[\"a\"], numbers[1] changed after v1; read again and try once more"
    );
    assert_eq!(rows(&store.snapshot(), &table), [(1, 2), (2, 1)]);
}

#[test]
fn what_was_only_read_counts_too() {
    // Write skew: each of two looks at both, and changes one.
    let (store, table) = numbers([(1, 1), (2, 1)]);
    let (mut one, mut other) = (store.begin(), store.begin());
    let sum = |tx: &Transaction<'_>| *tx.get(&table, &1).unwrap() + *tx.get(&table, &2).unwrap();
    assert_eq!((sum(&one), sum(&other)), (2, 2));
    one.put(&table, 1, 0);
    other.put(&table, 2, 0);
    one.commit().unwrap();
    assert!(matches!(other.commit(), Err(CommitError::Conflict(_))));
}

#[test]
fn a_range_that_has_got_company_is_a_conflict() {
    for (write, refused) in [
        ((3, Some(3)), true),
        ((2, None), true),
        ((9, Some(9)), false),
        ((5, Some(5)), false),
    ] {
        let (store, table) = numbers([(2, 2), (4, 4), (7, 7)]);
        let mut tx = store.begin();
        let seen: Vec<u32> = tx
            .range(&table, 1..5)
            .into_iter()
            .map(|row| row.0)
            .collect();
        assert_eq!(seen, [2, 4]);
        tx.put(&table, 100, seen.len() as u64);
        put(&store, &table, [write]);
        assert_eq!(tx.commit().is_err(), refused, "{write:?}");
    }
}

#[test]
fn a_range_shows_what_the_transaction_has_written() {
    let (store, table) = numbers([(2, 2), (4, 4), (6, 6)]);
    let mut tx = store.begin();
    tx.put(&table, 1, 10);
    tx.remove(&table, 2);
    tx.put(&table, 4, 40);
    tx.put(&table, 5, 50);
    tx.put(&table, 9, 90);
    let seen = tx.range(&table, 1..=6);
    let seen: Vec<_> = seen.into_iter().map(|(key, value)| (key, *value)).collect();
    assert_eq!(seen, [(1, 10), (4, 40), (5, 50), (6, 6)]);
}

#[test]
fn a_snapshot_stays_what_it_was() {
    let (store, table) = numbers([(1, 10)]);
    let before = store.snapshot();
    put(&store, &table, [(1, None), (2, Some(20))]);
    for n in 0..1_000 {
        put(&store, &table, [(2, Some(n)), (3, Some(n))]);
    }
    assert_eq!(rows(&before, &table), [(1, 10)]);
    assert_eq!(rows(&before.clone(), &table), [(1, 10)]);
    assert_eq!(rows(&store.snapshot(), &table), [(2, 999), (3, 999)]);
    assert!(before.version() < store.snapshot().version());
    let value = store.snapshot().get(&table, &3).unwrap();
    assert_eq!(value.version(), store.snapshot().version());
}

#[test]
fn a_transaction_reads_its_own_writes_and_a_dropped_one_leaves_no_trace() {
    let (store, table) = numbers([]);
    let mut tx = store.begin();
    tx.put(&table, 1, 10);
    assert_eq!(tx.get(&table, &1).as_deref(), Some(&10));
    tx.remove(&table, 1);
    assert_eq!(tx.get(&table, &1).as_deref(), None);
    for n in 0..100 {
        tx.put(&table, n, 1);
    }
    assert_eq!(tx.get(&table, &77).as_deref(), Some(&1));
    drop(tx);
    assert!(store.snapshot().is_empty(&table));
    assert_eq!(store.snapshot().version(), Version::default());
}

#[test]
fn an_update_that_is_always_overtaken_gives_up() {
    let (store, table) = numbers([(0, 0)]);
    let result = store.update(|tx| {
        let seen = tx.get(&table, &0).map_or(0, |seen| *seen);
        put(&store, &table, [(0, Some(7))]);
        tx.put(&table, 0, seen + 1);
    });
    assert!(matches!(
        result,
        Err(UpdateError::Contended {
            attempts: MAX_ATTEMPTS
        })
    ));
    assert_eq!(rows(&store.snapshot(), &table), [(0, 7)]);
}

#[test]
fn a_closure_that_refuses_writes_nothing() {
    #[derive(Debug)]
    enum Refused {
        Full,
        Store,
    }
    impl From<UpdateError> for Refused {
        fn from(_: UpdateError) -> Self {
            Self::Store
        }
    }
    let (store, table) = numbers([]);
    let result = store.try_update(|tx| {
        tx.put(&table, 1, 1);
        Err::<(), _>(Refused::Full)
    });
    assert!(matches!(result, Err(Refused::Full)));
    assert!(store.snapshot().is_empty(&table));
}

#[test]
fn many_writes_at_once_are_one_version() {
    let (store, table) = numbers([]);
    let version = put(
        &store,
        &table,
        (0..10_000).rev().map(|n| (n, Some(u64::from(n)))),
    );
    let snapshot = store.snapshot();
    assert_eq!(snapshot.version(), version);
    assert_eq!(snapshot.len(&table), 10_000);
    assert_eq!(snapshot.range(&table, 500..).len(), 9_500);
}

#[test]
fn a_table_keeps_its_types_and_its_store() {
    let (store, table) = numbers([(1, 1)]);
    let again: Table<u32, u64> = store.table("numbers").unwrap();
    assert_eq!(store.snapshot().get(&again, &1).as_deref(), Some(&1));
    let other = store.table::<String, u64>("numbers");
    assert!(matches!(other, Err(TableError::OtherTypes { .. })));
    let stranger = StateStore::in_memory();
    let ask = || stranger.snapshot().get(&table, &1).is_some();
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask));
    assert!(asked.is_err());
}

#[test]
fn a_key_that_panics_in_a_commit_stops_the_store() {
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Moody(u32);
    impl PartialOrd for Moody {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Moody {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            assert!(self.0 != 13 && other.0 != 13, "no such number");
            self.0.cmp(&other.0)
        }
    }
    let store = StateStore::in_memory();
    let table: Table<Moody, u32> = store.table("moody").unwrap();
    store.update(|tx| tx.put(&table, Moody(1), 1)).unwrap();
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.update(|tx| tx.put(&table, Moody(13), 1))
    }));
    assert!(broken.is_err());
    let after = store.update(|tx| tx.put(&table, Moody(2), 1));
    assert!(matches!(
        after,
        Err(UpdateError::Store(StoreError::Panicked))
    ));
    assert_eq!(store.snapshot().get(&table, &Moody(1)).as_deref(), Some(&1));
    assert_eq!(store.snapshot().len(&table), 1);
}

/// Counts down when it is dropped.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Readers and writers at once: no reader ever sees half a commit, or goes back in time.
#[test]
fn every_version_that_is_seen_is_whole() {
    let (store, left) = numbers([(0, 0)]);
    let right: Table<String, u64> = store.table("right").unwrap();
    let writing = AtomicUsize::new(2);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                // Also when it panics, or the readers would never end.
                let _done = Done(&writing);
                for _ in 0..5_000 {
                    let both = |tx: &mut Transaction<'_>| {
                        let n = *tx.get(&left, &0).unwrap() + 1;
                        tx.put(&left, 0, n);
                        tx.put(&right, "n".to_owned(), n);
                    };
                    store.update(both).unwrap();
                }
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while writing.load(Ordering::SeqCst) > 0 {
                    let snapshot = store.snapshot();
                    let a = snapshot.get(&left, &0).map_or(0, |n| *n);
                    let b = snapshot.get(&right, "n").map_or(0, |n| *n);
                    assert_eq!(a, b);
                    assert_eq!(a + 1, snapshot.version().get());
                    assert!(a >= last);
                    last = a;
                }
            });
        }
    });
    assert_eq!(rows(&store.snapshot(), &left), [(0, 10_000)]);
}

#[test]
fn one_key_can_be_changed_without_a_transaction() {
    let (store, table) = numbers([]);
    let plus = |value: Option<&u64>| Some(value.map_or(0, |value| *value) + 1);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for n in 0..1_000 {
                    store.modify(&table, &(n % 3), plus).unwrap();
                }
            });
        }
    });
    let sum: u64 = rows(&store.snapshot(), &table)
        .into_iter()
        .map(|row| row.1)
        .sum();
    assert_eq!(sum, 8_000);
    assert_eq!(store.snapshot().version().get(), 8_000);
    // Taken away, and made again, also beside a transaction that has looked.
    let mut late = store.begin();
    assert!(late.get_ref(&table, &1).is_some());
    store.modify(&table, &1, |_| None).unwrap();
    assert_eq!(store.snapshot().with(&table, &1, |value| *value), None);
    store.collect();
    store.modify(&table, &1, plus).unwrap();
    late.put(&table, 2, 0);
    assert!(matches!(late.commit(), Err(CommitError::Conflict(_))));
    assert_eq!(store.snapshot().with(&table, &1, |value| *value), Some(1));
}

/// A change that began before its key disappeared must not end in what is left of the key, whatever
/// lists its chain was on.
#[test]
fn a_key_that_disappears_under_a_change_is_made_anew() {
    let (store, table) = numbers([(1, 1), (2, 1)]);
    let first = store.snapshot();
    put(&store, &table, [(1, Some(5))]);
    let second = store.snapshot();
    put(&store, &table, [(1, None)]);
    let third = store.snapshot();
    put(&store, &table, [(2, Some(2))]);
    // Puts the chain of 1, which waits for the third version, behind that of 2, which waits for the
    // fourth.
    drop(first);
    store.collect();
    // Marks the pins that something waits for, so that their ends are noticed.
    store.collect();
    let mut held = Some((second, third));
    let mut runs = 0;
    store
        .modify(&table, &1, |value| {
            runs += 1;
            if let Some((second, third)) = held.take() {
                // The key goes, and its chain is still on the list.
                drop(second);
                // The chain comes off the list.
                drop(third);
            }
            Some(value.map_or(0, |value| *value) + 10)
        })
        .unwrap();
    assert_eq!(rows(&store.snapshot(), &table), [(1, 10), (2, 2)]);
    assert_eq!(runs, 2);
}
