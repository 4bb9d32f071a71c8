//! Contracts of the commit: whole, refused for a reason, with revisions that tell.

use serde_json::json;

use super::{Checked, Subject, ensure, ensure_eq};
use crate::backend::{
    Commit, CommitOutcome, CursorConflict, Event, KeyConflict, NewEvent, NewTask, QueueCounts,
    Revision,
};

pub(super) async fn a_commit_happens_as_a_whole(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let none = backend.get("a").await?;
    ensure!(none.is_none(), "a fresh backend has a key: {none:?}");
    let commit = Commit::new()
        .expect("a", Revision::NONE)
        .put("a", json!({"x": [1, 2.5, "ü"]}))
        .put("b", json!(null))
        .enqueue(NewTask::new("q", json!("one")))
        .enqueue(NewTask::new("q", json!("two")))
        .event(NewEvent::new("s/1", "made", json!(1)))
        .event(NewEvent::new("s/2", "made", json!(2)))
        .cursor("c", 0, 7);
    let committed = subject.must(commit).await?;
    ensure!(
        committed.revision > Revision::NONE,
        "a commit has no revision"
    );
    for (key, text) in [("a", r#"{"x":[1,2.5,"ü"]}"#), ("b", "null")] {
        let entry = backend.get(key).await?;
        let found = entry
            .as_ref()
            .map(|entry| (entry.value.as_str(), entry.revision));
        ensure_eq!(found, Some((text, committed.revision)), "key {key}");
    }
    ensure_eq!(backend.cursor("c").await?, 7, "the cursor");
    let page = backend.events(0, 10, "").await?;
    ensure_eq!(page.events.len(), 2, "events");
    let last = page
        .events
        .last()
        .map(|event| (event.sequence, event.chain_hash));
    ensure_eq!(
        last,
        Some((committed.sequence, committed.chain_hash)),
        "the head that the commit was told"
    );
    let leased = backend.lease("q", "w", 10, super::MINUTE).await?;
    let tasks: Vec<_> = leased.iter().map(|delivery| delivery.task).collect();
    ensure_eq!(tasks, committed.tasks, "the tasks that the commit was told");
    let payloads: Vec<_> = leased
        .iter()
        .map(|delivery| delivery.payload.as_str())
        .collect();
    ensure_eq!(payloads, [r#""one""#, r#""two""#], "the payloads");

    let mut done = Commit::new().delete("b").put("a", json!(3));
    for delivery in &leased {
        done = done.complete(delivery.task, delivery.fence);
    }
    let done = subject.must(done).await?;
    ensure_eq!(
        done.sequence,
        committed.sequence,
        "the head, without a new event"
    );
    ensure_eq!(
        done.chain_hash,
        committed.chain_hash,
        "the hash, without a new event"
    );
    ensure_eq!(backend.get("b").await?, None, "the key that was taken away");
    ensure_eq!(
        backend.counts("q").await?,
        QueueCounts::default(),
        "tasks after they are done"
    );

    let nothing = subject.must(Commit::new()).await?;
    ensure!(nothing.tasks.is_empty(), "a commit of nothing has tasks");
    Ok(())
}

pub(super) async fn a_conflict_changes_nothing_and_names_what_differs(
    subject: &Subject,
) -> Checked {
    let backend = subject.backend();
    let first = Commit::new()
        .put("there", json!(1))
        .cursor("c", 0, 3)
        .enqueue(NewTask::new("q", json!(1)));
    let revision = subject.must(first).await?.revision;
    let delivery = subject.must_lease("q").await?;
    let wrong = Revision(revision.0 + 1);
    let all = |commit: Commit| {
        commit
            .put("there", json!(2))
            .put("new", json!(2))
            .complete(delivery.task, delivery.fence)
            .enqueue(NewTask::new("other", json!(2)))
            .event(NewEvent::new("s", "k", json!(2)))
    };
    let cases = [
        Commit::new().expect("there", Revision::NONE),
        Commit::new().expect("there", wrong),
        Commit::new().expect("absent", revision),
        Commit::new()
            .expect("there", revision)
            .expect("absent", revision),
        Commit::new().expect("there", revision).cursor("c", 2, 4),
    ];
    for (case, commit) in cases.into_iter().enumerate() {
        let mut keys = Vec::new();
        for (key, expected) in &commit.expects {
            let found = if key == "there" {
                revision
            } else {
                Revision::NONE
            };
            if found != *expected {
                let (key, expected) = (key.clone(), *expected);
                keys.push(KeyConflict {
                    key,
                    expected,
                    found,
                });
            }
        }
        let cursors = commit.cursors.iter().map(|cursor| CursorConflict {
            name: cursor.name.clone(),
            expected: cursor.from,
            found: 3,
        });
        let cursors = cursors.collect();
        let found = backend.commit(all(commit)).await?;
        ensure_eq!(
            found,
            CommitOutcome::Conflict { keys, cursors },
            "case {case}"
        );
        let entry = backend.get("there").await?;
        let entry = entry.map(|entry| (entry.value.as_str().to_owned(), entry.revision));
        ensure_eq!(
            entry,
            Some(("1".to_owned(), revision)),
            "the key, after case {case}"
        );
        ensure_eq!(
            backend.get("new").await?,
            None,
            "the new key, after case {case}"
        );
        ensure_eq!(
            backend.cursor("c").await?,
            3,
            "the cursor, after case {case}"
        );
        ensure_eq!(
            backend.events(0, 9, "").await?.newest,
            0,
            "events, after case {case}"
        );
        ensure_eq!(
            backend.counts("q").await?.leased,
            1,
            "leases, after case {case}"
        );
        ensure_eq!(
            backend.counts("other").await?,
            QueueCounts::default(),
            "new tasks, after case {case}"
        );
    }
    let fits = Commit::new().expect("there", revision).cursor("c", 3, 4);
    let fits = subject.must(all(fits)).await?;
    ensure_eq!(fits.sequence, 1, "the first event's sequence");
    ensure!(
        fits.chain_hash != Event::genesis(),
        "an event left no trace in the chain"
    );
    Ok(())
}

pub(super) async fn a_revision_tells_every_write(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let mut before = Revision::NONE;
    for round in 0..3 {
        // The same value again is another write.
        let written = subject
            .must(Commit::new().expect("k", before).put("k", json!(7)))
            .await?;
        ensure!(
            written.revision > before,
            "round {round}: the revision has not grown"
        );
        let other = subject
            .must(Commit::new().put("other", json!(round)))
            .await?;
        ensure!(
            other.revision > written.revision,
            "revisions do not grow from commit to commit"
        );
        let found = backend.get("k").await?.map(|entry| entry.revision);
        ensure_eq!(
            found,
            Some(written.revision),
            "a revision that another key's write must not touch"
        );
        before = written.revision;
    }
    subject
        .must(Commit::new().expect("k", before).delete("k"))
        .await?;
    let gone = backend.commit(Commit::new().expect("k", before)).await?;
    let conflict = KeyConflict {
        key: "k".to_owned(),
        expected: before,
        found: Revision::NONE,
    };
    let expected = CommitOutcome::Conflict {
        keys: vec![conflict],
        cursors: Vec::new(),
    };
    ensure_eq!(gone, expected, "the revision of a key that was taken away");
    // A key that comes again is not the one that was there before.
    let again = Commit::new().expect("k", Revision::NONE).put("k", json!(7));
    let again = subject.must(again).await?;
    ensure!(again.revision > before, "a revision was used twice");
    Ok(())
}
