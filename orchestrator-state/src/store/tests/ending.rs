//! The store stops and nobody is committing or waiting for a commit: those who wait for changes are
//! told all the same.

use std::future::Future;
use std::path::Path;
use std::sync::mpsc::channel;
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use super::durable::{Gate, Word, gated, holder};
use super::waking::{PATIENCE, in_time};
use super::*;
use crate::{Durability, JournalConfig};

/// A waker that says so.
struct Says(std::sync::mpsc::SyncSender<()>);

impl Wake for Says {
    fn wake(self: Arc<Self>) {
        let _ = self.0.try_send(());
    }
}

fn batched(folder: &Path) -> (Gate, StateStore, Table<u32, u64>) {
    let gate = Gate::default();
    let journal = JournalConfig::default()
        .with_durability(Durability::Batched(Duration::ZERO))
        .with_medium(gate.clone());
    let config = StoreConfig::default().with_journal(journal);
    let (store, _) = config.open(folder, &holder()).unwrap();
    let table = store.table("numbers").unwrap();
    (gate, store, table)
}

/// Breaks the store's disk, and lets go of a commit that finds out.
fn stop_unseen(gate: &Gate, store: &StateStore, table: &Table<u32, u64>) {
    gate.say(Word::Fail);
    drop(store.submit_modify(table, &0, |_| Some(1)).unwrap());
}

type Open = fn(&Path) -> (Gate, StateStore, Table<u32, u64>);

/// With the first, it is the sync behind the acknowledgement that fails; with the second, that of a
/// commit that nobody waits for.
const WAYS: [(Open, &[u64]); 2] = [(batched, &[1]), (gated, &[])];

#[test]
fn a_stop_that_nobody_waits_for_ends_the_watch() {
    for (open, shown) in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        in_time(move || {
            let (gate, store, table) = open(&path);
            let (_, mut blocking) = store.watch(&table, Interest::all(), 9);
            let (_, mut awaiting) = store.watch(&table, Interest::key(99), 9);
            let mut next = Box::pin(awaiting.changed());
            let mut ended = Box::pin(store.ended());
            let (says, said) = std::sync::mpsc::sync_channel(9);
            let waker = Waker::from(Arc::new(Says(says)));
            let mut context = Context::from_waker(&waker);
            assert!(next.as_mut().poll(&mut context).is_pending());
            assert!(ended.as_mut().poll(&mut context).is_pending());
            stop_unseen(&gate, &store, &table);
            for version in shown {
                assert_eq!(blocking.recv().unwrap().version.get(), *version);
            }
            assert_eq!(blocking.recv().unwrap_err(), WatchError::Closed);
            for _ in 0..2 {
                said.recv_timeout(PATIENCE).unwrap();
            }
            assert!(next.as_mut().poll(&mut context).is_ready());
            assert!(ended.as_mut().poll(&mut context).is_ready());
            // Who comes after it is told at once, and is told before of what is published.
            let (_, mut late) = store.watch(&table, Interest::all(), 9);
            assert_eq!(late.recv().unwrap_err(), WatchError::Closed);
            let mut late = Box::pin(store.ended());
            assert!(late.as_mut().poll(&mut context).is_ready());
            let from = store.watch_from(&table, Interest::all(), 9, Version::new(0));
            let mut from = from.unwrap();
            for version in shown {
                assert_eq!(from.recv().unwrap().version.get(), *version);
            }
            assert_eq!(from.recv().unwrap_err(), WatchError::Closed);
        });
    }
}

/// Whoever has the error of a commit finds the watchers told.
#[test]
fn with_the_first_error_the_watchers_have_been_told() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        in_time(move || {
            let (gate, store, table) = gated(&path);
            let mut watches: Vec<_> = (0..50)
                .map(|_| store.watch(&table, Interest::all(), 9).1)
                .collect();
            gate.say(Word::Fail);
            assert!(store.modify(&table, &0, |_| Some(1)).is_err());
            for watch in &mut watches {
                assert_eq!(watch.try_recv().unwrap_err(), WatchError::Closed);
            }
        });
    }
}

#[test]
fn a_commit_that_is_broken_off_ends_the_watch_and_so_does_the_last_handle() {
    for panics in [true, false] {
        let (store, table) = numbers([]);
        let (_, mut watch) = store.watch(&table, Interest::all(), 9);
        let mut ended = Box::pin(store.ended());
        let mut context = Context::from_waker(Waker::noop());
        if panics {
            store.inner.lock().installing = true;
            assert!(store.modify(&table, &0, |_| Some(1)).is_err());
        } else {
            assert!(ended.as_mut().poll(&mut context).is_pending());
            drop(store);
        }
        assert_eq!(watch.try_recv().unwrap_err(), WatchError::Closed);
        assert!(ended.as_mut().poll(&mut context).is_ready());
    }
}

/// The control: with nobody enlisted, as it was when only commits told of a stop, nobody hears of it.
#[test]
fn control_who_is_told_by_commits_alone_is_not_told() {
    for (open, shown) in WAYS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        in_time(move || {
            let (gate, store, table) = open(&path);
            let (_, mut watch) = store.watch(&table, Interest::all(), 9);
            store.inner.publisher.forget_listeners();
            let (told, stopped) = channel();
            let hears = Hears(told);
            let hears: Arc<dyn super::super::publish::Listener> = Arc::new(hears);
            let publisher = &store.inner.publisher;
            publisher.enlist(Arc::downgrade(&hears), &mut crate::wake::ToWake::default());
            stop_unseen(&gate, &store, &table);
            stopped.recv_timeout(PATIENCE).unwrap();
            for version in shown {
                assert_eq!(watch.try_recv().unwrap().unwrap().version.get(), *version);
            }
            assert!(watch.try_recv().unwrap().is_none(), "who has told it?");
        });
    }
}

/// Says when the others are being told.
struct Hears(std::sync::mpsc::Sender<()>);

impl super::super::publish::Listener for Hears {
    fn close(self: Arc<Self>, _: &mut crate::wake::ToWake) {
        let _ = self.0.send(());
    }
}

#[test]
fn who_has_gone_is_not_kept() {
    let (store, table) = numbers([]);
    let (_, _held) = store.watch(&table, Interest::all(), 1);
    for _ in 0..1_000 {
        drop(store.watch(&table, Interest::all(), 1));
        drop(store.ended());
    }
    assert!(store.inner.publisher.count_listeners() <= 17);
    let many: Vec<_> = (0..100).map(|_| store.ended()).collect();
    assert!(store.inner.publisher.count_listeners() > many.len());
}
