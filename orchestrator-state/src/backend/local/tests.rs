//! Tests of what only this backend has: its tables, its index, its ways to go wrong.

mod breakdown;
mod chain;
mod ending;
mod opening;
mod waking;

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::backend::conformance::{CountWakes, block_on, poll_once};
use crate::backend::{Commit, ManualClock, NewTask, Readiness, StateBackend, TaskQueue};

fn backend() -> (LocalBackend, ManualClock) {
    let clock = ManualClock::default();
    (LocalBackend::in_memory(clock.clone()), clock)
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
