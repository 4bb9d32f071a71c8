//! Contracts of tasks that fail: again, dead, back, gone, and counted.

use std::time::Duration;

use serde_json::json;

use super::{Checked, MINUTE, SECOND, Subject, ensure, ensure_eq};
use crate::backend::{Commit, NackOutcome, NewTask, QueueCounts, Readiness};

pub(super) async fn a_task_that_was_given_back_comes_again_with_the_reason(
    subject: &Subject,
) -> Checked {
    let backend = subject.backend();
    subject
        .must(Commit::new().enqueue(NewTask::new("q", json!(1))))
        .await?;
    let first = subject.must_lease("q").await?;
    ensure_eq!(
        first.last_failure,
        None,
        "the reason before the first attempt"
    );
    let outcome = backend
        .nack(first.task, first.fence, 5 * SECOND, "no network")
        .await?;
    let NackOutcome::Retried { at } = outcome else {
        ensure!(
            false,
            "a first attempt was not followed by another: {outcome:?}"
        );
        return Ok(());
    };
    ensure_eq!(
        backend.readiness("q").await?,
        Readiness::At(at),
        "when it comes again"
    );
    let early = backend.lease("q", "w", 1, MINUTE).await?;
    ensure!(early.is_empty(), "a delay was not kept: {early:?}");
    // Whoever has given it back has no right to it any more.
    let again = backend
        .nack(first.task, first.fence, Duration::ZERO, "again")
        .await?;
    ensure_eq!(again, NackOutcome::Fenced, "giving it back twice");
    subject.advance(5 * SECOND);
    let second = subject.must_lease("q").await?;
    ensure_eq!(
        (second.task, second.attempt),
        (first.task, 2),
        "the second delivery"
    );
    ensure_eq!(
        second.last_failure.as_deref(),
        Some("no network"),
        "the reason"
    );
    ensure!(second.fence > first.fence, "a fence has not grown");
    let outcome = backend
        .nack(second.task, second.fence, Duration::ZERO, "still none")
        .await?;
    ensure!(
        matches!(outcome, NackOutcome::Retried { .. }),
        "not tried again: {outcome:?}"
    );
    let third = subject.must_lease("q").await?;
    ensure_eq!(third.attempt, 3, "the third delivery, without a delay");
    ensure_eq!(
        third.last_failure.as_deref(),
        Some("still none"),
        "the newest reason"
    );
    Ok(())
}

