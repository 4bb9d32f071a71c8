//! Contracts of the event log: one chain, read from anywhere, with cursors, provable when trimmed.

use jiff::SignedDuration;
use serde_json::json;

use super::{Checked, SECOND, Subject, Violation, ensure, ensure_eq};
use crate::backend::{BackendError, Commit, CommitOutcome, Event, NewEvent};

/// Commits events in groups of three, over three streams; and returns all that there are.
async fn fill(subject: &Subject, groups: u64) -> Result<Vec<Event>, Violation> {
    for group in 0..groups {
        let mut commit = Commit::new();
        for (at, stream) in ["a/1", "a/2", "b"].into_iter().enumerate() {
            let data = json!({"group": group, "at": at, "float": 0.1 + group as f64});
            commit = commit.event(NewEvent::new(stream, "filled", data));
        }
        subject.must(commit).await?;
        subject.advance(SECOND);
    }
    let newest = subject.backend().events(0, 0, "").await?.newest;
    let limit = usize::try_from(newest).unwrap_or(usize::MAX);
    read(subject, 0, limit, "").await
}

/// Everything after a sequence, in pages.
async fn read(
    subject: &Subject,
    after: u64,
    limit: usize,
    prefix: &str,
) -> Result<Vec<Event>, Violation> {
    let (mut through, mut all) = (after, Vec::new());
    loop {
        let page = subject.backend().events(through, limit, prefix).await?;
        ensure!(page.events.len() <= limit, "more than {limit} events");
        if let Some(last) = page.events.last() {
            ensure!(
                page.through >= last.sequence,
                "a page ends before its last event"
            );
        }
        ensure!(page.through >= through, "reading has gone back");
        if page.through >= page.newest {
            all.extend(page.events);
            return Ok(all);
        }
        ensure!(
            page.through > through,
            "reading does not go on after {through}"
        );
        through = page.through;
        all.extend(page.events);
    }
}

pub(super) async fn events_are_one_chain(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let empty = backend.verify_events().await?;
    ensure_eq!((empty.first, empty.last), (1, 0), "a fresh log");
    ensure_eq!(
        empty.chain_hash,
        Event::genesis(),
        "the hash before the first event"
    );
    let events = fill(subject, 20).await?;
    ensure_eq!(events.len(), 60, "events");
    let mut hash = Event::genesis();
    for (event, sequence) in events.iter().zip(1..) {
        ensure_eq!(event.sequence, sequence, "a sequence");
        hash = event.link(&hash);
        ensure_eq!(event.chain_hash, hash, "the hash after event {sequence}");
        let group = (sequence - 1) / 3;
        ensure!(
            event.data.as_str().contains(&format!("\"group\":{group}")),
            "the data of event {sequence}: {}",
            event.data
        );
    }
    let (first, last) = (&events[0], &events[59]);
    let passed = last.at.duration_since(first.at);
    ensure_eq!(
        passed,
        SignedDuration::from_secs(19),
        "the time between the first and the last"
    );
    let verified = backend.verify_events().await?;
    ensure_eq!(
        (verified.first, verified.last),
        (1, 60),
        "what was verified"
    );
    ensure_eq!(verified.chain_hash, hash, "the hash that was verified");
    Ok(())
}

pub(super) async fn a_reader_goes_on_from_anywhere(subject: &Subject) -> Checked {
    let all = fill(subject, 9).await?;
    for prefix in ["", "a/", "a/2", "b", "nothing"] {
        for after in [0, 1, 4, 13, 26, 27] {
            let expected: Vec<_> = all
                .iter()
                .filter(|event| event.sequence > after && event.stream.starts_with(prefix))
                .collect();
            for limit in [1, 2, 5, 100] {
                let found = read(subject, after, limit, prefix).await?;
                let found: Vec<_> = found.iter().collect();
                ensure_eq!(
                    found,
                    expected,
                    "prefix {prefix:?}, after {after}, {limit} at a time"
                );
            }
        }
    }
    let ahead = subject.backend().events(1_000, 9, "").await?;
    ensure!(
        ahead.events.is_empty(),
        "there are events in the future: {ahead:?}"
    );
    ensure_eq!(ahead.newest, 27, "the newest event");
    Ok(())
}

