//! Contracts of the queue: in which order tasks come, and when.

use std::time::Duration;

use serde_json::json;

use super::{Checked, MINUTE, SECOND, Subject, ensure, ensure_eq};
use crate::backend::{Commit, Delivery, NewTask};

fn payloads(deliveries: &[Delivery]) -> Vec<&str> {
    let payloads = deliveries.iter().map(|delivery| delivery.payload.as_str());
    payloads.collect()
}

pub(super) async fn tasks_come_by_priority_and_then_in_order(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let mut commit = Commit::new();
    for (number, priority) in [0, -5, 9, 0, 9, i16::MIN, i16::MAX].into_iter().enumerate() {
        let task = NewTask::new("q", json!(number)).with_priority(priority);
        commit = commit.enqueue(task);
    }
    subject.must(commit).await?;
    subject
        .must(Commit::new().enqueue(NewTask::new("other", json!("other"))))
        .await?;
    subject.advance(SECOND);
    subject
        .must(Commit::new().enqueue(NewTask::new("q", json!(7))))
        .await?;
    let none = backend.lease("q", "w", 0, MINUTE).await?;
    ensure!(
        none.is_empty(),
        "none was asked for, and there came {none:?}"
    );
    let first = backend.lease("q", "w", 4, MINUTE).await?;
    ensure_eq!(payloads(&first), ["6", "2", "4", "0"], "the first four");
    let rest = backend.lease("q", "w", 99, MINUTE).await?;
    ensure_eq!(payloads(&rest), ["3", "7", "1", "5"], "the rest");
    let empty = backend.lease("q", "w", 99, MINUTE).await?;
    ensure!(empty.is_empty(), "an empty queue gave {empty:?}");
    // A lease that has ended gives its task its place back.
    subject.advance(2 * MINUTE);
    subject
        .must(Commit::new().enqueue(NewTask::new("q", json!(8))))
        .await?;
    subject.advance(SECOND);
    let again = backend.lease("q", "w", 99, MINUTE).await?;
    ensure_eq!(
        payloads(&again),
        ["6", "2", "4", "0", "3", "7", "8", "1", "5"],
        "all, after their leases have ended"
    );
    Ok(())
}

pub(super) async fn a_delay_is_kept(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let commit = Commit::new()
        .enqueue(
            NewTask::new("q", json!("late"))
                .with_delay(10 * SECOND)
                .with_priority(9),
        )
        .enqueue(
            NewTask::new("q", json!("later"))
                .with_delay(20 * SECOND)
                .with_priority(9),
        )
        .enqueue(NewTask::new("q", json!("now")));
    subject.must(commit).await?;
    let counts = backend.counts("q").await?;
    ensure_eq!((counts.ready, counts.delayed), (1, 2), "ready and delayed");
    let mut leased = backend.lease("q", "w", 9, MINUTE).await?;
    ensure_eq!(payloads(&leased), ["\"now\""], "what is ready at once");
    subject.advance(10 * SECOND - Duration::from_millis(1));
    let early = backend.lease("q", "w", 9, MINUTE).await?;
    ensure!(early.is_empty(), "a delay was cut short: {early:?}");
    subject.advance(Duration::from_millis(1));
    leased = backend.lease("q", "w", 9, MINUTE).await?;
    ensure_eq!(
        payloads(&leased),
        ["\"late\""],
        "what is ready after ten seconds"
    );
    subject.advance(10 * SECOND);
    leased = backend.lease("q", "w", 9, MINUTE).await?;
    ensure_eq!(
        payloads(&leased),
        ["\"later\""],
        "what is ready after twenty seconds"
    );
    Ok(())
}
