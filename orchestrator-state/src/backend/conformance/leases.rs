//! Contracts of leases: one holder at a time, told from all before by a fence.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;

use super::{Checked, MINUTE, SECOND, Subject, ensure, ensure_eq};
use crate::backend::{
    BackendError, Commit, CommitOutcome, ExtendOutcome, Fence, NackOutcome, NewTask, QueueCounts,
    TaskId,
};

pub(super) async fn a_leased_task_is_nobody_elses_until_its_lease_ends(
    subject: &Subject,
) -> Checked {
    let backend = subject.backend();
    let task = subject
        .must(Commit::new().enqueue(NewTask::new("q", json!(1))))
        .await?
        .tasks;
    let first = subject.must_lease("q").await?;
    ensure_eq!(vec![first.task], task, "the task");
    ensure_eq!(first.attempt, 1, "the attempt");
    let nobody = |when: &'static str| async move {
        let leased = backend.lease("q", "thief", 9, MINUTE).await?;
        ensure!(
            leased.is_empty(),
            "{when}, a leased task was given away: {leased:?}"
        );
        Ok(())
    };
    nobody("at once").await?;
    subject.advance(MINUTE - Duration::from_millis(1));
    nobody("just before the end").await?;
    let extended = backend.extend(first.task, first.fence, MINUTE).await?;
    let expires = first.expires + SignedDuration::from_millis(59_999);
    ensure_eq!(
        extended,
        ExtendOutcome::Extended { expires },
        "the extension"
    );
    subject.advance(MINUTE - Duration::from_millis(1));
    nobody("after it was extended").await?;
    subject.advance(Duration::from_millis(1));
    let second = subject.must_lease("q").await?;
    ensure_eq!(
        (second.task, second.attempt),
        (first.task, 2),
        "the second delivery"
    );
    ensure!(second.fence > first.fence, "a fence has not grown");
    let reason = second.last_failure.unwrap_or_default();
    ensure!(
        reason.contains("worker"),
        "the reason does not say who has lost it: {reason:?}"
    );
    subject
        .must(Commit::new().complete(second.task, second.fence))
        .await?;
    subject.advance(10 * MINUTE);
    nobody("after it was done").await?;
    // A lease can be made to end at once, and nobody has acted on that yet: so it is still good.
    subject
        .must(Commit::new().enqueue(NewTask::new("q", json!(2))))
        .await?;
    let third = subject.must_lease("q").await?;
    let ended = backend
        .extend(third.task, third.fence, Duration::ZERO)
        .await?;
    ensure!(
        matches!(ended, ExtendOutcome::Extended { .. }),
        "it was not cut short: {ended:?}"
    );
    subject
        .must(Commit::new().complete(third.task, third.fence))
        .await?;
    Ok(())
}

pub(super) async fn fences_grow_and_an_old_one_is_refused(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let mut commit = Commit::new();
    for queue in ["a", "b", "a"] {
        commit = commit.enqueue(NewTask::new(queue, json!(queue)));
    }
    subject.must(commit).await?;
    let mut deliveries = backend.lease("a", "w", 2, SECOND).await?;
    deliveries.extend(backend.lease("b", "w", 2, SECOND).await?);
    let fences: Vec<_> = deliveries.iter().map(|delivery| delivery.fence).collect();
    ensure!(
        fences.is_sorted_by(|a, b| a < b),
        "fences do not grow: {fences:?}"
    );
    ensure_eq!(deliveries.len(), 3, "deliveries");
    subject.advance(SECOND);
    let old = deliveries.remove(0);
    let newer = backend.lease("a", "w2", 1, MINUTE).await?;
    let Some(new) = newer.first() else {
        ensure!(false, "a lease that has ended was not given on");
        return Ok(());
    };
    ensure_eq!(new.task, old.task, "the task that is given on");
    ensure!(
        Some(&new.fence) > fences.last(),
        "a fence is not newer than all before it"
    );

    let late = Commit::new()
        .idempotency_key("late")
        .complete(old.task, old.fence)
        .put("result", json!("late"))
        .enqueue(NewTask::new("next", json!(1)));
    let fenced = backend.commit(late).await?;
    let tasks = vec![old.task];
    ensure_eq!(
        fenced,
        CommitOutcome::Fenced { tasks },
        "a commit with an old fence"
    );
    ensure_eq!(backend.get("result").await?, None, "what it was to write");
    ensure_eq!(
        backend.counts("next").await?,
        QueueCounts::default(),
        "what it was to add"
    );
    ensure_eq!(backend.resolve("late").await?, None, "its key");
    let extended = backend.extend(old.task, old.fence, MINUTE).await?;
    ensure_eq!(
        extended,
        ExtendOutcome::Fenced,
        "an extension with an old fence"
    );
    let given_back = backend
        .nack(old.task, old.fence, Duration::ZERO, "late")
        .await?;
    ensure_eq!(
        given_back,
        NackOutcome::Fenced,
        "giving back with an old fence"
    );
    for (task, fence) in [
        (TaskId(9_999), new.fence),
        (new.task, Fence(new.fence.0 + 1)),
    ] {
        let outcome = backend.commit(Commit::new().complete(task, fence)).await?;
        let tasks = vec![task];
        ensure_eq!(
            outcome,
            CommitOutcome::Fenced { tasks },
            "a fence that never was"
        );
    }
    // Two completions, one of them late: neither takes place.
    let both = Commit::new()
        .complete(new.task, new.fence)
        .complete(old.task, old.fence);
    let twice = backend.commit(both).await;
    ensure!(
        matches!(twice, Err(BackendError::Twice { .. })),
        "a double was taken: {twice:?}"
    );
    let other = &deliveries[0];
    let both = Commit::new()
        .complete(new.task, new.fence)
        .complete(other.task, Fence(0));
    let fenced = backend.commit(both).await?;
    let tasks = vec![other.task];
    ensure_eq!(
        fenced,
        CommitOutcome::Fenced { tasks },
        "one late completion of two"
    );

    subject
        .must(Commit::new().complete(new.task, new.fence))
        .await?;
    let again = backend
        .commit(Commit::new().complete(new.task, new.fence))
        .await?;
    let tasks = vec![new.task];
    ensure_eq!(
        again,
        CommitOutcome::Fenced { tasks },
        "completing what is done"
    );
    Ok(())
}
