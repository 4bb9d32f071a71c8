//! A disk that breaks down in the middle of a commit: nobody is told what is not so, and with
//! idempotency keys all that was to happen has happened once in the end.

pub(super) mod fragile;

use std::time::Instant;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::backend::conformance::block_on;
use crate::backend::{CommitOutcome, Delivery, EventLog, NewEvent, QueueCounts};
use crate::{Holder, JournalConfig, OpenBackendError, StoreConfig};
use fragile::{Break, Fragile, WAYS};

fn open(
    folder: &TempDir,
    clock: &ManualClock,
    journal: JournalConfig,
) -> Result<LocalBackend, OpenBackendError> {
    let config = StoreConfig::default().with_journal(journal);
    let opened = LocalBackend::open(folder, &Holder::new("test"), config, clock.clone());
    opened.map(|(backend, _)| backend)
}

fn whole(folder: &TempDir, clock: &ManualClock) -> LocalBackend {
    open(folder, clock, JournalConfig::default()).unwrap()
}

/// Opens a backend whose disk breaks down after so many calls from now on.
fn fragile(folder: &TempDir, clock: &ManualClock, calls: u64, how: Break) -> LocalBackend {
    let medium = Fragile::whole(how);
    let journal = JournalConfig::default().with_medium(medium.clone());
    let backend = open(folder, clock, journal).unwrap();
    medium.break_after(calls);
    backend
}

/// A commit of some of everything.
fn everything() -> Commit {
    Commit::new()
        .idempotency_key("once")
        .put("state", json!(1))
        .enqueue(NewTask::new("q", json!("task")))
        .event(NewEvent::new("s", "k", json!("event")))
        .cursor("reader", 0, 1)
}

#[test]
fn a_commit_that_the_disk_breaks_is_unknown_once_and_settled_by_its_key() {
    let mut kept = Vec::new();
    for how in WAYS {
        for calls in [0, 1] {
            let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
            let backend = fragile(&folder, &clock, calls, how);
            let wakes = CountWakes::new();
            let mut waiting = backend.wait_for_events(0);
            assert!(poll_once(waiting.as_mut(), &wakes).is_pending());
            let first = block_on(backend.commit(everything())).unwrap();
            let key = Some("once".to_owned());
            let unknown = CommitOutcome::Unknown {
                idempotency_key: key,
            };
            assert_eq!(first, unknown, "{how:?} after {calls}");
            // Now it is certain that nothing is done, and what was is not to be seen.
            let second = block_on(backend.commit(everything()));
            assert!(
                matches!(&second, Err(BackendError::Failed { .. })),
                "{second:?}"
            );
            assert!(block_on(backend.resolve("once")).is_err());
            assert_eq!(block_on(backend.get("state")).unwrap(), None);
            // It is ready by now. The thread that has met with the disk calls its waker, maybe later.
            let begun = Instant::now();
            while wakes.count() == 0 {
                let patience = Duration::from_secs(30);
                assert!(
                    begun.elapsed() < patience,
                    "who waited for events was not told"
                );
                std::thread::yield_now();
            }
            let told = poll_once(waiting.as_mut(), &wakes);
            assert!(matches!(told, std::task::Poll::Ready(Err(_))), "{told:?}");
            drop(waiting);
            drop(backend);

            let backend = whole(&folder, &clock);
            block_on(async {
                let resolved = backend.resolve("once").await.unwrap();
                let there = u64::from(resolved.is_some());
                kept.push(there);
                assert_eq!(backend.scan("", None, 9).await.unwrap().len() as u64, there);
                assert_eq!(backend.counts("q").await.unwrap().ready, there);
                assert_eq!(backend.events(0, 9, "").await.unwrap().newest, there);
                assert_eq!(backend.cursor("reader").await.unwrap(), there);
                for _ in 0..2 {
                    let again = backend.commit(everything()).await.unwrap();
                    let again = again.committed().unwrap().clone();
                    assert_eq!(
                        resolved.as_ref().unwrap_or(&again),
                        &again,
                        "{how:?} after {calls}"
                    );
                    assert_eq!(backend.resolve("once").await.unwrap(), Some(again));
                }
                assert_eq!(backend.counts("q").await.unwrap().ready, 1);
                assert_eq!(backend.verify_events().await.unwrap().last, 1);
                assert_eq!(backend.cursor("reader").await.unwrap(), 1);
            });
        }
    }
    // Both fates were met with, so neither is without a test.
    kept.sort_unstable();
    kept.dedup();
    assert_eq!(kept, [0, 1]);
}

