//! Wakers that come back to the backend: none of them is called under the lock of the queues, and nobody
//! waits for the disk under it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use serde_json::json;

use super::super::rows::{Head, LAST};
use super::*;
use crate::backend::{CommitOutcome, EventLog, NewEvent};
use crate::store::tests::crowded::{Valve, until_somebody_wants_room};
use crate::store::tests::durable::{Gate, Word, holder};
use crate::store::tests::waking::{PATIENCE, does, in_time, is_pending};
use crate::{Durability, JournalConfig, Medium, StoreConfig};

fn open(
    folder: &tempfile::TempDir,
    durability: Durability,
    medium: impl Medium + 'static,
) -> LocalBackend {
    let journal = JournalConfig::default()
        .with_durability(durability)
        .with_medium(medium);
    let config = StoreConfig::default().with_journal(journal);
    let clock = ManualClock::default();
    LocalBackend::open(folder, &holder(), config, clock)
        .unwrap()
        .0
}

/// Everything that wants the lock of the queues, polled once, as an executor that runs at once does it.
fn asks(backend: &LocalBackend) -> Readiness {
    let wakes = CountWakes::new();
    let commit = Commit::new().enqueue(NewTask::new("other", json!(1)));
    let mut committing = backend.commit(commit);
    let _ = poll_once(committing.as_mut(), &wakes);
    let mut leasing = backend.lease("other", "w", 1, Duration::from_secs(1));
    let _ = poll_once(leasing.as_mut(), &wakes);
    let mut counting = backend.counts("other");
    let _ = poll_once(counting.as_mut(), &wakes);
    // It needs nothing but the lock.
    block_on(backend.readiness("q")).unwrap()
}

fn task_and_event() -> Commit {
    Commit::new()
        .enqueue(NewTask::new("q", json!("task")))
        .event(NewEvent::new("s", "k", json!("event")))
}

/// Whoever waits is told by a commit, and asks at once.
fn who_is_told_may_ask(backend: &LocalBackend) {
    let (of_event, event_told) = does({
        let backend = backend.clone();
        move || asks(&backend)
    });
    let (of_task, task_told) = does({
        let backend = backend.clone();
        move || asks(&backend)
    });
    let mut events = backend.wait_for_events(0);
    assert!(is_pending(events.as_mut(), &of_event));
    let mut task = backend.wait_for_task("q", Readiness::Idle);
    assert!(is_pending(task.as_mut(), &of_task));
    let committed = block_on(backend.commit(task_and_event())).unwrap();
    assert!(committed.committed().is_some());
    for told in [event_told, task_told] {
        // Whoever hears of the event finds the task of the same commit.
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), Readiness::Now);
    }
    assert_eq!(block_on(events).unwrap(), 1);
    assert_eq!(block_on(task).unwrap(), Readiness::Now);
}

#[test]
fn who_waits_for_a_commit_may_ask_when_it_is_told() {
    in_time(|| who_is_told_may_ask(&backend().0));
    for durability in [Durability::Immediate, Durability::None] {
        let folder = tempfile::tempdir().unwrap();
        in_time(move || who_is_told_may_ask(&open(&folder, durability, Valve::default())));
    }
}

/// One waits for the disk, which waits for a waker, which wants to know of tasks.
#[test]
fn who_waits_for_room_holds_up_no_waker() {
    let folder = tempfile::tempdir().unwrap();
    in_time(move || {
        let valve = Valve::default();
        let backend = open(&folder, Durability::Immediate, valve.clone());
        let megabyte = json!("x".repeat(1 << 20));
        let (waker, told) = does({
            let backend = backend.clone();
            move || asks(&backend)
        });
        let mut events = backend.wait_for_events(0);
        assert!(is_pending(events.as_mut(), &waker));
        valve.turn(true);
        let wakes = CountWakes::new();
        let event = Commit::new().event(NewEvent::new("s", "k", json!(1)));
        let mut first = backend.commit(event);
        assert!(poll_once(first.as_mut(), &wakes).is_pending());
        valve.until_somebody_waits();
        let mut others = Vec::new();
        for key in ["a", "b", "c", "d"] {
            let mut other = backend.commit(Commit::new().put(key, megabyte.clone()));
            assert!(poll_once(other.as_mut(), &wakes).is_pending());
            others.push(other);
        }
        let crowded = {
            let backend = backend.clone();
            thread::spawn(move || block_on(backend.commit(task_and_event())))
        };
        until_somebody_wants_room(backend.store());
        // The lock is free while that one waits.
        assert_eq!(block_on(backend.readiness("q")).unwrap(), Readiness::Idle);
        valve.turn(false);
        told.recv_timeout(PATIENCE).unwrap();
        assert!(crowded.join().unwrap().unwrap().committed().is_some());
        for other in others {
            assert!(block_on(other).unwrap().committed().is_some());
        }
        assert!(block_on(first).unwrap().committed().is_some());
    });
}

