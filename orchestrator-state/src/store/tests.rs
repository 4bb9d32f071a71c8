//! Tests of the store: nothing is lost, and the test would notice.

use std::sync::Barrier;
use std::thread;

use proptest::prelude::*;

use super::*;

const THREADS: usize = 20;
const ROUNDS: usize = 50;

fn counter() -> StateStore<String, usize> {
    let store = StateStore::new();
    store.update(|tx| tx.put("n".to_owned(), 0)).unwrap();
    store
}

#[test]
fn parallel_updates_of_one_key_are_all_kept() {
    let store = counter();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let bump = |tx: &mut Transaction<'_, String, usize>| {
                        let seen = tx.get("n").copied().unwrap_or(0);
                        thread::yield_now();
                        tx.put("n".to_owned(), seen + 1);
                    };
                    store.update(bump).unwrap();
                }
            });
        }
    });
    assert_eq!(store.snapshot().get("n"), Some(&(THREADS * ROUNDS)));
    assert_eq!(
        store.snapshot().version().get(),
        1 + (THREADS * ROUNDS) as u64
    );
}

/// The control: the same without validation loses updates, so the test above can fail.
#[test]
fn control_without_validation_updates_are_lost() {
    let store = counter();
    let all_have_read = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    // Read from a snapshot, which the transaction does not know of.
                    let seen = store.snapshot().get("n").copied().unwrap_or(0);
                    all_have_read.wait();
                    let mut blind = store.begin();
                    blind.put("n".to_owned(), seen + 1);
                    blind.commit().unwrap();
                }
            });
        }
    });
    assert!(*store.snapshot().get("n").unwrap() < THREADS * ROUNDS);
}

#[test]
fn a_conflict_names_the_keys_and_changes_nothing() {
    let store = StateStore::<&str, u32>::new();
    store
        .update(|tx| {
            tx.put("a", 1);
            tx.put("b", 1);
        })
        .unwrap();

    let mut late = store.begin();
    let (a, b, absent) = (late.get(&"a"), late.get(&"b"), late.get(&"c"));
    assert_eq!((a, b, absent), (Some(&1), Some(&1), None));
    late.put("b", 9);
    store
        .update(|tx| {
            tx.put("a", 2);
            tx.put("c", 2);
        })
        .unwrap();

    assert_eq!(
        late.commit(),
        Err(Conflict {
            keys: vec!["a", "c"]
        })
    );
    assert_eq!(store.snapshot().get("b"), Some(&1));
}

#[test]
fn a_snapshot_stays_what_it_was() {
    let store = StateStore::<u32, u32>::new();
    store.update(|tx| tx.put(1, 10)).unwrap();
    let before = store.snapshot();
    store
        .update(|tx| {
            tx.remove(1);
            tx.put(2, 20);
        })
        .unwrap();
    assert_eq!(before.iter().collect::<Vec<_>>(), [(&1, &10)]);
    assert_eq!(store.snapshot().iter().collect::<Vec<_>>(), [(&2, &20)]);
    assert!(before.version() < store.snapshot().version());
    assert_eq!(
        store.snapshot().version_of(&2),
        Some(store.snapshot().version())
    );
}

#[test]
fn a_transaction_reads_its_own_writes_and_a_dropped_one_leaves_no_trace() {
    let store = StateStore::<u32, u32>::new();
    let mut tx = store.begin();
    tx.put(1, 10);
    assert_eq!(tx.get(&1), Some(&10));
    tx.remove(1);
    assert_eq!(tx.get(&1), None);
    drop(tx);
    assert!(store.snapshot().is_empty());
    assert_eq!(store.snapshot().version(), Version::default());
}

#[test]
fn an_update_that_is_always_overtaken_gives_up() {
    let store = counter();
    let result = store.update(|tx| {
        let seen = tx.get("n").copied();
        store.update(|other| other.put("n".to_owned(), 7)).unwrap();
        tx.put("n".to_owned(), seen.unwrap_or(0) + 1);
    });
    assert_eq!(
        result,
        Err(UpdateError::Contended {
            attempts: MAX_ATTEMPTS
        })
    );
    assert_eq!(store.snapshot().get("n"), Some(&7));
}

proptest! {
    /// A store that one thread uses is a map.
    #[test]
    fn one_writer_sees_a_plain_map(
        steps in prop::collection::vec((0..8_u8, prop::option::of(0..100_u32)), 0..60)
    ) {
        let store = StateStore::<u8, u32>::new();
        let mut model = BTreeMap::new();
        for (key, value) in steps {
            store.update(|tx| match value {
                Some(value) => tx.put(key, value),
                None => tx.remove(key),
            }).unwrap();
            match value {
                Some(value) => { model.insert(key, value); }
                None => { model.remove(&key); }
            }
            prop_assert!(store.snapshot().iter().eq(model.iter()));
        }
    }
}
