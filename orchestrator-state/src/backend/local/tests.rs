//! Tests of what only this backend has: its tables, its index, its ways to go wrong.

use std::time::Duration;

use serde_json::json;

use super::rows::{EventRow, Head, LAST};
use super::*;
use crate::backend::conformance::{CountWakes, block_on, poll_once};
use crate::backend::{
    Commit, Event, EventLog, ManualClock, NewEvent, NewTask, Readiness, StateBackend, TaskQueue,
};

fn backend() -> (LocalBackend, ManualClock) {
    let clock = ManualClock::default();
    (LocalBackend::in_memory(clock.clone()), clock)
}

fn with_events(count: u64) -> LocalBackend {
    let (backend, _) = backend();
    let mut commit = Commit::new();
    for number in 0..count {
        let stream = if number.is_multiple_of(3_000) {
            "rare"
        } else {
            "s"
        };
        commit = commit.event(NewEvent::new(stream, "k", json!(number)));
    }
    assert!(
        block_on(backend.commit(commit))
            .unwrap()
            .committed()
            .is_some()
    );
    backend
}

/// Changes an event behind the backend's back.
fn tamper(backend: &LocalBackend, sequence: u64, change: impl Fn(&mut EventRow)) {
    let inner = &backend.inner;
    let events = &inner.tables.events;
    let changed = inner.store.update(|tx| {
        let mut row = (*tx.get(events, &sequence).unwrap()).clone();
        change(&mut row);
        tx.put(events, sequence, row);
    });
    changed.unwrap();
}

