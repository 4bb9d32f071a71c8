//! Keys that come back to the store when they are dropped: a watcher that lags drops none under a lock.

use std::cmp::Ordering as Order;
use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::durable::{Gate, Word, gated};
use super::waking::{PATIENCE, in_time};
use super::*;

/// What the first key does that is dropped while this is armed.
struct Hook {
    armed: AtomicBool,
    act: Box<dyn Fn() + Send + Sync>,
}

/// A key with a hook, which its clones share.
#[derive(Clone, Serialize, Deserialize)]
struct Nosy {
    n: u32,
    #[serde(skip)]
    hook: Option<Arc<Hook>>,
}

impl Drop for Nosy {
    fn drop(&mut self) {
        if let Some(hook) = &self.hook
            && hook.armed.swap(false, Ordering::SeqCst)
        {
            (hook.act)();
        }
    }
}

impl PartialEq for Nosy {
    fn eq(&self, other: &Self) -> bool {
        self.n == other.n
    }
}

impl Eq for Nosy {}

impl PartialOrd for Nosy {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl Ord for Nosy {
    fn cmp(&self, other: &Self) -> Order {
        self.n.cmp(&other.n)
    }
}

impl fmt::Debug for Nosy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.n.fmt(f)
    }
}

/// A key that commits to another table when it is dropped, and the word of it.
fn nosy(store: &StateStore) -> (Nosy, Receiver<()>) {
    let (done, told) = channel();
    let (store, other) = (store.clone(), store.table("other").unwrap());
    let act = move || {
        let add = |n: Option<&u64>| Some(n.map_or(1, |n| n + 1));
        store.modify::<u32, u64>(&other, &0, add).unwrap();
        done.send(()).unwrap();
    };
    let hook = Hook {
        armed: AtomicBool::new(false),
        act: Box::new(act),
    };
    let key = Nosy {
        n: 0,
        hook: Some(Arc::new(hook)),
    };
    (key, told)
}

fn arm(key: &Nosy) {
    let hook = key.hook.as_ref().unwrap();
    hook.armed.store(true, Ordering::SeqCst);
}

/// What of a commit's changes a watcher gets.
#[derive(Clone, Copy, PartialEq)]
enum Lost {
    /// None of the second, because its queue is full.
    Lagged,
    /// None, because the watcher is gone.
    Gone,
}

/// The writer thread drops a key, which commits there.
fn the_writer_thread_drops_a_key(lost: Lost) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    in_time(move || {
        let (gate, store, _): (Gate, StateStore, Table<u32, u64>) = gated(&path);
        let table: Table<Nosy, u64> = store.table("nosy").unwrap();
        let (key, told) = nosy(&store);
        let (_, watch) = store.watch(&table, Interest::all(), 1);
        store.modify(&table, &key, |_| Some(1)).unwrap();
        gate.say(Word::Wait);
        let pending = store.submit_modify(&table, &key, |_| Some(2)).unwrap();
        if lost == Lost::Gone {
            drop(watch);
        }
        arm(&key);
        gate.say(Word::Go);
        told.recv_timeout(PATIENCE).unwrap();
        pending.wait().unwrap();
        assert_eq!(*store.snapshot().get(&table, &key).unwrap(), 2);
    });
}

#[test]
fn who_writes_drops_what_a_watcher_does_not_get_without_a_lock() {
    the_writer_thread_drops_a_key(Lost::Lagged);
    the_writer_thread_drops_a_key(Lost::Gone);
}

#[test]
fn a_watcher_that_catches_up_drops_what_it_missed_without_a_lock() {
    in_time(|| {
        let store = StateStore::in_memory();
        let table: Table<Nosy, u64> = store.table("nosy").unwrap();
        let (_, mut watch) = store.watch(&table, Interest::all(), 2);
        let (told, hooks): (Vec<_>, Vec<_>) = (0..2)
            .map(|n| {
                let (done, told) = channel();
                let (store, table) = (store.clone(), table.clone());
                // The watcher is to hear of this, so it wants the lock of its queue.
                let act = move || {
                    let plain = Nosy { n: 9, hook: None };
                    store.modify(&table, &plain, |_| Some(n)).unwrap();
                    done.send(thread::current().id()).unwrap();
                };
                let hook = Hook {
                    armed: AtomicBool::new(false),
                    act: Box::new(act),
                };
                (told, Arc::new(hook))
            })
            .unzip();
        for (n, hook) in (0..).zip(&hooks) {
            let key = Nosy {
                n,
                hook: Some(Arc::clone(hook)),
            };
            store.modify(&table, &key, |_| Some(1)).unwrap();
        }
        for hook in &hooks {
            hook.armed.store(true, Ordering::SeqCst);
        }
        let snapshot = watch.catch_up().unwrap();
        assert_eq!(snapshot.version().get(), 2);
        for told in told {
            assert_eq!(told.try_recv().unwrap(), thread::current().id());
        }
        // What was committed meanwhile comes after the snapshot.
        for version in 3..5 {
            assert_eq!(watch.recv().unwrap().version.get(), version);
        }
    });
}
