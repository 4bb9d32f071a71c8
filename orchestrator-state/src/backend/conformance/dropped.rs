//! Contracts of futures that are dropped: at every place where they can be, what they do is whole or
//! has not happened.

use std::pin::pin;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::{
    Checked, CountWakes, MINUTE, SECOND, Subject, ensure, ensure_eq, poll_once, poll_times,
};
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

pub(super) async fn calls_of_the_log_and_the_keys_that_are_dropped_take_nothing_else(
    subject: &Subject,
) -> Checked {
    let backend = subject.backend();
    let noted = |key: String| {
        let event = NewEvent::new("s", "k", json!(1));
        Commit::new().idempotency_key(key).event(event)
    };
    for polls in 0..MOST {
        let (old_key, new_key) = (format!("old/{polls}"), format!("new/{polls}"));
        let old = subject.must(noted(old_key.clone())).await?;
        subject.advance(SECOND);
        let new = subject.must(noted(new_key.clone())).await?;
        let newest = new.sequence;
        let mut ended = true;

        // Looking and waiting change nothing, however far they have come.
        let looked = poll_times(backend.resolve(&old_key), polls);
        ended &= looked.is_some();
        if let Some(answer) = looked {
            ensure_eq!(answer?, Some(old.clone()), "the answer to a key");
        }
        let waited = poll_times(backend.wait_for_events(newest - 1), polls);
        ended &= waited.is_some();
        if let Some(told) = waited {
            ensure_eq!(told?, newest, "the event that was waited for");
        }
        let wakes = CountWakes::new();
        {
            let mut left = pin!(backend.wait_for_events(newest));
            for _ in 0..polls {
                let poll = poll_once(left.as_mut(), &wakes);
                ensure!(poll.is_pending(), "a wait was over early: {poll:?}");
            }
        }
        let waiting = backend.wait_for_events(newest);
        let newest = subject.must(noted(format!("more/{polls}"))).await?.sequence;
        ensure_eq!(
            waiting.await?,
            newest,
            "another wait, after one was dropped"
        );
        ensure_eq!(
            backend.resolve(&old_key).await?,
            Some(old.clone()),
            "the answer to a key, after {polls} polls"
        );

        // Forgetting forgets what is old, or a part of it.
        let event = backend.events(new.sequence - 1, 1, "").await?.events.pop();
        let at = event.map_or(Timestamp::MIN, |event| event.at);
        ended &= poll_times(backend.forget_keys(at), polls).is_some();
        let answer = backend.resolve(&old_key).await?;
        ensure!(
            answer.is_none() || answer.as_ref() == Some(&old),
            "another answer to an old key: {answer:?}"
        );
        backend.forget_keys(at).await?;
        ensure_eq!(backend.resolve(&old_key).await?, None, "a key that is old");
        ensure_eq!(
            backend.resolve(&new_key).await?,
            Some(new.clone()),
            "a key that is not old, after {polls} polls"
        );

        // Trimming takes the oldest, and the rest is a chain.
        let before = backend.verify_events().await?;
        ended &= poll_times(backend.trim_events(newest - 1), polls).is_some();
        let after = backend.verify_events().await?;
        ensure!(
            (before.first..=newest).contains(&after.first),
            "event {} is the first, after {polls} polls of trimming up to {}",
            after.first,
            newest - 1
        );
        ensure_eq!(
            (after.last, after.chain_hash),
            (before.last, before.chain_hash),
            "the end of the chain"
        );
        ensure_eq!(
            backend.trim_events(newest - 1).await?,
            newest,
            "the first event that is left"
        );
        if ended {
            return Ok(());
        }
    }
    ensure!(false, "a call did not end in {MOST} polls");
    Ok(())
}