fn broken_at(backend: &LocalBackend) -> Option<u64> {
    match block_on(backend.verify_events()) {
        Ok(_) => None,
        Err(BackendError::BrokenChain { sequence }) => Some(sequence),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_event_that_was_changed_is_found() {
    let changes: [fn(&mut EventRow); 5] = [
        |row| row.at += 1,
        |row| row.stream.push('x'),
        |row| row.kind.push('x'),
        |row| row.data = json!("x").into(),
        |row| row.chain_hash = Event::genesis(),
    ];
    for change in changes {
        for sequence in [1, 4, 9] {
            let backend = with_events(9);
            assert_eq!(broken_at(&backend), None);
            tamper(&backend, sequence, change);
            assert_eq!(broken_at(&backend), Some(sequence));
        }
    }
}

#[test]
fn an_event_that_is_gone_or_too_many_is_found() {
    for gone in [1, 4, 9] {
        let backend = with_events(9);
        let inner = &backend.inner;
        inner
            .store
            .update(|tx| tx.remove(&inner.tables.events, gone))
            .unwrap();
        assert_eq!(broken_at(&backend), Some(gone));
    }
    // A tail that was replaced as a whole fits in itself, and not with the head.
    let backend = with_events(9);
    let inner = &backend.inner;
    let before = inner
        .store
        .snapshot()
        .get(&inner.tables.events, &8)
        .unwrap()
        .chain_hash;
    let other = NewEvent::new("s", "k", json!("other"));
    let other = Event::after(&before, 9, inner.clock.now(), other);
    tamper(&backend, 9, |row| *row = EventRow::from(other.clone()));
    assert_eq!(broken_at(&backend), Some(9));
    // An event behind the head, which somebody has added or the head has lost.
    let backend = with_events(9);
    let inner = &backend.inner;
    let hash = inner
        .store
        .snapshot()
        .get(&inner.tables.events, &8)
        .unwrap()
        .chain_hash;
    let head = Head {
        sequence: 8,
        chain_hash: hash,
    };
    inner
        .store
        .update(|tx| tx.put(&inner.tables.heads, LAST.to_owned(), head))
        .unwrap();
    assert_eq!(broken_at(&backend), Some(9));
}

/// What a journal says that has stopped. On a disk, tests make one stop.
fn stopped() -> StoreError {
    StoreError::Stopped {
        source: Arc::new(crate::AppendError::Stopped { failed: 1 }),
    }
}

#[test]
fn a_store_that_stops_leaves_no_false_certainty() {
    let (backend, _) = backend();
    let inner = &backend.inner;
    let wakes = CountWakes::new();
    let mut waiting = backend.wait_for_task("q", Readiness::Idle);
    assert!(poll_once(waiting.as_mut(), &wakes).is_pending());
    // The transaction that meets with it first may be on the disk.
    let refused = Refused::Store(UpdateError::Store(stopped()));
    assert!(inner.in_doubt("x", refused).is_ok());
    // Whoever waits is told.
    assert_eq!(wakes.count(), 1);
    assert!(matches!(
        poll_once(waiting.as_mut(), &wakes),
        std::task::Poll::Ready(Err(BackendError::Failed { .. }))
    ));
    // After that nothing is done, and that is certain. But what had been done before is not.
    let commit = Commit::new().idempotency_key("k").put("a", json!(1));
    let later = block_on(backend.commit(commit));
    assert!(
        matches!(
            later,
            Err(BackendError::Failed {
                transient: false,
                ..
            })
        ),
        "{later:?}"
    );
    let leased = block_on(backend.lease("q", "w", 1, Duration::ZERO));
    assert!(
        matches!(leased, Err(BackendError::Failed { .. })),
        "{leased:?}"
    );
    let resolved = block_on(backend.resolve("k"));
    assert!(
        matches!(resolved, Err(BackendError::Failed { .. })),
        "{resolved:?}"
    );
    assert_eq!(block_on(backend.get("a")).unwrap(), None);
}

#[test]
fn a_commit_that_is_overtaken_for_good_may_be_tried_again() {
    let (backend, _) = backend();
    let refused = Refused::Store(UpdateError::Contended { attempts: 1 });
    let error = backend.inner.in_doubt("x", refused).unwrap_err();
    assert!(error.is_transient(), "{error}");
    let refused = Refused::Stopped(stopped());
    assert!(
        !backend
            .inner
            .in_doubt("x", refused)
            .unwrap_err()
            .is_transient()
    );
}

#[test]
fn reading_and_trimming_go_on_over_more_than_is_done_at_once() {
    const ALL: u64 = 70_000;
    let backend = with_events(ALL);
    let page = block_on(backend.events(0, 1_000, "rare")).unwrap();
    // It stops before it has looked at everything, and says where.
    assert!(
        page.through < ALL && page.through >= 60_000,
        "{}",
        page.through
    );
    let rest = block_on(backend.events(page.through, 1_000, "rare")).unwrap();
    assert_eq!(rest.through, ALL);
    assert_eq!(page.events.len() + rest.events.len(), 24);
    assert_eq!(block_on(backend.trim_events(5_000)).unwrap(), 5_001);
    assert_eq!(
        backend.store().snapshot().len(&backend.inner.tables.events),
        65_000
    );
    assert_eq!(broken_at(&backend), None);
    let first = block_on(backend.events(5_000, 1, "")).unwrap();
    assert_eq!(first.events[0].sequence, 5_001);
}

#[test]
fn the_index_of_the_queues_is_built_anew_from_the_tables() {
    let (backend, clock) = backend();
    let mut commit = Commit::new();
    for number in 0..6 {
        let task = NewTask::new("q", json!(number)).with_max_attempts(1);
        commit = commit.enqueue(task);
    }
    commit = commit.enqueue(NewTask::new("q", json!("late")).with_delay(Duration::from_secs(9)));
    block_on(async {
        let _ = backend.commit(commit).await.unwrap();
        let leased = backend
            .lease("q", "w", 3, Duration::from_secs(5))
            .await
            .unwrap();
        backend
            .nack(leased[0].task, leased[0].fence, Duration::ZERO, "x")
            .await
            .unwrap();
        let again = LocalBackend::on(backend.store().clone(), clock.clone()).unwrap();
        assert_eq!(
            again.counts("q").await.unwrap(),
            backend.counts("q").await.unwrap()
        );
        let ready = again.readiness("q").await.unwrap();
        assert_eq!(ready, Readiness::Now);
        let rest = again
            .lease("q", "w2", 9, Duration::from_secs(7))
            .await
            .unwrap();
        assert_eq!(rest.len(), 3);
        assert!(rest[0].fence > leased[2].fence);
        let next = again.readiness("q").await.unwrap();
        assert_eq!(next, Readiness::At(leased[1].expires));
        let done = Commit::new().complete(leased[2].task, leased[2].fence);
        assert!(again.commit(done).await.unwrap().committed().is_some());
    });
}

#[test]
fn a_task_that_is_done_or_thrown_away_leaves_no_row() {
    let (backend, _) = backend();
    let rows = |backend: &LocalBackend| {
        let (snapshot, tables) = (backend.store().snapshot(), &backend.inner.tables);
        let tasks = (snapshot.len(&tables.tasks), snapshot.len(&tables.attempts));
        (tasks, snapshot.len(&tables.dead))
    };
    let task = || NewTask::new("q", json!(1)).with_max_attempts(1);
    block_on(async {
        let _ = backend
            .commit(Commit::new().enqueue(task()).enqueue(task()))
            .await
            .unwrap();
        assert_eq!(rows(&backend), ((2, 0), 0));
        let leased = backend
            .lease("q", "w", 2, Duration::from_secs(1))
            .await
            .unwrap();
        assert_eq!(rows(&backend), ((2, 2), 0));
        let done = Commit::new().complete(leased[0].task, leased[0].fence);
        let _ = backend.commit(done).await.unwrap();
        assert_eq!(rows(&backend), ((1, 1), 0));
        backend
            .nack(leased[1].task, leased[1].fence, Duration::ZERO, "x")
            .await
            .unwrap();
        assert_eq!(rows(&backend), ((0, 0), 1));
        assert!(backend.discard(leased[1].task).await.unwrap());
        assert_eq!(rows(&backend), ((0, 0), 0));
    });
}

#[test]
fn a_table_of_that_name_with_other_types_is_refused() {
    let store = StateStore::in_memory();
    store.table::<String, u8>("backend.state").unwrap();
    assert!(LocalBackend::on(store, ManualClock::default()).is_err());
}

#[test]
fn the_text_behind_a_prefix_is_behind_it_and_nothing_between() {
    assert_eq!(behind("a").as_deref(), Some("b"));
    assert_eq!(behind("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
    assert_eq!(behind("a\u{10ffff}").as_deref(), Some("b"));
    assert_eq!(behind("\u{10ffff}"), None);
    assert_eq!(behind(""), None);
}