pub(super) async fn a_task_that_fails_too_often_is_a_dead_letter(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let twice = NewTask::new("q", json!("twice")).with_max_attempts(2);
    let once = NewTask::new("q", json!("once")).with_max_attempts(0);
    subject
        .must(Commit::new().enqueue(twice).enqueue(once))
        .await?;
    let leased = backend.lease("q", "w", 2, SECOND).await?;
    ensure_eq!(leased.len(), 2, "deliveries");
    let given_back = backend
        .nack(leased[0].task, leased[0].fence, Duration::ZERO, "x")
        .await?;
    ensure!(
        matches!(given_back, NackOutcome::Retried { .. }),
        "one of two: {given_back:?}"
    );
    let second = subject.must_lease("q").await?;
    ensure_eq!(
        (second.attempt, second.max_attempts),
        (2, 2),
        "the last attempt"
    );
    let dead = backend
        .nack(second.task, second.fence, SECOND, "broken")
        .await?;
    ensure_eq!(dead, NackOutcome::Dead, "two of two");
    // The other one has its only attempt still. Its lease ends without a word.
    let letters = backend.dead_letters("q", None, 9).await?;
    ensure_eq!(letters.len(), 1, "dead letters before the lease has ended");
    subject.advance(SECOND);
    let letters = backend.dead_letters("q", None, 9).await?;
    ensure_eq!(letters.len(), 2, "dead letters after the lease has ended");
    let (first, last) = (&letters[0], &letters[1]);
    ensure_eq!(
        (first.task, last.task),
        (leased[0].task, leased[1].task),
        "their order"
    );
    ensure_eq!((first.attempts, last.attempts), (2, 1), "their attempts");
    ensure_eq!(first.payload.as_str(), r#""twice""#, "a payload");
    ensure_eq!(first.reason, "broken", "a reason");
    ensure!(
        last.since > first.since,
        "since when: {:?}, {:?}",
        first.since,
        last.since
    );
    let one = backend.dead_letters("q", None, 1).await?;
    ensure_eq!(one, letters[..1], "the first page");
    let rest = backend.dead_letters("q", Some(first.task), 9).await?;
    ensure_eq!(rest, letters[1..], "the second page");
    ensure!(
        backend.dead_letters("other", None, 9).await?.is_empty(),
        "another queue's"
    );
    subject.advance(10 * MINUTE);
    let leased = backend.lease("q", "w", 9, MINUTE).await?;
    ensure!(leased.is_empty(), "the dead were delivered: {leased:?}");
    let late = Commit::new().complete(second.task, second.fence);
    let late = backend.commit(late).await?;
    ensure!(late.committed().is_none(), "a dead letter was completed");
    Ok(())
}

pub(super) async fn a_dead_letter_can_be_put_back_or_thrown_away(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let task = |number| NewTask::new("q", json!(number)).with_max_attempts(1);
    subject
        .must(
            Commit::new()
                .enqueue(task(0))
                .enqueue(task(1))
                .enqueue(task(2)),
        )
        .await?;
    let mut newest = None;
    for delivery in backend.lease("q", "w", 2, MINUTE).await? {
        let dead = backend
            .nack(delivery.task, delivery.fence, SECOND, "broken")
            .await?;
        ensure_eq!(dead, NackOutcome::Dead, "one of one");
        newest = Some(delivery);
    }
    let living = subject.must_lease("q").await?;
    ensure!(
        !backend.requeue(living.task).await?,
        "a living task was put back"
    );
    ensure!(
        !backend.discard(living.task).await?,
        "a living task was thrown away"
    );
    let letters = backend.dead_letters("q", None, 9).await?;
    ensure_eq!(letters.len(), 2, "dead letters");
    let (back, gone) = (letters[0].task, letters[1].task);
    ensure!(
        backend.requeue(back).await?,
        "a dead letter was not put back"
    );
    ensure!(
        !backend.requeue(back).await?,
        "a dead letter was put back twice"
    );
    ensure!(
        backend.discard(gone).await?,
        "a dead letter was not thrown away"
    );
    ensure!(
        !backend.discard(gone).await?,
        "a dead letter was thrown away twice"
    );
    ensure!(
        backend.dead_letters("q", None, 9).await?.is_empty(),
        "dead letters are left"
    );
    let again = subject.must_lease("q").await?;
    ensure_eq!((again.task, again.attempt), (back, 1), "what was put back");
    ensure_eq!(again.last_failure.as_deref(), Some("broken"), "its reason");
    let newest = newest.map(|delivery| delivery.fence);
    ensure!(Some(again.fence) > newest, "a fence has not grown");
    subject
        .must(Commit::new().complete(again.task, again.fence))
        .await?;
    let none = backend.lease("q", "w", 9, MINUTE).await?;
    ensure!(none.is_empty(), "more was put back than was dead: {none:?}");
    Ok(())
}

pub(super) async fn every_task_is_counted_where_it_is(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let counted = |ready, delayed, leased, dead, when: &'static str| async move {
        let expected = QueueCounts {
            ready,
            delayed,
            leased,
            dead,
        };
        ensure_eq!(backend.counts("q").await?, expected, "{when}");
        Ok(())
    };
    counted(0, 0, 0, 0, "at first").await?;
    let mut commit = Commit::new();
    for number in 0..5 {
        let task = NewTask::new("q", json!(number)).with_max_attempts(1);
        commit = commit.enqueue(task);
    }
    let late = NewTask::new("q", json!("late")).with_delay(MINUTE);
    subject.must(commit.enqueue(late)).await?;
    counted(5, 1, 0, 0, "after they were added").await?;
    let leased = backend.lease("q", "w", 3, SECOND).await?;
    counted(2, 1, 3, 0, "after three were leased").await?;
    let Some([first, second]) = leased.get(..2) else {
        ensure!(false, "three were to be leased");
        return Ok(());
    };
    subject
        .must(Commit::new().complete(first.task, first.fence))
        .await?;
    counted(2, 1, 2, 0, "after one was done").await?;
    let dead = backend.nack(second.task, second.fence, SECOND, "x").await?;
    ensure_eq!(dead, NackOutcome::Dead, "one of one");
    counted(2, 1, 1, 1, "after one has failed").await?;
    subject.advance(SECOND);
    counted(2, 1, 0, 2, "after a lease has ended").await?;
    subject.advance(MINUTE);
    counted(3, 0, 0, 2, "after the delay").await?;
    Ok(())
}
