//! A commit that is too large is refused before anything has changed.

use super::*;
use crate::{Holder, Journal, JournalConfig, verify};

/// How long a record may be here. The real limit is a gibibyte.
const LONGEST: usize = 200;

/// A text whose commit as the only one, in table `t` with key 1, has so many bytes more than allowed.
fn text(over: usize) -> String {
    let around = r#"[["t",1,""]]"#.len();
    "x".repeat(LONGEST - around + over)
}

#[test]
fn a_commit_that_is_too_large_changes_nothing_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let journal = JournalConfig::default().with_longest(LONGEST);
    let config = StoreConfig::default().with_journal(journal);
    let (store, _) = config.open(folder.path(), &Holder::new("test")).unwrap();
    let table: Table<u32, String> = store.table("t").unwrap();
    store
        .update(|tx| tx.put(&table, 1, "before".to_owned()))
        .unwrap();
    let (_, mut watch) = store.watch(&table, Interest::all(), 10);

    let is_too_large = |error: &StoreError| matches!(error, StoreError::TooLarge { bytes, limit: LONGEST } if *bytes == LONGEST + 1);
    let mut tx = store.begin();
    tx.put(&table, 1, text(1));
    let refused = tx.commit();
    assert!(matches!(&refused, Err(CommitError::Store(error)) if is_too_large(error)));
    let refused = store.update(|tx| tx.put(&table, 1, text(1)));
    assert!(matches!(&refused, Err(UpdateError::Store(error)) if is_too_large(error)));
    let refused = store.modify(&table, &1, |_| Some(text(1)));
    assert!(matches!(&refused, Err(UpdateError::Store(error)) if is_too_large(error)));
    let told = refused.unwrap_err().to_string();
    assert!(told.contains("201 bytes") && told.contains("200"), "{told}");
    // Rows that fit by themselves, and not together.
    let refused = store.update(|tx| (1..9).for_each(|key| tx.put(&table, key, "x".repeat(40))));
    assert!(matches!(
        &refused,
        Err(UpdateError::Store(StoreError::TooLarge { .. }))
    ));

    let snapshot = store.snapshot();
    assert_eq!(snapshot.version().get(), 1);
    assert_eq!(snapshot.get(&table, &1).as_deref().unwrap(), "before");
    assert_eq!(snapshot.len(&table), 1);
    assert!(watch.try_recv().unwrap().is_none());

    // One that just fits is the control, and is the next version.
    let version = store.modify(&table, &1, |_| Some(text(0))).unwrap();
    assert_eq!(version.get(), 2);
    assert_eq!(watch.recv().unwrap().version, version);
    store
        .update(|tx| tx.put(&table, 2, "after".to_owned()))
        .unwrap();
    drop((store, table, watch, snapshot));
    assert_eq!(verify(folder.path()).unwrap().records, 3);
    let longest = Journal::read(folder.path())
        .unwrap()
        .map(|record| record.unwrap().data.len());
    assert_eq!(longest.max(), Some(LONGEST));
    let (store, _) = StateStore::open(folder.path(), &Holder::new("test")).unwrap();
    let table: Table<u32, String> = store.table("t").unwrap();
    let snapshot = store.snapshot();
    assert_eq!(snapshot.get(&table, &1).as_deref().unwrap(), &text(0));
    assert_eq!(snapshot.get(&table, &2).as_deref().unwrap(), "after");
}

/// The limit of a real store is below that of its journal, so the journal never refuses what the store
/// has let through.
#[test]
fn the_limit_leaves_room_for_what_the_journal_adds() {
    let longest = JournalConfig::default().longest;
    assert!(longest < 1 << 30 && longest > (1 << 30) - (1 << 12));
}
