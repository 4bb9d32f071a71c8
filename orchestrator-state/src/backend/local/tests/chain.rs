//! The chain of events: what is tampered with is found, and long logs are walked in parts.

use serde_json::json;

use super::super::rows::{EventRow, Head, LAST};
use super::super::*;
use super::backend;
use crate::backend::conformance::block_on;
use crate::backend::{Commit, Event, EventLog, NewEvent, StateBackend};

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
