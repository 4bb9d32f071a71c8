//! The contract of names: what one backend takes, no other refuses.

use serde_json::json;

use super::{Checked, SECOND, Subject, ensure};
use crate::backend::{BackendError, Commit, NewEvent, NewTask, Revision};

pub(super) async fn odd_names_and_doubles_are_refused(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let long = "x".repeat(513);
    for bad in ["", "a\nb", "a\u{0}", long.as_str()] {
        let commits = [
            Commit::new().put(bad, json!(1)),
            Commit::new().expect(bad, Revision::NONE),
            Commit::new().enqueue(NewTask::new(bad, json!(1))),
            Commit::new().event(NewEvent::new(bad, "k", json!(1))),
            Commit::new().event(NewEvent::new("s", bad, json!(1))),
            Commit::new().cursor(bad, 0, 1),
            Commit::new().idempotency_key(bad),
        ];
        for commit in commits {
            let text = format!("{commit:?}");
            let refused = matches!(backend.commit(commit).await, Err(BackendError::Name { .. }));
            ensure!(refused, "a bad name was taken: {text}");
        }
        let leased = backend.lease(bad, "w", 1, SECOND).await;
        ensure!(
            matches!(leased, Err(BackendError::Name { .. })),
            "a bad queue was taken: {bad:?}"
        );
    }
    let doubles = [
        Commit::new().put("a", json!(1)).delete("a"),
        Commit::new()
            .expect("a", Revision::NONE)
            .expect("a", Revision(1)),
        Commit::new().cursor("c", 0, 1).cursor("c", 1, 2),
    ];
    for commit in doubles {
        let text = format!("{commit:?}");
        let refused = matches!(
            backend.commit(commit).await,
            Err(BackendError::Twice { .. })
        );
        ensure!(refused, "a double was taken: {text}");
    }
    let longest = "ä".repeat(256);
    subject.must(Commit::new().put(&longest, json!(1))).await?;
    ensure!(
        backend.get(&longest).await?.is_some(),
        "the longest name was not kept"
    );
    Ok(())
}
