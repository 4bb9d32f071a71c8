//! Stores with a folder: what is acknowledged is there again, and what is not is not shown.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Condvar, Mutex};
use std::thread;

use super::*;
use crate::atomic::faulty::{ENOSPC, Faulty};
use crate::{AppendError, Disk, Durability, JournalConfig, LogFile, Medium, OpenError, verify};

pub(crate) fn holder() -> Holder {
    Holder::new("test")
}

fn open(folder: &Path) -> StateStore {
    StateStore::open(folder, &holder()).unwrap().0
}

fn open_numbers(folder: &Path) -> (StateStore, Table<u32, u64>) {
    let store = open(folder);
    let table = store.table("numbers").unwrap();
    (store, table)
}

#[test]
fn what_was_committed_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    let names: Table<(String, u8), Option<String>> = store.table("names").unwrap();
    put(&store, &table, (0..100).map(|n| (n, Some(u64::from(n)))));
    let version = store
        .update(|tx| {
            tx.put(&names, ("a\n\"b\"".to_owned(), 7), None);
            tx.put(&names, ("ü".to_owned(), 1), Some("]".to_owned()));
            tx.remove(&table, 5);
            tx.put(&table, 6, 60);
        })
        .unwrap()
        .1;
    let before = rows(&store.snapshot(), &table);
    drop((store, table, names));

    let (store, table) = open_numbers(folder.path());
    assert_eq!(store.snapshot().version(), version);
    assert_eq!(rows(&store.snapshot(), &table), before);
    assert_eq!(store.snapshot().get(&table, &6).unwrap().version(), version);
    let names: Table<(String, u8), Option<String>> = store.table("names").unwrap();
    let snapshot = store.snapshot();
    assert_eq!(
        *snapshot.get(&names, &("a\n\"b\"".to_owned(), 7)).unwrap(),
        None
    );
    assert_eq!(snapshot.len(&names), 2);
    // A conflict across the restart.
    let mut tx = store.begin();
    let _ = tx.get(&table, &6);
    put(&store, &table, [(6, Some(61))]);
    tx.put(&table, 6, 62);
    assert!(matches!(tx.commit(), Err(CommitError::Conflict(_))));
    assert_eq!(verify(folder.path()).unwrap().records, 3);
}

#[test]
fn one_process_holds_a_store_and_the_second_is_told_who() {
    let folder = tempfile::tempdir().unwrap();
    let _store = open(folder.path());
    let Err(OpenStoreError::Journal { source, .. }) = StateStore::open(folder.path(), &holder())
    else {
        panic!("two hold it");
    };
    assert!(matches!(source, OpenError::Held { holder: Some(by) } if by.mission == "test"));
}

#[test]
fn rows_of_other_types_stay_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    put(&store, &table, [(1, Some(1))]);
    drop((store, table));
    let store = open(folder.path());
    let other = store.table::<u32, String>("numbers");
    assert!(matches!(other, Err(TableError::Row { key, .. }) if key == "1"));
    let table = store.table("numbers").unwrap();
    assert_eq!(rows(&store.snapshot(), &table), [(1, 1)]);
}