pub(super) async fn a_cursor_moves_with_its_effects(subject: &Subject) -> Checked {
    let backend = subject.backend();
    fill(subject, 2).await?;
    ensure_eq!(
        backend.cursor("sum").await?,
        0,
        "a cursor that was never set"
    );
    // Two consumers of one name do the same work; each event counts once.
    let work = |from: u64, to: u64, who: &str| {
        Commit::new()
            .cursor("sum", from, to)
            .put(format!("by/{who}/{from}"), json!(to))
    };
    subject.must(work(0, 2, "one")).await?;
    let late = backend.commit(work(0, 2, "two")).await?;
    ensure!(
        matches!(&late, CommitOutcome::Conflict { cursors, .. } if cursors.len() == 1),
        "the same events were dealt with twice: {late:?}"
    );
    let early = backend.commit(work(4, 6, "two")).await?;
    ensure!(
        early.committed().is_none(),
        "events were left out: {early:?}"
    );
    subject.must(work(2, 6, "two")).await?;
    ensure_eq!(backend.cursor("sum").await?, 6, "the cursor");
    let done: Vec<_> = backend.scan("by/", None, 9).await?;
    let done: Vec<_> = done.iter().map(|entry| entry.key.as_str()).collect();
    ensure_eq!(done, ["by/one/0", "by/two/2"], "what was done");
    // Going back is a wish like any other.
    subject.must(work(6, 1, "again")).await?;
    ensure_eq!(
        backend.cursor("sum").await?,
        1,
        "the cursor that was set back"
    );
    ensure_eq!(backend.cursor("other").await?, 0, "another cursor");
    Ok(())
}

pub(super) async fn what_is_left_after_trimming_can_be_proved(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let all = fill(subject, 10).await?;
    let whole = backend.verify_events().await?;
    ensure_eq!(
        backend.trim_events(0).await?,
        1,
        "the first event, when nothing was trimmed"
    );
    ensure_eq!(
        backend.trim_events(12).await?,
        13,
        "the first event that is left"
    );
    ensure_eq!(backend.trim_events(5).await?, 13, "trimming what is gone");
    for after in [0, 11] {
        let gone = backend.events(after, 9, "").await;
        ensure!(
            matches!(gone, Err(BackendError::Trimmed { first: 13, .. })),
            "nobody was told that events after {after} are gone: {gone:?}"
        );
    }
    let left = read(subject, 12, 100, "").await?;
    ensure_eq!(left, all[12..], "the events that are left");
    let verified = backend.verify_events().await?;
    ensure_eq!(
        (verified.first, verified.last),
        (13, 30),
        "what was verified"
    );
    ensure_eq!(
        verified.before,
        all[11].chain_hash,
        "the hash before the first one left"
    );
    ensure_eq!(
        verified.chain_hash,
        whole.chain_hash,
        "the hash after the last one"
    );
    // All of them, and more than there are.
    ensure_eq!(
        backend.trim_events(99).await?,
        31,
        "the first event, when all are trimmed"
    );
    let empty = backend.verify_events().await?;
    ensure_eq!(
        (empty.first, empty.last),
        (31, 30),
        "what is left to verify"
    );
    ensure_eq!(
        empty.before,
        whole.chain_hash,
        "the hash before what is not there yet"
    );
    let next = subject
        .must(Commit::new().event(NewEvent::new("s", "k", json!(1))))
        .await?;
    ensure_eq!(next.sequence, 31, "the next sequence");
    let events = read(subject, 30, 9, "").await?;
    let fits = events.first().map(|event| event.link(&whole.chain_hash));
    ensure_eq!(fits, Some(next.chain_hash), "the hash of the next event");
    backend.verify_events().await?;
    Ok(())
}
