//! Contracts of futures that are dropped: at every place where they can be, what they do is whole or
//! has not happened.

use std::time::Duration;

use serde_json::json;

use super::{Checked, MINUTE, SECOND, Subject, ensure, ensure_eq, poll_times};
use crate::backend::{Commit, NewEvent, NewTask, QueueCounts};

/// More polls than any call takes.
const MOST: usize = 1_000;

pub(super) async fn a_commit_that_is_dropped_is_whole_or_nothing(subject: &Subject) -> Checked {
    let backend = subject.backend();
    for polls in 0..MOST {
        let stream = format!("s/{polls}");
        let (one, two) = (format!("k/{polls}/1"), format!("k/{polls}/2"));
        let commit = Commit::new()
            .idempotency_key(format!("key/{polls}"))
            .put(&one, json!(1))
            .put(&two, json!(2))
            .enqueue(NewTask::new(&stream, json!(1)))
            .event(NewEvent::new(&stream, "k", json!(1)));
        let outcome = poll_times(backend.commit(commit.clone()), polls);
        // It may be on its way still. So each look is at one moment, and what was seen in one must be
        // seen in the next.
        let prefix = format!("k/{polls}/");
        let early = backend.events(0, MOST, &stream).await?.events.len();
        let keys = backend.scan(&prefix, None, 9).await?.len();
        let events = backend.events(0, MOST, &stream).await?.events.len();
        let tasks = backend.counts(&stream).await?.ready;
        ensure!(
            keys == 0 || keys == 2,
            "dropped after {polls} polls: {keys} keys of 2"
        );
        ensure!(
            early == 0 || keys == 2,
            "dropped after {polls} polls: the event without the keys"
        );
        ensure!(
            keys == 0 || events == 1,
            "dropped after {polls} polls: the keys without the event"
        );
        ensure!(
            keys == 0 || tasks == 1,
            "dropped after {polls} polls: the keys without the task"
        );
        // Sent again, it happens; and not twice.
        let settled = subject.must(commit).await?;
        if let Some(outcome) = outcome {
            let told = outcome?;
            ensure_eq!(told.committed(), Some(&settled), "the first answer");
        }
        ensure_eq!(
            backend.scan(&prefix, None, 9).await?.len(),
            2,
            "keys in the end"
        );
        ensure_eq!(
            backend.events(0, MOST, &stream).await?.events.len(),
            1,
            "events in the end"
        );
        ensure_eq!(backend.counts(&stream).await?.ready, 1, "tasks in the end");
        // Once it has come to its end, it has been dropped at every place on the way.
        if poll_times(
            backend.commit(Commit::new().put("probe", json!(polls))),
            polls,
        )
        .is_some()
            && polls > 1
        {
            return Ok(());
        }
    }
    ensure!(false, "a commit did not end in {MOST} polls");
    Ok(())
}

pub(super) async fn calls_of_the_queue_that_are_dropped_lose_no_task(subject: &Subject) -> Checked {
    const TASKS: u64 = 3;
    let backend = subject.backend();
    let mut commit = Commit::new();
    for number in 0..TASKS {
        commit = commit.enqueue(NewTask::new("q", json!(number)).with_max_attempts(100_000));
    }
    subject.must(commit).await?;
    for polls in 0..MOST {
        let mut ended = true;
        ended &= poll_times(backend.lease("q", "w", 2, SECOND), polls).is_some();
        subject.advance(SECOND);
        let leased = backend.lease("q", "w", 9, MINUTE).await?;
        ensure_eq!(
            leased.len() as u64,
            TASKS,
            "leased after a lease dropped after {polls} polls"
        );
        let (task, fence) = (leased[0].task, leased[0].fence);
        ended &= poll_times(backend.extend(task, fence, 2 * MINUTE), polls).is_some();
        ended &= poll_times(backend.nack(task, fence, SECOND, "x"), polls).is_some();
        for delivery in &leased[1..] {
            let wait = Duration::ZERO;
            let given_back = backend.nack(delivery.task, delivery.fence, wait, "x");
            ended &= poll_times(given_back, polls).is_some();
        }
        subject.advance(3 * MINUTE);
        ended &= poll_times(backend.counts("q"), polls).is_some();
        let expected = QueueCounts {
            ready: TASKS,
            ..QueueCounts::default()
        };
        ensure_eq!(
            backend.counts("q").await?,
            expected,
            "tasks, after {polls} polls"
        );

        // One that dies, and is put back or thrown away.
        let queue = format!("dead/{polls}");
        let task = NewTask::new(&queue, json!(1)).with_max_attempts(1);
        subject.must(Commit::new().enqueue(task)).await?;
        subject.must_lease(&queue).await?;
        subject.advance(MINUTE);
        ended &= poll_times(backend.dead_letters(&queue, None, 9), polls).is_some();
        let letters = backend.dead_letters(&queue, None, 9).await?;
        ensure_eq!(letters.len(), 1, "dead letters, after {polls} polls");
        let task = letters[0].task;
        ended &= poll_times(backend.requeue(task), polls).is_some();
        let counts = backend.counts(&queue).await?;
        ensure_eq!(
            counts.ready + counts.dead,
            1,
            "a task put back, after {polls} polls"
        );
        ended &= poll_times(backend.discard(task), polls).is_some();
        let counts = backend.counts(&queue).await?;
        ensure!(
            counts.ready + counts.dead <= 1,
            "a task is there twice, after {polls} polls"
        );
        if ended {
            return Ok(());
        }
    }
    ensure!(false, "a call did not end in {MOST} polls");
    Ok(())
}