#[test]
fn a_checkpoint_takes_the_place_of_the_journal_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let small = || {
        let journal = JournalConfig::default().with_segment_bytes(4_096);
        StoreConfig::default().with_journal(journal)
    };
    let (store, _) = small().open(folder.path(), &holder()).unwrap();
    let table: Table<u32, u64> = store.table("numbers").unwrap();
    let idle: Table<String, u8> = store.table("idle").unwrap();
    store.update(|tx| tx.put(&idle, "x".to_owned(), 9)).unwrap();
    drop((store, table, idle));

    // `idle` is not opened any more, and must live on all the same.
    let (store, _) = small().open(folder.path(), &holder()).unwrap();
    let table: Table<u32, u64> = store.table("numbers").unwrap();
    let mut dropped = 0;
    for round in 0..5 {
        for n in 0..100 {
            put(
                &store,
                &table,
                [(n, Some(u64::from(n) + round)), (1_000, None)],
            );
        }
        let checkpoint = store.checkpoint().unwrap();
        assert_eq!(checkpoint.rows, 101);
        dropped += checkpoint.dropped_segments;
    }
    assert!(dropped > 3, "{dropped} segments dropped");
    put(&store, &table, [(7, Some(777))]);
    let (before, version) = (rows(&store.snapshot(), &table), store.snapshot().version());
    drop((store, table));
    verify(folder.path()).unwrap();

    let (store, _) = small().open(folder.path(), &holder()).unwrap();
    let table: Table<u32, u64> = store.table("numbers").unwrap();
    assert_eq!(rows(&store.snapshot(), &table), before);
    assert_eq!(store.snapshot().version(), version);
    let idle: Table<String, u8> = store.table("idle").unwrap();
    assert_eq!(store.snapshot().get(&idle, "x").as_deref(), Some(&9));
    drop((store, table, idle));

    // Every damage of the newest checkpoint is refused, and the one before it does as well.
    let checkpoints = folder.path().join("checkpoints");
    let mut files: Vec<_> = fs::read_dir(&checkpoints)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert_eq!(files.len(), 2);
    let whole = fs::read(&files[1]).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 60) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        for bad in [&flipped[..], &whole[..at]] {
            fs::write(&files[1], bad).unwrap();
            let refused = small().open(folder.path(), &holder());
            assert!(
                matches!(refused, Err(OpenStoreError::Checkpoint { .. })),
                "byte {at}"
            );
        }
    }
    fs::remove_file(&files[1]).unwrap();
    let (store, _) = small().open(folder.path(), &holder()).unwrap();
    let table: Table<u32, u64> = store.table("numbers").unwrap();
    assert_eq!(rows(&store.snapshot(), &table), before);
    drop((store, table));
    // Without both, commits are missing, and that is seen.
    fs::remove_file(&files[0]).unwrap();
    let refused = small().open(folder.path(), &holder());
    assert!(matches!(refused, Err(OpenStoreError::Gap { from: 1, .. })));
}

#[test]
fn a_checkpoint_that_the_journal_does_not_vouch_for_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    put(&store, &table, [(1, Some(1))]);
    store.checkpoint().unwrap();
    drop((store, table));
    let other = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(other.path());
    put(&store, &table, [(1, Some(1_000_000))]);
    store.checkpoint().unwrap();
    drop((store, table));
    let name = format!("checkpoints/{:020}.jsonl", 1);
    fs::copy(other.path().join(&name), folder.path().join(&name)).unwrap();
    let refused = StateStore::open(folder.path(), &holder());
    assert!(matches!(refused, Err(OpenStoreError::Checkpoint { .. })));
}

#[test]
fn a_checkpoint_that_is_ahead_of_its_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    put(&store, &table, [(1, Some(1))]);
    drop((store, table));
    let other = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(other.path());
    for n in 0..9 {
        put(&store, &table, [(n, Some(1_000_000))]);
    }
    store.checkpoint().unwrap();
    drop((store, table));
    let name = format!("checkpoints/{:020}.jsonl", 9);
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    fs::copy(other.path().join(&name), folder.path().join(&name)).unwrap();
    let refused = StateStore::open(folder.path(), &holder());
    assert!(
        matches!(refused, Err(OpenStoreError::Checkpoint { .. })),
        "{refused:?}"
    );
}

#[test]
fn a_checkpoint_without_a_record_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    put(&store, &table, [(1, Some(1))]);
    drop((store, table));
    // As a crash leaves it, between the file and its record; and wrong, so that its use would show.
    let other = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(other.path());
    put(&store, &table, [(1, Some(1_000_000))]);
    store.checkpoint().unwrap();
    drop((store, table));
    let name = format!("checkpoints/{:020}.jsonl", 1);
    fs::create_dir(folder.path().join("checkpoints")).unwrap();
    fs::copy(other.path().join(&name), folder.path().join(&name)).unwrap();
    let (store, table) = open_numbers(folder.path());
    assert_eq!(rows(&store.snapshot(), &table), [(1, 1)]);
    assert!(!folder.path().join(&name).exists());
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_told_and_the_store_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    put(&store, &table, [(1, Some(1))]);
    fs::write(folder.path().join("checkpoints"), "in the way").unwrap();
    let refused = store.checkpoint();
    assert!(matches!(refused, Err(CheckpointError::Io { .. })));
    put(&store, &table, [(2, Some(2))]);
    assert_eq!(rows(&store.snapshot(), &table), [(1, 1), (2, 2)]);
}

#[test]
fn a_long_journal_gets_a_checkpoint_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    for n in 0..50 {
        put(&store, &table, [(n, Some(1))]);
    }
    drop((store, table));
    let config = StoreConfig::default().with_checkpoint_bytes(100);
    let (store, report) = config.open(folder.path(), &holder()).unwrap();
    assert_eq!(report.checkpoint.unwrap().unwrap().rows, 50);
    drop(store);
    assert_eq!(
        fs::read_dir(folder.path().join("checkpoints"))
            .unwrap()
            .count(),
        1
    );
}

