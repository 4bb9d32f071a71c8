//! Contracts of commits from many threads: nothing lost, nothing twice, nothing in between.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, PoisonError};
use std::thread;

use serde_json::json;

use super::{Checked, Subject, Violation, block_on, ensure, ensure_eq};
use crate::backend::{Commit, CommitOutcome, Event, NewEvent, NewTask, Revision};

pub(super) const THREADS: u64 = 8;

/// Runs a function on eight threads, and returns what the first of them found wrong. The flag tells
/// the others that they need not go on.
pub(super) fn on_threads(run: impl Fn(u64, &AtomicBool) -> Checked + Sync) -> Checked {
    let over = AtomicBool::new(false);
    let (run, over) = (&run, &over);
    thread::scope(|scope| {
        let spawn = |number| {
            scope.spawn(move || {
                let checked = run(number, over);
                if checked.is_err() {
                    over.store(true, Ordering::SeqCst);
                }
                checked
            })
        };
        let threads: Vec<_> = (0..THREADS).map(spawn).collect();
        threads
            .into_iter()
            .try_for_each(|thread| match thread.join() {
                Ok(checked) => checked,
                Err(panic) => std::panic::resume_unwind(panic),
            })
    })
}

pub(super) async fn increments_of_eight_threads_are_all_kept(subject: &Subject) -> Checked {
    const EACH: u64 = 40;
    let backend = subject.backend();
    // All of them read the same count first, so that one is in conflict for certain.
    let start = Barrier::new(THREADS as usize);
    on_threads(|_, _| {
        block_on(async {
            let mut first = true;
            for _ in 0..EACH {
                loop {
                    let entry = backend.get("count").await;
                    if std::mem::take(&mut first) {
                        start.wait();
                    }
                    let entry = entry?;
                    let count = entry
                        .as_ref()
                        .map_or(0, |entry| entry.value.to().unwrap_or(0_u64));
                    let revision = entry.map_or(Revision::NONE, |entry| entry.revision);
                    let commit = Commit::new().expect("count", revision);
                    match backend
                        .commit(commit.put("count", json!(count + 1)))
                        .await?
                    {
                        CommitOutcome::Committed(_) => break,
                        CommitOutcome::Conflict { .. } => {}
                        other => return Err(Violation::new(format!("an odd answer: {other:?}"))),
                    }
                }
            }
            Ok(())
        })
    })?;
    let count = backend
        .get("count")
        .await?
        .map(|entry| entry.value.as_str().to_owned());
    ensure_eq!(count, Some((THREADS * EACH).to_string()), "the count");
    Ok(())
}

pub(super) async fn a_key_sent_by_eight_threads_commits_once(subject: &Subject) -> Checked {
    const KEYS: u64 = 20;
    let backend = subject.backend();
    let answers = Mutex::new(BTreeMap::new());
    on_threads(|_, _| {
        block_on(async {
            for key in 0..KEYS {
                let commit = Commit::new()
                    .idempotency_key(format!("key/{key}"))
                    .event(NewEvent::new("s", "k", json!(key)))
                    .enqueue(NewTask::new("q", json!(key)));
                let committed = subject.must(commit).await?;
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                let first = answers.entry(key).or_insert_with(|| committed.clone());
                ensure_eq!(committed, *first, "the answer to key {key}");
            }
            Ok(())
        })
    })?;
    ensure_eq!(backend.events(0, 0, "").await?.newest, KEYS, "events");
    ensure_eq!(backend.counts("q").await?.ready, KEYS, "tasks");
    Ok(())
}

pub(super) async fn events_of_eight_threads_have_no_gap(subject: &Subject) -> Checked {
    const EACH: u64 = 40;
    const ALL: u64 = THREADS * EACH * 2;
    let backend = subject.backend();
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            block_on(async {
                let (mut after, mut hash) = (0, Event::genesis());
                while after < ALL {
                    let newest = backend.wait_for_events(after).await?;
                    let page = backend.events(after, 7, "").await?;
                    ensure!(
                        page.newest >= newest,
                        "an event that was told of is not there"
                    );
                    ensure!(
                        !page.events.is_empty(),
                        "there is nothing after {after} of {newest}"
                    );
                    for event in page.events {
                        ensure_eq!(event.sequence, after + 1, "the next sequence");
                        hash = event.link(&hash);
                        ensure_eq!(event.chain_hash, hash, "the hash after event {}", after + 1);
                        after = event.sequence;
                    }
                    ensure_eq!(page.through, after, "how far a page of everything goes");
                }
                Ok(())
            })
        });
        let written = on_threads(|number, _| {
            block_on(async {
                let mut before = 0;
                for turn in 0..EACH {
                    let data = json!([number, turn]);
                    let commit = Commit::new()
                        .event(NewEvent::new("s", "first", data.clone()))
                        .event(NewEvent::new("s", "second", data));
                    let sequence = subject.must(commit).await?.sequence;
                    ensure!(
                        sequence > before + 1,
                        "a later commit has an earlier sequence"
                    );
                    before = sequence;
                }
                Ok(())
            })
        });
        if written.is_err() {
            // The reader waits for as many as were promised.
            let filler = (0..ALL).fold(Commit::new(), |commit, _| {
                commit.event(NewEvent::new("filler", "filler", json!(0)))
            });
            let _late = block_on(backend.commit(filler));
        }
        let read = match reader.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        written.and(read)
    })?;
    ensure_eq!(backend.verify_events().await?.last, ALL, "the last event");
    let mut events: Vec<Event> = Vec::new();
    let mut through = 0;
    while through < ALL {
        // Pages that end within a commit.
        let page = backend.events(through, 7, "").await?;
        ensure!(
            page.through > through,
            "reading does not go on after {through}"
        );
        through = page.through;
        events.extend(page.events);
    }
    ensure_eq!(events.len() as u64, ALL, "events that were read in pages");
    let apart = events.chunks(2).filter(|pair| match pair {
        [first, second] => first.data != second.data || first.kind != "first",
        _ => true,
    });
    ensure_eq!(
        apart.count(),
        0,
        "events of one commit that are not together"
    );
    Ok(())
}