/// Says whether the lock of the queues is free when somebody is told of an event.
fn finds_it_free(tell: impl FnOnce(&LocalBackend)) -> bool {
    let (backend, _) = backend();
    let (waker, told) = does({
        let backend = backend.clone();
        move || backend.inner.queues.try_lock().is_ok()
    });
    let mut events = backend.wait_for_events(0);
    assert!(is_pending(events.as_mut(), &waker));
    tell(&backend);
    told.try_recv().unwrap()
}

#[test]
fn a_waker_finds_the_lock_of_the_queues_free() {
    assert!(finds_it_free(|backend| {
        let _ = block_on(backend.commit(task_and_event())).unwrap();
    }));
    // The control: a commit that is made under the lock calls its wakers under it.
    assert!(!finds_it_free(|backend| {
        let inner = &backend.inner;
        let queues = inner.lock();
        let commit = |tx: &mut Transaction<'_>| {
            tx.put(&inner.tables.heads, LAST.to_owned(), Head::genesis());
        };
        inner.store.update(commit).unwrap();
        drop(queues);
    }));
}

#[test]
fn a_waker_that_panics_keeps_nobody_from_being_told() {
    let (backend, _) = backend();
    let (panics, _told) = does(|| panic!("injected"));
    let mut first = backend.wait_for_task("a", Readiness::Idle);
    assert!(is_pending(first.as_mut(), &panics));
    let wakes = CountWakes::new();
    // Of the same queue, and of another one.
    let mut waiting = ["a", "b"].map(|queue| backend.wait_for_task(queue, Readiness::Idle));
    for wait in &mut waiting {
        assert!(poll_once(wait.as_mut(), &wakes).is_pending());
    }
    let task = |queue: &str| NewTask::new(queue, json!(1));
    let commit = Commit::new().enqueue(task("a")).enqueue(task("b"));
    let committed = catch_unwind(AssertUnwindSafe(|| block_on(backend.commit(commit))));
    assert!(committed.is_err());
    assert_eq!(wakes.count(), 2);
    for wait in waiting {
        assert_eq!(block_on(wait).unwrap(), Readiness::Now);
    }
}

/// A key that is taken by a commit on its way: what is said of it waits until that one's fate is known.
fn a_key_is_reused(named: fn() -> Commit, word: Word) {
    let folder = tempfile::tempdir().unwrap();
    in_time(move || {
        let gate = Gate::default();
        let backend = open(&folder, Durability::Immediate, gate.clone());
        gate.say(Word::Wait);
        let wakes = CountWakes::new();
        let mut first = backend.commit(named());
        assert!(poll_once(first.as_mut(), &wakes).is_pending());
        let mut second = backend.commit(named().put("more", json!(2)));
        let early = poll_once(second.as_mut(), &wakes);
        assert!(early.is_pending(), "{early:?}");
        gate.say(word);
        let (first, second) = (block_on(first).unwrap(), block_on(second));
        if word == Word::Go {
            assert!(first.committed().is_some());
            assert!(
                matches!(&second, Err(BackendError::KeyReused { key }) if key == "once"),
                "{second:?}"
            );
        } else {
            assert!(matches!(first, CommitOutcome::Unknown { .. }), "{first:?}");
            // Nobody knows whether the key is taken, but this commit was not made.
            let refused = matches!(second, Err(BackendError::Failed { .. }));
            assert!(refused, "{second:?}");
        }
    });
}

#[test]
fn that_a_key_is_reused_is_not_said_before_it_is_on_the_disk() {
    let of_keys = || Commit::new().idempotency_key("once").put("a", json!(1));
    let of_tasks = || task_and_event().idempotency_key("once");
    for named in [of_keys as fn() -> Commit, of_tasks] {
        for word in [Word::Go, Word::Fail] {
            a_key_is_reused(named, word);
        }
    }
}