#[test]
fn a_full_disk_does_not_keep_a_sound_store_shut() {
    let folder = tempfile::tempdir().unwrap();
    let (store, table) = open_numbers(folder.path());
    for n in 0..50 {
        put(&store, &table, [(n, Some(1))]);
    }
    drop((store, table));
    let disk = Faulty::default();
    disk.arm_first("write", ENOSPC);
    let journal = JournalConfig::default().with_steps(disk.clone());
    let config = StoreConfig::default()
        .with_checkpoint_bytes(100)
        .with_journal(journal);
    let (store, report) = config.open(folder.path(), &holder()).unwrap();
    let told = report.checkpoint.unwrap().unwrap_err();
    assert!(matches!(told, CheckpointError::Io { .. }), "{told:?}");
    let table = store.table("numbers").unwrap();
    put(&store, &table, [(50, Some(1))]);
    assert_eq!(store.snapshot().len(&table), 51);
    // There is room again.
    assert_eq!(store.checkpoint().unwrap().rows, 51);
}

#[test]
fn a_journal_of_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = crate::Journal::open(folder.path(), &holder()).unwrap();
    journal.append("task.done", &1).unwrap();
    drop(journal);
    let refused = StateStore::open(folder.path(), &holder());
    assert!(matches!(
        refused,
        Err(OpenStoreError::Foreign { seq: 1, .. })
    ));
}

/// A disk whose syncs wait for a word, and then fail or not.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<Words>, Condvar)>);

/// The word for the next sync, and for those after it.
#[derive(Default)]
struct Words {
    next: Word,
    then: Word,
    waiting: usize,
}

#[derive(Clone, Copy, PartialEq, Default)]
pub(crate) enum Word {
    #[default]
    Go,
    Wait,
    Fail,
}

impl Gate {
    pub(crate) fn say(&self, word: Word) {
        self.say_once(word, word);
    }

    /// One word for the next sync, and another one for those after it.
    fn say_once(&self, next: Word, then: Word) {
        let mut words = self.0.0.lock().unwrap();
        (words.next, words.then) = (next, then);
        self.0.1.notify_all();
    }

    fn until_somebody_waits(&self) {
        let (words, changed) = &*self.0;
        let waits = changed.wait_while(words.lock().unwrap(), |words| words.waiting == 0);
        drop(waits.unwrap());
    }
}

struct GatedFile(Box<dyn LogFile>, Gate);

impl Medium for Gate {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(GatedFile(Disk.open(path)?, self.clone())))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for GatedFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        let (words, changed) = &*self.1.0;
        let mut words = words.lock().unwrap();
        words.waiting += 1;
        changed.notify_all();
        words = changed
            .wait_while(words, |words| words.next == Word::Wait)
            .unwrap();
        words.waiting -= 1;
        let then = words.then;
        if std::mem::replace(&mut words.next, then) == Word::Fail {
            return Err(io::Error::other("the disk is broken"));
        }
        self.0.sync()
    }
}

pub(super) fn gated(folder: &Path) -> (Gate, StateStore, Table<u32, u64>) {
    let gate = Gate::default();
    let journal = JournalConfig::default().with_medium(gate.clone());
    let config = StoreConfig::default().with_journal(journal);
    let (store, _) = config.open(folder, &holder()).unwrap();
    let table = store.table("numbers").unwrap();
    (gate, store, table)
}

fn bump(store: &StateStore, table: &Table<u32, u64>) -> Pending {
    let change = |tx: &mut Transaction<'_>| {
        let n = tx.get(table, &0).map_or(0, |n| *n) + 1;
        tx.put(table, 0, n);
        Ok::<_, UpdateError>(n)
    };
    store.submit_update(change).unwrap().1
}

