//! A disk that cannot keep up: nobody waits for it but those who commit.

use std::cell::RefCell;
use std::io;
use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde::Deserializer;

use super::durable::holder;
use super::waking::{PATIENCE, in_time};
use super::*;
use crate::{Disk, Durability, JournalConfig, LogFile, Medium, verify};

/// A disk that writes nothing while it is shut, and knows who waits for that.
#[derive(Clone, Default)]
pub(crate) struct Valve(Arc<(Mutex<Shut>, Condvar)>);

#[derive(Default)]
struct Shut {
    shut: bool,
    waiting: usize,
}

struct ValvedFile(Box<dyn LogFile>, Valve);

impl Valve {
    fn lock(&self) -> MutexGuard<'_, Shut> {
        self.0.0.lock().unwrap()
    }

    pub(crate) fn turn(&self, shut: bool) {
        self.lock().shut = shut;
        self.0.1.notify_all();
    }

    /// Waits until somebody wants to write.
    pub(crate) fn until_somebody_waits(&self) {
        let wait = |shut: &mut Shut| shut.waiting == 0;
        let waited = self.0.1.wait_timeout_while(self.lock(), PATIENCE, wait);
        assert!(!waited.unwrap().1.timed_out(), "nobody writes");
    }

    fn pass(&self) {
        let mut shut = self.lock();
        shut.waiting += 1;
        self.0.1.notify_all();
        shut = self.0.1.wait_while(shut, |shut| shut.shut).unwrap();
        shut.waiting -= 1;
    }
}

impl Medium for Valve {
    fn open(&self, path: &Path) -> io::Result<Box<dyn LogFile>> {
        Ok(Box::new(ValvedFile(Disk.open(path)?, self.clone())))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        Disk.sync_folder(folder)
    }
}

impl LogFile for ValvedFile {
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.1.pass();
        self.0.write_at(offset, bytes)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync()
    }
}

const DURABILITIES: [Durability; 2] = [Durability::Immediate, Durability::None];
const MEGABYTE: usize = 1 << 20;

pub(super) type Texts = Table<u32, String>;

pub(super) fn open(folder: &Path, durability: Durability) -> (Valve, StateStore, Texts) {
    let valve = Valve::default();
    let journal = JournalConfig::default()
        .with_durability(durability)
        .with_medium(valve.clone());
    let config = StoreConfig::default().with_journal(journal);
    let (store, _) = config.open(folder, &holder()).unwrap();
    let table = store.table("texts").unwrap();
    (valve, store, table)
}

pub(super) fn submit(store: &StateStore, table: &Texts, key: u32, megabytes: usize) -> Pending {
    let change = |_: Option<&String>| Some("x".repeat(megabytes * MEGABYTE));
    store.submit_modify(table, &key, change).unwrap()
}

/// Waits until somebody waits for room, where the writer thread has to make it.
pub(crate) fn until_somebody_wants_room(store: &StateStore) {
    let journal = &store.inner.durable.as_ref().unwrap().journal;
    let start = Instant::now();
    while journal.waiting_for_room() == 0 {
        assert!(start.elapsed() < PATIENCE, "nobody waits for room");
        thread::yield_now();
    }
}

/// A store whose disk is shut, with a batch on its way, and a thread that waits for it in its `work`.
fn crowded(
    folder: &Path,
    durability: Durability,
    work: impl FnOnce(&StateStore, &Texts) + Send + 'static,
) -> (Valve, StateStore, Texts, Vec<Pending>, JoinHandle<()>) {
    let (valve, store, table) = open(folder, durability);
    valve.turn(true);
    let mut pending = vec![submit(&store, &table, 0, 1)];
    let mut queued = 1;
    if durability == Durability::Immediate {
        // The writer thread has taken the first one, so the next ones are queued.
        valve.until_somebody_waits();
        queued = 0;
    }
    // With four of these there is no more room.
    pending.extend((queued..4).map(|key| submit(&store, &table, key + 10, 1)));
    let worker = {
        let (store, table) = (store.clone(), table.clone());
        thread::spawn(move || work(&store, &table))
    };
    if durability == Durability::Immediate {
        until_somebody_wants_room(&store);
    } else {
        valve.until_somebody_waits();
    }
    (valve, store, table, pending, worker)
}

