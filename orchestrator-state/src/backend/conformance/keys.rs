//! Contracts of idempotency keys, and of reading keys in order.

use jiff::Timestamp;
use serde_json::json;

use super::{Checked, SECOND, Subject, ensure, ensure_eq};
use crate::backend::{BackendError, Commit, CommitOutcome, NewEvent, NewTask, Revision};

pub(super) async fn an_idempotency_key_commits_once(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let commit = Commit::new()
        .idempotency_key("once")
        .expect("n", Revision::NONE)
        .put("n", json!(1))
        .enqueue(NewTask::new("q", json!(1)))
        .event(NewEvent::new("s", "k", json!(1)));
    ensure_eq!(
        backend.resolve("once").await?,
        None,
        "a key that was not used"
    );
    let first = subject.must(commit.clone()).await?;
    subject
        .must(
            Commit::new()
                .put("n", json!(2))
                .event(NewEvent::new("s", "k", json!(2))),
        )
        .await?;
    // Its expectation does not hold any more, and is not looked at: this has happened already.
    let again = subject.must(commit.clone()).await?;
    ensure_eq!(again, first, "the answer to a commit that is sent again");
    ensure_eq!(
        backend.resolve("once").await?,
        Some(first),
        "the answer that is looked up"
    );
    ensure_eq!(backend.events(0, 9, "").await?.newest, 2, "events");
    ensure_eq!(backend.counts("q").await?.ready, 1, "tasks");
    let value = backend
        .get("n")
        .await?
        .map(|entry| entry.value.as_str().to_owned());
    ensure_eq!(
        value.as_deref(),
        Some("2"),
        "the value, after the commit was sent again"
    );

    let other = commit.put("m", json!(1));
    let reused = backend.commit(other).await;
    ensure!(
        matches!(&reused, Err(BackendError::KeyReused { key }) if key == "once"),
        "a key was taken for another content: {reused:?}"
    );
    ensure_eq!(
        backend.get("m").await?,
        None,
        "what a reused key was to write"
    );

    // That a commit was refused is not kept.
    let late = |revision| {
        let commit = Commit::new().idempotency_key("late").expect("n", revision);
        commit.put("n", json!(3))
    };
    let refused = backend.commit(late(Revision::NONE)).await?;
    ensure!(
        matches!(refused, CommitOutcome::Conflict { .. }),
        "a conflict was not seen: {refused:?}"
    );
    ensure_eq!(
        backend.resolve("late").await?,
        None,
        "a commit that was refused"
    );
    let revision = backend
        .get("n")
        .await?
        .map_or(Revision::NONE, |entry| entry.revision);
    subject.must(late(revision)).await?;
    Ok(())
}

pub(super) async fn an_answer_is_kept_until_it_is_forgotten(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let keyed = |key: &str| {
        let commit = Commit::new().idempotency_key(key);
        commit.event(NewEvent::new("s", "k", json!(key)))
    };
    let old = subject.must(keyed("old")).await?;
    subject.advance(10 * SECOND);
    let new = subject.must(keyed("new")).await?;
    ensure_eq!(
        backend.resolve("old").await?,
        Some(old),
        "an answer of ten seconds ago"
    );
    let newest = backend.events(1, 1, "").await?.events.pop();
    let at = newest.map_or(Timestamp::MIN, |event| event.at);
    ensure_eq!(
        backend.forget_keys(at).await?,
        1,
        "how many keys were used before"
    );
    ensure_eq!(
        backend.resolve("old").await?,
        None,
        "a key that was forgotten"
    );
    ensure_eq!(
        backend.resolve("new").await?,
        Some(new),
        "a key that was not"
    );
    let again = subject.must(keyed("old")).await?;
    ensure_eq!(
        again.sequence,
        3,
        "the sequence of a commit whose key was forgotten"
    );
    Ok(())
}

pub(super) async fn a_scan_is_in_order_and_within_its_bounds(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let names = ["a/1", "a/10", "a/2", "a/\u{10ffff}", "a/ü", "a0", "b", "a"];
    let mut commit = Commit::new();
    for name in names {
        commit = commit.put(name, json!(name));
    }
    let revision = subject.must(commit).await?.revision;
    subject.must(Commit::new().put("a/3", json!(1))).await?;
    subject.must(Commit::new().delete("a/3")).await?;
    let mut sorted: Vec<_> = names.to_vec();
    sorted.sort_unstable();
    for prefix in ["", "a", "a/", "a/1", "a/\u{10ffff}", "b", "c"] {
        let expected: Vec<_> = sorted
            .iter()
            .filter(|name| name.starts_with(prefix))
            .collect();
        for limit in [0, 1, 3, 100] {
            let mut found: Vec<String> = Vec::new();
            loop {
                let after = found.last().map(String::as_str);
                let page = backend.scan(prefix, after, limit).await?;
                ensure!(page.len() <= limit, "prefix {prefix:?}: more than {limit}");
                let full = page.len() == limit && limit > 0;
                for entry in page {
                    ensure_eq!(
                        entry.value.to::<String>().ok(),
                        Some(entry.key.clone()),
                        "a value"
                    );
                    ensure_eq!(entry.revision, revision, "a revision");
                    found.push(entry.key);
                }
                ensure!(
                    found.len() <= names.len(),
                    "prefix {prefix:?}: it does not end"
                );
                if !full {
                    break;
                }
            }
            if limit > 0 {
                let found: Vec<_> = found.iter().collect();
                ensure_eq!(found, expected, "prefix {prefix:?}, {limit} at a time");
            }
        }
    }
    let behind = backend.scan("a/", Some("b"), 9).await?;
    ensure!(
        behind.is_empty(),
        "a page behind the end is not empty: {behind:?}"
    );
    let before = backend.scan("b", Some("a"), 9).await?;
    ensure_eq!(before.len(), 1, "a page that begins before the prefix");
    Ok(())
}