#[test]
fn nobody_sees_what_is_not_on_the_disk_but_the_next_update() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, store, table) = gated(folder.path());
    let (_, mut watch) = store.watch(&table, Interest::all(), 10);
    gate.say(Word::Wait);
    // All of them go to the disk together, although each builds on the one before.
    let pending: Vec<Pending> = (0..5).map(|_| bump(&store, &table)).collect();
    assert!(store.snapshot().is_empty(&table));
    assert!(watch.try_recv().unwrap().is_none());
    let late = store.begin();
    assert!(late.get(&table, &0).is_none());
    drop(late);
    // A watcher from now on will be told of what is on its way.
    let (snapshot, mut other) = store.watch(&table, Interest::all(), 10);
    assert!(snapshot.is_empty(&table));
    gate.say(Word::Go);
    for (pending, n) in pending.into_iter().zip(1..) {
        assert_eq!(pending.wait().unwrap().get(), n);
    }
    assert_eq!(rows(&store.snapshot(), &table), [(0, 5)]);
    for n in 1..=5 {
        assert_eq!(watch.recv().unwrap().version.get(), n);
        assert_eq!(other.recv().unwrap().version.get(), n);
    }
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged_and_nothing_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, store, table) = gated(folder.path());
    bump(&store, &table).wait().unwrap();
    let (_, mut watch) = store.watch(&table, Interest::all(), 10);
    gate.say(Word::Wait);
    let pending: Vec<Pending> = (0..3).map(|_| bump(&store, &table)).collect();
    // A reader of what is on its way must not be told that it is there, either.
    let reading = store.submit_update(|tx| Ok::<_, UpdateError>(*tx.get(&table, &0).unwrap()));
    let (seen, reading) = reading.unwrap();
    assert_eq!(seen, 4);
    gate.say(Word::Fail);
    for pending in pending {
        let error = pending.wait().unwrap_err();
        assert!(matches!(
            &error,
            CommitError::Store(StoreError::Stopped { .. })
        ));
    }
    assert!(reading.wait().is_err());
    gate.say(Word::Go);
    let late = store.update(|tx| tx.put(&table, 1, 1));
    let Err(UpdateError::Store(StoreError::Stopped { source })) = late else {
        panic!("the store went on");
    };
    assert!(
        matches!(
            *source,
            AppendError::Sync { .. } | AppendError::Stopped { .. }
        ),
        "{source}"
    );
    assert_eq!(rows(&store.snapshot(), &table), [(0, 1)]);
    assert_eq!(watch.recv().unwrap_err(), WatchError::Closed);
    assert!(store.checkpoint().is_err());
    // Who begins to watch now is told at once.
    let (_, mut late) = store.watch(&table, Interest::all(), 1);
    assert_eq!(late.recv().unwrap_err(), WatchError::Closed);
    drop(late);
    drop((store, table, watch));
    // The first one was acknowledged. Of the others, nobody knew; the file system has kept them.
    let (store, table) = open_numbers(folder.path());
    let value = *store.snapshot().get(&table, &0).unwrap();
    assert!((1..=4).contains(&value), "{value}");
}

#[test]
fn many_threads_share_the_syncs_and_lose_nothing() {
    for durability in [Durability::Immediate, Durability::None] {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig::default().with_durability(durability);
        let (store, _) = config.open(folder.path(), &holder()).unwrap();
        let table: Table<u32, u64> = store.table("numbers").unwrap();
        thread::scope(|scope| {
            for writer in 0..8_u32 {
                let (store, table) = (&store, &table);
                scope.spawn(move || {
                    for n in 0..50_u32 {
                        let key = 1 + (writer + n) % 5;
                        let change = |tx: &mut Transaction<'_>| {
                            for key in [0, key] {
                                let n = tx.get(table, &key).map_or(0, |n| *n);
                                tx.put(table, key, n + 1);
                            }
                        };
                        store.update(change).unwrap();
                    }
                });
            }
        });
        let before = rows(&store.snapshot(), &table);
        assert_eq!(before[0], (0, 400));
        assert_eq!(before.iter().map(|row| row.1).sum::<u64>(), 800);
        drop((store, table));
        let (store, table) = open_numbers(folder.path());
        assert_eq!(rows(&store.snapshot(), &table), before);
    }
}

/// What a watcher that comes late has missed is told when it is published, although later commits were on
/// their way before the watcher came; and also when these fail.
#[test]
fn a_late_watcher_does_not_wait_for_what_comes_after() {
    let folder = tempfile::tempdir().unwrap();
    let (gate, store, table) = gated(folder.path());
    // Somebody watches, so that the commits are to be told of.
    let (_, mut early) = store.watch(&table, Interest::all(), 10);
    gate.say(Word::Wait);
    let first = bump(&store, &table);
    // The writer thread has the first one by then, so the next ones are another batch.
    gate.until_somebody_waits();
    let second = bump(&store, &table);
    let (snapshot, mut late) = store.watch(&table, Interest::all(), 10);
    assert!(snapshot.is_empty(&table));
    gate.say_once(Word::Go, Word::Fail);
    assert_eq!(first.wait().unwrap().get(), 1);
    assert!(second.wait().is_err());
    for watch in [&mut early, &mut late] {
        assert_eq!(watch.recv().unwrap().version.get(), 1);
        assert_eq!(watch.recv().unwrap_err(), WatchError::Closed);
    }
}