#[test]
fn who_waits_for_the_disk_holds_up_nobody() {
    for durability in DURABILITIES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        in_time(move || {
            let commits = |store: &StateStore, table: &Texts| {
                submit(store, table, 6, 1).wait().unwrap();
            };
            let (valve, store, table, pending, worker) = crowded(&path, durability, commits);
            assert!(store.inner.state.try_lock().is_ok());
            let other: Table<u32, u64> = store.table("other").unwrap();
            let (snapshot, mut watch) = store.watch(&table, Interest::all(), 99);
            assert!(snapshot.is_empty(&table) && snapshot.is_empty(&other));
            drop(snapshot);
            store.collect();
            assert!(!worker.is_finished());
            valve.turn(false);
            worker.join().unwrap();
            let last = pending.len() as u64 + 1;
            for (pending, n) in pending.into_iter().zip(1..) {
                assert_eq!(pending.wait().unwrap().get(), n);
            }
            for n in 1..=last {
                assert_eq!(watch.recv().unwrap().version.get(), n);
            }
        });
        verify(folder.path()).unwrap();
        let (store, _) = StateStore::open(folder.path(), &holder()).unwrap();
        let table: Texts = store.table("texts").unwrap();
        let expected = if durability == Durability::None { 5 } else { 6 };
        assert_eq!(store.snapshot().len(&table), expected);
    }
}

/// As the store did once.
#[test]
fn control_who_waits_for_room_under_the_lock_holds_up_everybody() {
    for durability in DURABILITIES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        in_time(move || {
            let waits = |store: &StateStore, _: &Texts| {
                let _locked = store.inner.lock();
                store.inner.durable.as_ref().unwrap().journal.make_room();
            };
            let (valve, store, _table, _pending, worker) = crowded(&path, durability, waits);
            assert!(store.inner.state.try_lock().is_err());
            valve.turn(false);
            worker.join().unwrap();
        });
    }
}

/// Those who have found room at the same time may bring more than a block can hold.
#[test]
fn what_does_not_fit_into_a_block_goes_into_the_next_one() {
    for durability in DURABILITIES {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        in_time(move || {
            let (valve, store, table) = open(&path, durability);
            valve.turn(true);
            let first = submit(&store, &table, 0, 1);
            let journal = &store.inner.durable.as_ref().unwrap().journal;
            // Under the lock no one looks for room: so it is for all who have found some before.
            let others: Vec<_> = (1..=6)
                .map(|n| journal.submit_quietly("commit", &vec![b'x'; n * MEGABYTE]))
                .collect();
            valve.turn(false);
            first.wait().unwrap();
            for (ticket, seq) in others.into_iter().zip(2..) {
                let ticket = ticket.unwrap();
                assert_eq!(ticket.seq(), seq);
                ticket.wait().unwrap();
            }
        });
        // A block of several records that were more than 4 MiB would be refused here.
        assert_eq!(verify(folder.path()).unwrap().records, 7);
    }
}

thread_local! {
    /// What reading a [`Curious`] value does before.
    static CURIOSITY: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A value that does something when it is read from the disk.
#[derive(Debug, Serialize)]
struct Curious(u64);

impl<'de> Deserialize<'de> for Curious {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let what = CURIOSITY.with_borrow_mut(Option::take);
        if let Some(what) = what {
            what();
        }
        u64::deserialize(deserializer).map(Self)
    }
}

#[test]
fn rows_are_read_without_the_lock_and_who_is_second_gets_the_same_table() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| StateStore::open(path, &holder()).unwrap().0;
    let store = open(folder.path());
    let table: Table<u32, u64> = store.table("numbers").unwrap();
    put(&store, &table, [(1, Some(1)), (2, Some(2))]);
    drop((store, table));
    let path = folder.path().to_owned();
    in_time(move || {
        let store = open(&path);
        let found = Arc::new(Mutex::new(None));
        let look = {
            let (store, found) = (store.clone(), Arc::clone(&found));
            move || {
                assert!(store.inner.state.try_lock().is_ok());
                // As another thread would that is faster.
                let table: Table<u32, Curious> = store.table("numbers").unwrap();
                store.modify(&table, &1, |_| Some(Curious(10))).unwrap();
                *found.lock().unwrap() = Some(table);
            }
        };
        CURIOSITY.set(Some(Box::new(look)));
        let table: Table<u32, Curious> = store.table("numbers").unwrap();
        let first = found.lock().unwrap().take().unwrap();
        assert!(Arc::ptr_eq(&table.0, &first.0));
        let value = |key: u32| store.snapshot().get(&table, &key).unwrap().0;
        assert_eq!((value(1), value(2)), (10, 2));
        assert_eq!(store.inner.lock().tables.len(), 1);
        // The control: whoever looks under the lock finds it taken.
        let locked = store.inner.lock();
        assert!(store.inner.state.try_lock().is_err());
        drop(locked);
    });
}
