//! What a watcher looks at when it begins: the keys of its interest, and no others.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// A key that counts how often it is compared.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Counting(u32);

impl Ord for Counting {
    fn cmp(&self, other: &Self) -> Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Counting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Counting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Counting {}

const KEYS: u32 = 4_000;

/// How many comparisons something takes with a large table of which every row has changed.
fn compared(work: impl FnOnce(&StateStore, &Table<Counting, u32>)) -> u64 {
    let config = StoreConfig::default().with_history(History::versions(9));
    let store = config.in_memory();
    let table = store.table("numbers").unwrap();
    for round in 0..2 {
        let all = |tx: &mut Transaction<'_>| {
            (0..KEYS).for_each(|key| tx.put(&table, Counting(key), round));
        };
        store.update(all).unwrap();
    }
    let before = COMPARED.get();
    work(&store, &table);
    COMPARED.get() - before
}

#[test]
fn a_watcher_of_one_key_does_not_look_at_the_others() {
    for interest in [
        Interest::key(Counting(2_345)),
        Interest::range(Counting(3_990)..),
        Interest::range(Counting(100)..Counting(110)),
        Interest::range(..=Counting(9)),
    ] {
        let count = compared(|store, table| {
            let watch = store.watch_from(table, interest, 9, Version::new(1));
            let mut watch = watch.unwrap();
            let rows = watch.try_recv().unwrap().unwrap().rows.len();
            assert!(rows == 1 || rows == 10, "{rows}");
        });
        assert!(count < 100, "{count} comparisons");
    }
}

/// As it was once.
#[test]
fn control_to_ask_of_every_key_whether_it_is_wanted_is_seen() {
    let count = compared(|store, table| {
        let snapshot = store.snapshot();
        let wanted = Counting(2_345);
        let is_wanted = |key: &&Counting| (&wanted..=&wanted).contains(key);
        let keys: Vec<_> = snapshot.rows(table).into_iter().map(|row| row.0).collect();
        assert_eq!(keys.iter().filter(is_wanted).count(), 1);
    });
    assert!(count >= u64::from(KEYS), "{count} comparisons");
}

/// A range of texts or a prefix.
#[derive(Debug, Clone)]
enum Wanted {
    Range(std::ops::Bound<String>, std::ops::Bound<String>),
    Prefix(String),
}

impl Wanted {
    fn interest(&self) -> Interest<String> {
        match self {
            Self::Range(from, to) => Interest::range((from.clone(), to.clone())),
            Self::Prefix(prefix) => Interest::prefix(prefix),
        }
    }

    fn has(&self, key: &String) -> bool {
        use std::ops::RangeBounds;
        match self {
            Self::Range(from, to) => (from.as_ref(), to.as_ref()).contains(key),
            Self::Prefix(prefix) => key.starts_with(prefix),
        }
    }
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let text = "[ab\u{10ffff}]{0,3}";
    let bound = || {
        (text, 0..3).prop_map(|(text, kind)| match kind {
            0 => std::ops::Bound::Included(text),
            1 => std::ops::Bound::Excluded(text),
            _ => std::ops::Bound::Unbounded,
        })
    };
    prop_oneof![
        (bound(), bound()).prop_map(|(from, to)| Wanted::Range(from, to)),
        text.prop_map(Wanted::Prefix),
    ]
}

proptest! {
    #[test]
    fn what_was_missed_is_what_is_wanted(
        keys in prop::collection::btree_set("[ab\u{10ffff}]{0,4}", 0..150), wanted in wanted(),
    ) {
        let config = StoreConfig::default().with_history(History::versions(9));
        let store = config.in_memory();
        let table: Table<String, u32> = store.table("texts").unwrap();
        store.update(|tx| tx.put(&table, "b".to_owned(), 0)).unwrap();
        store.update(|tx| {
            keys.iter().for_each(|key| tx.put(&table, key.clone(), 1));
        }).unwrap();
        let watch = store.watch_from(&table, wanted.interest(), 9, Version::new(1));
        let told = watch.unwrap().try_recv().unwrap();
        let told: BTreeMap<_, _> = told.into_iter().flat_map(|told| told.rows).collect();
        let told: Vec<_> = told.into_keys().collect();
        let expected: Vec<_> = keys.into_iter().filter(|key| wanted.has(key)).collect();
        prop_assert_eq!(told, expected);
    }
}
