//! Wakers that come back to the store: none of them is called under a lock that it could want.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::{Context, Wake, Waker};
use std::thread;
use std::time::Duration;

use super::durable::{Word, gated, holder};
use super::*;
use crate::Durability;
use crate::wake::ToWake;

/// How long something may take that takes no time unless it waits for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A waker that does something at once, and tells what has come of it.
struct Does<T> {
    action: Box<dyn Fn() -> T + Send + Sync>,
    done: Mutex<Sender<T>>,
}

impl<T: Send + 'static> Wake for Does<T> {
    fn wake(self: Arc<Self>) {
        let result = (self.action)();
        self.done.lock().unwrap().send(result).unwrap();
    }
}

pub(crate) fn does<T: Send + 'static>(
    action: impl Fn() -> T + Send + Sync + 'static,
) -> (Waker, Receiver<T>) {
    let (done, told) = channel();
    let does = Does {
        action: Box::new(action),
        done: Mutex::new(done),
    };
    (Arc::new(does).into(), told)
}

/// Runs something on a thread of its own, so that a test that would hang fails.
pub(crate) fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, told) = channel();
    let worker = thread::spawn(move || done.send(work()).unwrap());
    match told.recv_timeout(PATIENCE) {
        Ok(result) => {
            worker.join().unwrap();
            result
        }
        // It has panicked, which says more; or it hangs.
        Err(_) if worker.is_finished() => panic!("{:?}", worker.join()),
        Err(_) => panic!("it waits for ever"),
    }
}

pub(crate) fn is_pending<F: Future + ?Sized>(future: Pin<&mut F>, waker: &Waker) -> bool {
    future.poll(&mut Context::from_waker(waker)).is_pending()
}

/// A store of every kind.
fn each(check: impl Fn(StateStore) + Send + Copy + 'static) {
    in_time(move || check(StateStore::in_memory()));
    for durability in [
        Durability::None,
        Durability::Batched(Duration::ZERO),
        Durability::Immediate,
    ] {
        let folder = tempfile::tempdir().unwrap();
        let config = StoreConfig::default().with_durability(durability);
        let (store, _) = config.open(folder.path(), &holder()).unwrap();
        in_time(move || check(store));
    }
}

#[test]
fn the_waker_of_a_watcher_may_commit_and_watch() {
    each(|store| {
        let table: Table<u32, u64> = store.table("numbers").unwrap();
        let echoes: Table<u32, u64> = store.table("echoes").unwrap();
        let (_, mut watch) = store.watch(&table, Interest::all(), 9);
        let (waker, told) = does({
            let (store, echoes) = (store.clone(), echoes.clone());
            move || {
                let (_snapshot, _watch) = store.watch(&echoes, Interest::all(), 1);
                let _other: Table<u32, u64> = store.table("others").unwrap();
                store.modify(&echoes, &0, |n| Some(n.map_or(1, |n| n + 1)))
            }
        });
        for n in 1..=3 {
            let mut next = Box::pin(watch.changed());
            assert!(is_pending(next.as_mut(), &waker));
            // One way to commit and the other.
            if n == 2 {
                put(&store, &table, [(0, Some(n))]);
            } else {
                store.modify(&table, &0, |_| Some(n)).unwrap();
            }
            let version = told.recv_timeout(PATIENCE).unwrap().unwrap();
            assert_eq!(version.get(), 2 * n);
            drop(next);
            assert_eq!(watch.recv().unwrap().version.get(), 2 * n - 1);
        }
        assert_eq!(rows(&store.snapshot(), &echoes), [(0, 3)]);
    });
}

#[test]
fn the_waker_of_a_commit_may_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table) = gated(&path);
        gate.say(Word::Wait);
        let pending = store.submit_modify(&table, &0, |_| Some(1));
        let mut pending = Box::pin(pending.unwrap());
        let (waker, told) = does({
            let (store, table) = (store.clone(), table.clone());
            // It runs on the writer thread, which has to write this itself.
            move || store.modify(&table, &1, |_| Some(2))
        });
        assert!(is_pending(pending.as_mut(), &waker));
        gate.say(Word::Go);
        assert_eq!(told.recv_timeout(PATIENCE).unwrap().unwrap().get(), 2);
        assert!(!is_pending(pending.as_mut(), &waker));
        assert_eq!(rows(&store.snapshot(), &table), [(0, 1), (1, 2)]);
    });
}

#[test]
fn the_waker_of_a_store_that_stops_finds_its_locks_free() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table) = gated(&path);
        let (_, mut watch) = store.watch(&table, Interest::all(), 9);
        let asks = |store: &StateStore| {
            let (store, table) = (store.clone(), table.clone());
            does(move || {
                let (_, mut late) = store.watch(&table, Interest::all(), 1);
                let flushed = store.flush().is_err();
                (late.try_recv().unwrap_err(), flushed)
            })
        };
        let (first, first_told) = asks(&store);
        let mut next = Box::pin(watch.changed());
        assert!(is_pending(next.as_mut(), &first));
        gate.say(Word::Wait);
        let pending = store.submit_modify(&table, &0, |_| Some(1));
        let mut pending = Box::pin(pending.unwrap());
        let (second, second_told) = asks(&store);
        assert!(is_pending(pending.as_mut(), &second));
        gate.say(Word::Fail);
        let stopped = (WatchError::Closed, true);
        assert_eq!(second_told.recv_timeout(PATIENCE).unwrap(), stopped);
        assert_eq!(first_told.recv_timeout(PATIENCE).unwrap(), stopped);
    });
}

