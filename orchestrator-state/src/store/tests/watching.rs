//! Watchers: every change, in order, and no gap.

use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::thread;

use super::*;

type Told = Vec<(u64, Vec<(u32, Option<u64>)>)>;

fn told(watch: &mut Watch<u32, u64>) -> Told {
    let mut told = Vec::new();
    while let Some(changes) = watch.try_recv().unwrap() {
        let rows = changes.rows.into_iter();
        let rows = rows.map(|(key, value)| (key, value.map(|value| *value)));
        told.push((changes.version.get(), rows.collect()));
    }
    told
}

#[test]
fn a_watcher_is_told_of_what_it_wants_to_hear() {
    let (store, table) = numbers([(1, 1)]);
    let (_, mut all) = store.watch(&table, Interest::all(), 10);
    let (_, mut one) = store.watch(&table, Interest::key(2), 10);
    let (_, mut some) = store.watch(&table, Interest::range(3..), 10);
    put(&store, &table, [(2, Some(2)), (3, Some(3))]);
    put(&store, &table, [(1, None)]);
    put(&store, &table, [(2, None), (4, Some(4))]);
    assert_eq!(
        told(&mut all),
        [
            (2, vec![(2, Some(2)), (3, Some(3))]),
            (3, vec![(1, None)]),
            (4, vec![(2, None), (4, Some(4))]),
        ]
    );
    assert_eq!(
        told(&mut one),
        [(2, vec![(2, Some(2))]), (4, vec![(2, None)])]
    );
    assert_eq!(
        told(&mut some),
        [(2, vec![(3, Some(3))]), (4, vec![(4, Some(4))])]
    );

    let names: Table<String, u32> = store.table("names").unwrap();
    let (_, mut prefixed) = store.watch(&names, Interest::prefix("task/"), 10);
    store
        .update(|tx| tx.put(&names, "task/1".to_owned(), 1))
        .unwrap();
    store
        .update(|tx| tx.put(&names, "tasks".to_owned(), 2))
        .unwrap();
    assert_eq!(prefixed.recv().unwrap().rows[0].0, "task/1");
    assert!(prefixed.try_recv().unwrap().is_none());
}

#[test]
fn a_watcher_that_does_not_keep_up_is_told_and_can_go_on() {
    let (store, table) = numbers([]);
    let (_, mut watch) = store.watch(&table, Interest::all(), 3);
    for n in 1..=5 {
        put(&store, &table, [(0, Some(n))]);
    }
    for n in 1..=3 {
        assert_eq!(watch.recv().unwrap().version.get(), n);
    }
    let lagged = WatchError::Lagged {
        after: Version::new(3),
    };
    assert_eq!(watch.recv().unwrap_err(), lagged);
    assert_eq!(watch.try_recv().unwrap_err(), lagged);
    let snapshot = watch.catch_up().unwrap();
    assert_eq!(rows(&snapshot, &table), [(0, 5)]);
    put(&store, &table, [(0, Some(6))]);
    assert_eq!(told(&mut watch), [(6, vec![(0, Some(6))])]);
}

#[test]
fn a_watcher_can_begin_in_the_past() {
    let config = StoreConfig::default().with_history(History::versions(1_000));
    let (store, table) = numbers_in(config, [(1, 1)]);
    put(&store, &table, [(1, Some(2)), (2, Some(1))]);
    put(&store, &table, [(2, None)]);
    let from = |version| store.watch_from(&table, Interest::all(), 9, Version::new(version));
    let mut watch = from(1).unwrap();
    put(&store, &table, [(3, Some(3))]);
    assert_eq!(
        told(&mut watch),
        [
            (2, vec![(1, Some(2)), (2, Some(1))]),
            (3, vec![(2, None)]),
            (4, vec![(3, Some(3))]),
        ]
    );
    assert!(matches!(from(9), Err(VersionError::Future { .. })));
    // Without a history, what was is gone.
    let (store, table) = numbers([(1, 1)]);
    for n in 0..200 {
        put(&store, &table, [(1, Some(n))]);
    }
    let late = store.watch_from(&table, Interest::all(), 9, Version::new(1));
    assert!(matches!(late, Err(VersionError::Dropped { .. })));
}

#[test]
fn a_store_that_is_gone_ends_the_watch() {
    let (store, table) = numbers([]);
    let (snapshot, mut watch) = store.watch(&table, Interest::all(), 3);
    put(&store, &table, [(0, Some(1))]);
    drop((store, snapshot));
    assert_eq!(watch.recv().unwrap().version.get(), 1);
    assert_eq!(watch.recv().unwrap_err(), WatchError::Closed);
    assert_eq!(watch.catch_up().unwrap_err(), WatchError::Closed);
}

#[test]
fn a_future_that_is_dropped_loses_nothing() {
    let (store, table) = numbers([]);
    let (_, mut watch) = store.watch(&table, Interest::all(), 9);
    let mut context = Context::from_waker(Waker::noop());
    for n in 1..=3 {
        let mut next = Box::pin(watch.next());
        assert!(next.as_mut().poll(&mut context).is_pending());
        put(&store, &table, [(0, Some(n))]);
        // Ready now, and dropped all the same.
        drop(next);
        assert_eq!(told(&mut watch), [(n, vec![(0, Some(n))])]);
    }
    put(&store, &table, [(0, Some(4))]);
    let ready = std::pin::pin!(watch.next()).poll(&mut context);
    assert!(matches!(ready, Poll::Ready(Ok(changes)) if changes.version.get() == 4));
}

/// Many writers, a watcher that begins in their midst: what it is told, put on top of its snapshot, is
/// the end.
#[test]
fn a_snapshot_and_what_comes_after_it_are_the_whole() {
    let (store, table) = numbers([]);
    let done = thread::scope(|scope| {
        let writers: Vec<_> = (0..4_u32)
            .map(|writer| {
                let (store, table) = (&store, &table);
                scope.spawn(move || {
                    for n in 0..2_000_u64 {
                        let key = (n as u32 * 7 + writer) % 50;
                        put(store, table, [(key, (n % 5 > 0).then_some(n))]);
                    }
                })
            })
            .collect();
        let (snapshot, watch) = loop {
            let (snapshot, watch) = store.watch(&table, Interest::all(), 10_000);
            let ended = writers.iter().all(|writer| writer.is_finished());
            if snapshot.version().get() > 500 || ended {
                break (snapshot, watch);
            }
        };
        writers
            .into_iter()
            .for_each(|writer| writer.join().unwrap());
        (rows(&snapshot, &table), snapshot.version().get(), watch)
    });
    let (start, from, mut watch) = done;
    let mut state: BTreeMap<u32, u64> = start.into_iter().collect();
    let mut last = from;
    for (version, rows) in told(&mut watch) {
        // Only removals of what is not there are commits without a change.
        assert!(version > last);
        last = version;
        for (key, value) in rows {
            match value {
                Some(value) => drop(state.insert(key, value)),
                None => drop(state.remove(&key)),
            }
        }
    }
    let end = store.snapshot();
    assert_eq!(last, end.version().get());
    assert_eq!(state.into_iter().collect::<Vec<_>>(), rows(&end, &table));
}
