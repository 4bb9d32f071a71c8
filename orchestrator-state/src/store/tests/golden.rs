//! The store's files, pinned: a folder with two checkpoints and a journal that goes on behind them.
//! They never change: a new format gets a new folder beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;

use super::*;
use crate::{Durability, JournalConfig, Timestamp, verify};

type Names = Table<(String, u8), Option<String>>;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/store-v1")
}

/// Every file of a store but its lock, by name.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "lock" {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn copy(files: &BTreeMap<PathBuf, Vec<u8>>, folder: &Path, may_overwrite: bool) {
    for (name, bytes) in files {
        let path = folder.join(name);
        assert!(may_overwrite || !path.exists(), "golden files never change");
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// Every kind of record and of row: values of all shapes, keys that are taken away, a table that is
/// open when the checkpoint is written and one that is not.
fn write_golden(folder: &Path) {
    let open = || {
        // A clock that ticks and no thread beside ours, so that the bytes are always the same.
        let seconds = AtomicI64::new(1_700_000_000);
        let tick = move || Timestamp::from_second(seconds.fetch_add(1, Ordering::Relaxed)).unwrap();
        let journal = JournalConfig::default().with_clock(tick);
        let journal = journal.with_segment_bytes(500);
        let config = StoreConfig::default().with_journal(journal);
        let config = config.with_durability(Durability::None);
        config.open(folder, &Holder::new("golden")).unwrap().0
    };
    let store = open();
    let idle: Table<String, f64> = store.table("idle").unwrap();
    store
        .update(|tx| tx.put(&idle, "π".to_owned(), 3.25))
        .unwrap();
    drop((store, idle));

    let store = open();
    let numbers: Table<u32, u64> = store.table("numbers").unwrap();
    let names: Names = store.table("names").unwrap();
    for n in 0..4 {
        put(&store, &numbers, [(n, Some(u64::MAX - u64::from(n)))]);
    }
    store.checkpoint().unwrap();
    let key = ("a\n\"b\"".to_owned(), 7);
    let change = |tx: &mut Transaction<'_>| {
        tx.put(&names, key.clone(), Some("]".to_owned()));
        tx.put(&names, ("ü".to_owned(), 0), None);
        tx.remove(&numbers, 1);
    };
    store.update(change).unwrap();
    store.checkpoint().unwrap();
    put(&store, &numbers, [(0, Some(5)), (2, None)]);
    store
        .update(|tx| tx.put(&names, key.clone(), None))
        .unwrap();
}

#[test]
fn the_bytes_are_those_of_the_golden_files() {
    let folder = tempfile::tempdir().unwrap();
    write_golden(folder.path());
    let written = files(folder.path());
    if std::env::var_os("ORCHESTRATOR_STATE_WRITE_GOLDEN_STORE").is_some() {
        copy(&written, &golden(), false);
    }
    let names: Vec<String> = written
        .keys()
        .map(|name| name.to_string_lossy().replace('\\', "/"))
        .collect();
    assert!(names.contains(&"pruned".to_owned()), "{names:?}");
    let of = |folder: &str| names.iter().filter(|name| name.starts_with(folder)).count();
    assert_eq!(of("checkpoints/"), 2, "{names:?}");
    for (name, bytes) in files(&golden()) {
        assert_eq!(
            written
                .get(&name)
                .map(|bytes| String::from_utf8_lossy(bytes)),
            Some(String::from_utf8_lossy(&bytes)),
            "{}",
            name.display()
        );
    }
    assert_eq!(written, files(&golden()));
}

#[test]
fn the_golden_store_has_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    copy(&files(&golden()), folder.path(), true);
    let verified = verify(folder.path()).unwrap();
    assert_eq!(verified.pruned + verified.records, 10);

    let (store, report) = StateStore::open(folder.path(), &Holder::new("test")).unwrap();
    assert_eq!((report.journal.cut_bytes, report.journal.adopted), (0, 0));
    let snapshot = store.snapshot();
    assert_eq!(snapshot.version().get(), 10);
    let numbers = store.table("numbers").unwrap();
    assert_eq!(rows(&snapshot, &numbers), [(0, 5), (3, u64::MAX - 3)]);
    let versions = snapshot.rows(&numbers).into_iter();
    let versions: Vec<u64> = versions.map(|(_, value)| value.version().get()).collect();
    assert_eq!(versions, [9, 5]);
    let names: Names = store.table("names").unwrap();
    let names: Vec<_> = snapshot.rows(&names);
    let names: Vec<_> = names
        .iter()
        .map(|((name, n), value)| (&**name, *n, &**value))
        .collect();
    assert_eq!(names, [("a\n\"b\"", 7, &None), ("ü", 0, &None)]);
    let idle: Table<String, f64> = store.table("idle").unwrap();
    assert_eq!(snapshot.get(&idle, "π").as_deref(), Some(&3.25));
}

/// The control: these rows come from the files, and from no others.
#[test]
fn control_a_golden_store_without_its_checkpoints_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    copy(&files(&golden()), folder.path(), true);
    fs::remove_dir_all(folder.path().join("checkpoints")).unwrap();
    let refused = StateStore::open(folder.path(), &Holder::new("test"));
    assert!(matches!(refused, Err(OpenStoreError::Gap { from: 1, .. })));
}