/// How many steps a worker's job has.
const STEPS: u64 = 4;

/// A worker's job, from wherever it was broken off: each step is a commit that completes the task of
/// the step before, notes it, tells of it and adds the next. Gives how many steps were acknowledged, and
/// whether it was broken off.
async fn job(backend: &LocalBackend, clock: &ManualClock, keys: bool) -> (u64, bool) {
    let mut acknowledged = 0;
    let ended = steps(backend, clock, keys, &mut acknowledged).await;
    (acknowledged, ended.is_err())
}

async fn steps(
    backend: &LocalBackend,
    clock: &ManualClock,
    keys: bool,
    acknowledged: &mut u64,
) -> Result<(), ()> {
    let named = |commit: Commit, step: u64| match keys {
        true => commit.idempotency_key(format!("step/{step}")),
        false => commit,
    };
    let task = |step: u64| NewTask::new("q", json!(step));
    let send = async |commit| match backend.commit(commit).await {
        Ok(CommitOutcome::Committed(_)) => Ok(()),
        Ok(CommitOutcome::Unknown { .. }) | Err(_) => Err(()),
        Ok(other) => panic!("{other:?}"),
    };
    send(named(Commit::new().enqueue(task(1)), 0)).await?;
    loop {
        let leased = backend.lease("q", "w", 1, Duration::from_secs(1)).await;
        let Some(Delivery {
            task: id,
            fence,
            payload,
            ..
        }) = leased.map_err(drop)?.pop()
        else {
            return Ok(());
        };
        let step: u64 = payload.to().unwrap();
        let mut commit = Commit::new()
            .complete(id, fence)
            .put(format!("step/{step}"), json!(step))
            .event(NewEvent::new("s", "done", json!(step)));
        if step < STEPS {
            commit = commit.enqueue(task(step + 1));
        }
        // Completing a task is of itself done once, by its fence.
        send(commit).await?;
        *acknowledged += 1;
        clock.advance(Duration::from_millis(1));
    }
}

/// Runs the job on a disk that breaks down after some calls, and again on one that does not. Gives
/// whether the disk has broken down, and how often each step was done.
fn broken_off(calls: u64, how: Break, keys: bool) -> (bool, u64) {
    let (folder, clock) = (tempfile::tempdir().unwrap(), ManualClock::default());
    let backend = fragile(&folder, &clock, calls, how);
    let (acknowledged, broken) = block_on(job(&backend, &clock, keys));
    drop(backend);
    // The lease of whoever was broken off has ended.
    clock.advance(Duration::from_secs(2));
    let backend = whole(&folder, &clock);
    block_on(async {
        let kept = backend.verify_events().await.unwrap().last;
        // One may be there that nobody has heard of.
        assert!(
            (acknowledged..=acknowledged + 1).contains(&kept),
            "{how:?} after {calls}: {kept} of {acknowledged}"
        );
        let (_, again) = job(&backend, &clock, keys).await;
        assert!(!again, "a sound disk breaks down");
        let counts = backend.counts("q").await.unwrap();
        assert_eq!(counts, QueueCounts::default(), "{how:?} after {calls}");
        assert_eq!(
            backend.scan("", None, 99).await.unwrap().len() as u64,
            STEPS
        );
        (broken, backend.verify_events().await.unwrap().last)
    })
}

#[test]
fn wherever_the_disk_breaks_a_job_is_done_once() {
    let mut doubled = 0;
    for how in WAYS {
        // The control: without its key the first commit is made again, although it had been kept.
        doubled += u64::from(broken_off(0, how, false).1 > STEPS);
        let mut calls = 0;
        loop {
            let (broken, events) = broken_off(calls, how, true);
            assert_eq!(events, STEPS, "{how:?} after {calls}");
            if !broken {
                break;
            }
            calls += 1;
        }
        // Each of the job's commits and leases has a write and a sync.
        assert!(calls > 4 * STEPS, "{how:?}: {calls}");
    }
    assert!(doubled > 0, "nothing has shown that the keys are needed");
}
