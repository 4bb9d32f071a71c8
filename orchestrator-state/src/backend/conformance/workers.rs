//! Contracts of many workers: each task has one holder, and is done once, whoever crashes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::concurrency::{THREADS, on_threads};
use super::{Checked, MINUTE, SECOND, Subject, Violation, block_on, ensure, ensure_eq};
use crate::backend::{Commit, CommitOutcome, NewEvent, NewTask, QueueCounts};

/// How long all the work may take. Without a bound, a backend that loses a task would never be told.
const LONGEST: Duration = Duration::from_secs(60);

pub(super) async fn two_workers_never_hold_one_task(subject: &Subject) -> Checked {
    const TASKS: u64 = 120;
    let backend = subject.backend();
    let mut commit = Commit::new();
    for number in 0..TASKS {
        commit = commit.enqueue(NewTask::new("q", json!(number)));
    }
    subject.must(commit).await?;
    let held = Mutex::new(BTreeSet::new());
    let start = Barrier::new(THREADS as usize);
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    on_threads(|number, over| {
        block_on(async {
            let worker = format!("worker {number}");
            let mut first = true;
            while done.load(Ordering::SeqCst) < TASKS && !over.load(Ordering::SeqCst) {
                ensure!(
                    begun.elapsed() < LONGEST,
                    "a task was lost: the work does not end"
                );
                let leased = backend.lease("q", &worker, 3, MINUTE).await;
                if leased.is_err() && std::mem::take(&mut first) {
                    start.wait();
                }
                let leased = leased?;
                if leased.is_empty() && done.load(Ordering::SeqCst) < TASKS {
                    // Others have them, and may give one back.
                    thread::yield_now();
                }
                let clash = leased.iter().find(|delivery| {
                    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
                    !held.insert(delivery.task)
                });
                // All of them hold their first tasks at the same time.
                if std::mem::take(&mut first) {
                    start.wait();
                }
                ensure!(
                    clash.is_none(),
                    "{worker} was given what another had: {clash:?}"
                );
                for delivery in leased {
                    let task = delivery.task;
                    held.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .remove(&task);
                    // Every other task is given back once.
                    if delivery.attempt == 1 && task.0.is_multiple_of(2) {
                        let wait = Duration::ZERO;
                        let _next = backend
                            .nack(task, delivery.fence, wait, "once more")
                            .await?;
                        continue;
                    }
                    subject
                        .must(Commit::new().complete(task, delivery.fence))
                        .await?;
                    done.fetch_add(1, Ordering::SeqCst);
                }
            }
            Ok(())
        })
    })?;
    ensure_eq!(done.load(Ordering::SeqCst), TASKS, "tasks that were done");
    Ok(())
}

pub(super) async fn workers_that_crash_cost_no_task_and_double_none(subject: &Subject) -> Checked {
    const TASKS: u64 = 200;
    let backend = subject.backend();
    let mut commit = Commit::new();
    for number in 0..TASKS {
        commit = commit.enqueue(NewTask::new("q", json!(number)).with_max_attempts(1_000));
    }
    subject.must(commit).await?;
    let done = AtomicU64::new(0);
    let begun = Instant::now();
    on_threads(|number, over| {
        block_on(async {
            let worker = format!("worker {number}");
            // Work that was slow: its lease has ended by the time that it is to be committed.
            let mut slow = Vec::new();
            let mut turn = number;
            while done.load(Ordering::SeqCst) < TASKS && !over.load(Ordering::SeqCst) {
                ensure!(
                    begun.elapsed() < LONGEST,
                    "a task was lost: the work does not end"
                );
                turn += 1;
                for delivery in backend.lease("q", &worker, 3, SECOND).await? {
                    let finish = Commit::new()
                        .complete(delivery.task, delivery.fence)
                        .event(NewEvent::new("done", "done", json!(delivery.task.0)));
                    match (turn + delivery.task.0) % 4 {
                        0 => {} // It has crashed.
                        1 => slow.push(finish),
                        _ => match backend.commit(finish).await? {
                            CommitOutcome::Committed(_) => {
                                done.fetch_add(1, Ordering::SeqCst);
                            }
                            // Another thread has moved the clock, and a third one has the task.
                            CommitOutcome::Fenced { .. } => {}
                            other => {
                                return Err(Violation::new(format!("an odd answer: {other:?}")));
                            }
                        },
                    }
                }
                if turn.is_multiple_of(3) {
                    subject.advance(2 * SECOND);
                    if turn.is_multiple_of(2) {
                        // It gives the tasks of the slow to another one, who crashes.
                        let _lost = backend.lease("q", "another", 3, SECOND).await?;
                    }
                    for finish in slow.drain(..) {
                        if backend.commit(finish).await?.committed().is_some() {
                            done.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                }
            }
            for finish in slow {
                let late = backend.commit(finish).await?;
                ensure!(
                    late.committed().is_none(),
                    "a task was done twice: {late:?}"
                );
            }
            Ok(())
        })
    })?;
    let page = backend.events(0, 1_000, "done").await?;
    let mut tasks: Vec<u64> = Vec::new();
    for event in &page.events {
        tasks.push(event.data.to().unwrap_or(0));
    }
    tasks.sort_unstable();
    let twice: Vec<_> = tasks.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    ensure!(twice.is_empty(), "done twice: {twice:?}");
    ensure_eq!(tasks.len() as u64, TASKS, "tasks that were done");
    let counts = backend.counts("q").await?;
    ensure_eq!(counts, QueueCounts::default(), "what is left");
    Ok(())
}
