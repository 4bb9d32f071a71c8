//! What is refused when a folder is opened, and what lasts from one opening to the next.

use serde_json::json;

use super::*;
use crate::{Holder, OpenBackendError, OpenError, OpenStoreError, StoreConfig};

fn open(folder: &tempfile::TempDir, clock: &ManualClock) -> Result<LocalBackend, OpenBackendError> {
    let (config, holder) = (StoreConfig::default(), Holder::new("test"));
    LocalBackend::open(folder, &holder, config, clock.clone()).map(|(backend, _)| backend)
}

#[test]
fn a_folder_has_one_backend_at_a_time() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
    let backend = open(&folder, &clock).unwrap();
    let handle = backend.clone();
    drop(backend);
    let Err(OpenBackendError::Store { source, .. }) = open(&folder, &clock) else {
        panic!("two hold it");
    };
    let OpenStoreError::Journal { source, .. } = source else {
        panic!("{source}");
    };
    assert!(
        matches!(&source, OpenError::Held { holder: Some(by) } if by.mission == "test"),
        "{source}"
    );
    drop(handle);
    assert!(open(&folder, &clock).is_ok());
}

#[test]
fn a_store_of_something_else_is_refused_and_stays_as_it_is() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
    let holder = Holder::new("test");
    let (store, _) = StateStore::open(&folder, &holder).unwrap();
    let table = store.table::<String, Vec<u8>>("backend.cursors").unwrap();
    store
        .update(|tx| tx.put(&table, "a".to_owned(), vec![1]))
        .unwrap();
    drop((store, table));
    let refused = open(&folder, &clock);
    assert!(
        matches!(refused, Err(OpenBackendError::Table { .. })),
        "{refused:?}"
    );
    let (store, _) = StateStore::open(&folder, &holder).unwrap();
    let table = store.table::<String, Vec<u8>>("backend.cursors").unwrap();
    let kept = store.snapshot().get(&table, "a");
    assert_eq!(kept.as_deref(), Some(&vec![1]));
}

#[test]
fn a_lease_outlives_the_process_that_gave_it() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
    let minute = Duration::from_secs(60);
    block_on(async {
        let backend = open(&folder, &clock).unwrap();
        let two = Commit::new().enqueue(NewTask::new("q", json!(1)));
        let two = two.enqueue(NewTask::new("q", json!(2)));
        let _ = backend.commit(two).await.unwrap();
        let leased = backend.lease("q", "w", 2, minute).await.unwrap();
        drop(backend);

        let backend = open(&folder, &clock).unwrap();
        let early = backend.lease("q", "other", 2, minute).await.unwrap();
        assert_eq!(early, []);
        let done = Commit::new().complete(leased[0].task, leased[0].fence);
        assert!(backend.commit(done).await.unwrap().committed().is_some());
        clock.advance(minute);
        drop(backend);

        // It has ended while nobody was there.
        let backend = open(&folder, &clock).unwrap();
        let again = backend.lease("q", "other", 2, minute).await.unwrap();
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].task, again[0].attempt), (leased[1].task, 2));
        assert!(again[0].fence > leased[1].fence);
        let late = Commit::new().complete(leased[1].task, leased[1].fence);
        assert!(backend.commit(late).await.unwrap().committed().is_none());
    });
}
