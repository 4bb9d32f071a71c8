//! Contracts of those who read while others commit: no half of a commit, no event dealt with twice.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::concurrency::{THREADS, on_threads};
use super::{Checked, Subject, Violation, block_on, ensure, ensure_eq};
use crate::backend::{Commit, CommitOutcome, NewEvent, NewTask, Revision};

/// Reads two keys that are always written together, after what an earlier read has shown.
async fn whole_pair(subject: &Subject, before: Revision) -> Result<Revision, Violation> {
    let backend = subject.backend();
    let told = backend.events(0, 0, "").await?.newest;
    let pair = backend.scan("pair/", None, 9).await?;
    let [left, right] = &pair[..] else {
        ensure!(pair.is_empty(), "half of a commit is not there: {pair:?}");
        ensure!(told == 0, "an event came before its keys");
        return Ok(before);
    };
    ensure_eq!(left.value, right.value, "the other half of a commit");
    ensure_eq!(left.revision, right.revision, "the other half's revision");
    ensure!(
        left.revision >= before,
        "a later read has shown an earlier commit"
    );
    Ok(left.revision)
}

pub(super) async fn a_reader_never_sees_half_of_a_commit(subject: &Subject) -> Checked {
    const EACH: u64 = 40;
    const WRITERS: u64 = 4;
    let backend = subject.backend();
    let writing = AtomicU64::new(WRITERS);
    on_threads(|number, over| {
        block_on(async {
            if number < WRITERS {
                for turn in 0..EACH {
                    let value = number * 1_000 + turn;
                    let commit = Commit::new()
                        .put("pair/left", json!(value))
                        .put("pair/right", json!(value))
                        .event(NewEvent::new("pair", "written", json!(value)));
                    subject.must(commit).await?;
                }
                writing.fetch_sub(1, Ordering::SeqCst);
                return Ok(());
            }
            let mut newest = Revision::NONE;
            while writing.load(Ordering::SeqCst) > 0 && !over.load(Ordering::SeqCst) {
                newest = whole_pair(subject, newest).await?;
            }
            Ok(())
        })
    })?;
    whole_pair(subject, Revision(1)).await?;
    ensure_eq!(
        backend.events(0, 0, "").await?.newest,
        WRITERS * EACH,
        "events"
    );
    Ok(())
}

pub(super) async fn consumers_that_race_deal_with_each_event_once(subject: &Subject) -> Checked {
    const EVENTS: u64 = 60;
    let backend = subject.backend();
    for number in 0..EVENTS {
        subject
            .must(Commit::new().event(NewEvent::new("s", "k", json!(number))))
            .await?;
    }
    // All of them read the same cursor first, so that they race for certain.
    let start = Barrier::new(THREADS as usize);
    on_threads(|_, over| {
        block_on(async {
            let mut first = true;
            // Each of them may take over at any time where another one has stopped.
            while !over.load(Ordering::SeqCst) {
                let from = backend.cursor("consumer").await;
                if std::mem::take(&mut first) {
                    start.wait();
                }
                let from = from?;
                let page = backend.events(from, 3, "").await?;
                if page.events.is_empty() {
                    return Ok(());
                }
                let mut commit = Commit::new().cursor("consumer", from, page.through);
                for event in page.events {
                    commit = commit.enqueue(NewTask::new("effects", event.data));
                }
                match backend.commit(commit).await? {
                    CommitOutcome::Committed(_) | CommitOutcome::Conflict { .. } => {}
                    other => return Err(Violation::new(format!("an odd answer: {other:?}"))),
                }
            }
            Ok(())
        })
    })?;
    let effects = backend.lease("effects", "w", 1_000, super::MINUTE).await?;
    let mut numbers: Vec<u64> = Vec::new();
    for effect in &effects {
        numbers.push(effect.payload.to().unwrap_or(u64::MAX));
    }
    numbers.sort_unstable();
    ensure_eq!(
        numbers,
        (0..EVENTS).collect::<Vec<_>>(),
        "the events that were dealt with"
    );
    ensure_eq!(backend.cursor("consumer").await?, EVENTS, "the cursor");
    Ok(())
}