#[test]
fn a_waker_may_drop_the_last_handle_on_the_thread_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table) = gated(&path);
        let (_, mut watch) = store.watch(&table, Interest::all(), 9);
        gate.say(Word::Wait);
        drop(store.submit_modify(&table, &0, |_| Some(1)).unwrap());
        let last = Mutex::new(Some(store));
        let (waker, told) = does(move || drop(last.lock().unwrap().take()));
        let mut next = Box::pin(watch.changed());
        assert!(is_pending(next.as_mut(), &waker));
        gate.say(Word::Go);
        told.recv_timeout(PATIENCE).unwrap();
        drop(next);
        assert_eq!(watch.recv().unwrap().version.get(), 1);
        assert_eq!(watch.recv().unwrap_err(), WatchError::Closed);
        // Nobody holds it any more.
        let (store, _) = StateStore::open(&path, &holder()).unwrap();
        let table: Table<u32, u64> = store.table("numbers").unwrap();
        assert_eq!(rows(&store.snapshot(), &table), [(0, 1)]);
    });
}

#[test]
fn a_waker_that_panics_stops_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table) = gated(&path);
        let (_, mut watch) = store.watch(&table, Interest::all(), 9);
        gate.say(Word::Wait);
        let first = store.submit_modify(&table, &0, |_| Some(1)).unwrap();
        let (waker, _told) = does(|| panic!("injected"));
        let mut next = Box::pin(watch.changed());
        assert!(is_pending(next.as_mut(), &waker));
        // It is called after that one, and is not to suffer for it.
        let behind = store.submit_modify(&table, &1, |_| Some(1)).unwrap();
        let mut behind = Box::pin(behind);
        let (innocent, told) = does(|| ());
        assert!(is_pending(behind.as_mut(), &innocent));
        gate.say(Word::Go);
        told.recv_timeout(PATIENCE).unwrap();
        // That one is on the disk. Without the writer thread, what comes now would wait for ever.
        first.wait().unwrap();
        let after = std::iter::repeat_with(|| store.modify(&table, &0, |_| Some(2)));
        let stopped = after.take(1_000).find_map(Result::err);
        assert!(
            matches!(stopped, Some(UpdateError::Store(_))),
            "{stopped:?}"
        );
    });
}

/// What was committed before the store was dropped is told before its end, although it came to the disk
/// only then.
#[test]
fn a_watcher_hears_all_before_it_hears_of_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, table) = gated(&path);
        let (_, mut watch) = store.watch(&table, Interest::all(), 9);
        gate.say(Word::Wait);
        for n in 1..=3 {
            drop(store.submit_modify(&table, &0, |_| Some(n)).unwrap());
        }
        let dropping = thread::spawn(move || drop(store));
        gate.say(Word::Go);
        for n in 1..=3 {
            assert_eq!(watch.recv().unwrap().version.get(), n);
        }
        assert_eq!(watch.recv().unwrap_err(), WatchError::Closed);
        dropping.join().unwrap();
    });
}

/// Says for a store in memory whether its lock is free when a watcher is woken.
fn finds_it_free(tell: impl FnOnce(&StateStore, &Table<u32, u64>, &Watch<u32, u64>)) -> bool {
    let (store, table) = numbers([]);
    let (_, mut watch) = store.watch(&table, Interest::all(), 9);
    let (waker, told) = does({
        let store = store.clone();
        move || store.inner.state.try_lock().is_ok()
    });
    let mut next = Box::pin(watch.changed());
    assert!(is_pending(next.as_mut(), &waker));
    // The future keeps its waker when it is forgotten, and the watcher is free to be looked at.
    std::mem::forget(next);
    tell(&store, &table, &watch);
    told.try_recv().unwrap()
}

#[test]
fn a_waker_finds_the_lock_free() {
    let commits = |store: &StateStore, table: &Table<u32, u64>, _: &Watch<u32, u64>| {
        put(store, table, [(0, Some(1))]);
    };
    assert!(finds_it_free(commits));
    let modifies = |store: &StateStore, table: &Table<u32, u64>, _: &Watch<u32, u64>| {
        store.modify(table, &0, |_| Some(1)).unwrap();
    };
    assert!(finds_it_free(modifies));
    // The control: the same waker, called before the lock is let go, would find it taken; and if it
    // committed, would wait for ever.
    assert!(!finds_it_free(|store, _, _| {
        let locked = store.inner.lock();
        store.inner.publisher.close(&mut ToWake::default());
        drop(locked);
    }));
}
