//! Contracts of waiting: whoever waits is woken, and nothing is missed before the wait.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use serde_json::json;

use super::poll_once;
use super::{Checked, CountWakes, MINUTE, SECOND, Subject, Violation, ensure, ensure_eq};
use crate::backend::{BackendError, Commit, NackOutcome, NewEvent, NewTask, Readiness};

type Waiting<'s, T> = Pin<Box<dyn Future<Output = Result<T, BackendError>> + Send + 's>>;

/// A wait that must not be over.
fn waits<T: std::fmt::Debug>(waiting: &mut Waiting<'_, T>, wakes: &CountWakes) -> Checked {
    match poll_once(waiting.as_mut(), wakes) {
        Poll::Pending => Ok(()),
        Poll::Ready(early) => Err(Violation::new(format!("a wait was over early: {early:?}"))),
    }
}

/// A wait that was polled before, and must come to its end now: woken, and not just ready.
fn ends<T>(
    subject: &Subject,
    waiting: &mut Waiting<'_, T>,
    wakes: &CountWakes,
    before: usize,
) -> Result<T, Violation> {
    let begun = std::time::Instant::now();
    while wakes.count() == before {
        ensure!(
            begun.elapsed() < subject.patience,
            "nobody woke a future that waits"
        );
        std::thread::yield_now();
    }
    let mut seen = wakes.count();
    loop {
        if let Poll::Ready(result) = poll_once(waiting.as_mut(), wakes) {
            return Ok(result?);
        }
        // A backend may be woken for a step on its way.
        while wakes.count() == seen {
            ensure!(
                begun.elapsed() < subject.patience,
                "a future was woken, and is not ready"
            );
            std::thread::yield_now();
        }
        seen = wakes.count();
    }
}

/// A wait that must be over without anything to happen.
fn at_once<T>(subject: &Subject, mut waiting: Waiting<'_, T>) -> Result<T, Violation> {
    let wakes = CountWakes::new();
    match poll_once(waiting.as_mut(), &wakes) {
        Poll::Ready(result) => Ok(result?),
        Poll::Pending => ends(subject, &mut waiting, &wakes, 0),
    }
}

pub(super) async fn a_task_wakes_those_who_wait(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let wakes = CountWakes::new();
    ensure_eq!(
        backend.readiness("q").await?,
        Readiness::Idle,
        "an empty queue"
    );
    let mut left: Waiting<'_, _> = backend.wait_for_task("q", Readiness::Idle);
    waits(&mut left, &wakes)?;
    let mut waiting: Waiting<'_, _> = backend.wait_for_task("q", Readiness::Idle);
    waits(&mut waiting, &wakes)?;
    drop(left);
    let before = wakes.count();
    subject
        .must(Commit::new().enqueue(NewTask::new("q", json!(1))))
        .await?;
    ensure_eq!(
        ends(subject, &mut waiting, &wakes, before)?,
        Readiness::Now,
        "after a task was added"
    );
    // What has come before the wait is not missed.
    let now = at_once(subject, backend.wait_for_task("q", Readiness::Idle))?;
    ensure_eq!(now, Readiness::Now, "a task that is there already");

    // A lease is something to wait for: its end.
    let delivery = subject.must_lease("q").await?;
    let seen = at_once(subject, backend.wait_for_task("q", Readiness::Idle))?;
    ensure_eq!(
        seen,
        Readiness::At(delivery.expires),
        "while the task is leased"
    );
    ensure_eq!(
        backend.readiness("q").await?,
        seen,
        "the same, asked directly"
    );
    let mut waiting: Waiting<'_, _> = backend.wait_for_task("q", seen);
    waits(&mut waiting, &wakes)?;
    let before = wakes.count();
    let late = NewTask::new("q", json!(2)).with_delay(10 * SECOND);
    subject.must(Commit::new().enqueue(late)).await?;
    let sooner = ends(subject, &mut waiting, &wakes, before)?;
    ensure!(
        sooner < seen,
        "a sooner time was not told: {sooner:?}, after {seen:?}"
    );
    let mut waiting: Waiting<'_, _> = backend.wait_for_task("q", sooner);
    waits(&mut waiting, &wakes)?;
    let before = wakes.count();
    let retried = backend
        .nack(delivery.task, delivery.fence, Duration::ZERO, "x")
        .await?;
    ensure!(
        matches!(retried, NackOutcome::Retried { .. }),
        "not tried again: {retried:?}"
    );
    ensure_eq!(
        ends(subject, &mut waiting, &wakes, before)?,
        Readiness::Now,
        "after it was given back"
    );
    // Time does not wake: the caller was told when to look.
    subject.must_lease("q").await?;
    subject.advance(10 * SECOND);
    ensure_eq!(
        backend.readiness("q").await?,
        Readiness::Now,
        "after the delay"
    );
    subject.must_lease("q").await?;
    subject.advance(2 * MINUTE);
    ensure_eq!(
        backend.readiness("q").await?,
        Readiness::Now,
        "after the leases have ended"
    );
    Ok(())
}

pub(super) async fn an_event_wakes_those_who_wait(subject: &Subject) -> Checked {
    let backend = subject.backend();
    let wakes = CountWakes::new();
    let event = || Commit::new().event(NewEvent::new("s", "k", json!(1)));
    let mut left: Waiting<'_, _> = backend.wait_for_events(0);
    waits(&mut left, &wakes)?;
    drop(left);
    let mut first: Waiting<'_, _> = backend.wait_for_events(0);
    waits(&mut first, &wakes)?;
    let before = wakes.count();
    subject.must(event()).await?;
    ensure_eq!(
        ends(subject, &mut first, &wakes, before)?,
        1,
        "the newest event"
    );
    ensure_eq!(
        at_once(subject, backend.wait_for_events(0))?,
        1,
        "an event that is there already"
    );
    let (far_wakes, near_wakes) = (CountWakes::new(), CountWakes::new());
    let mut far: Waiting<'_, _> = backend.wait_for_events(2);
    let mut near: Waiting<'_, _> = backend.wait_for_events(1);
    waits(&mut far, &far_wakes)?;
    waits(&mut near, &near_wakes)?;
    subject.must(event()).await?;
    ensure_eq!(
        ends(subject, &mut near, &near_wakes, 0)?,
        2,
        "the newest event"
    );
    waits(&mut far, &far_wakes)?;
    let before = far_wakes.count();
    // A commit without events is nothing to wait for.
    subject.must(Commit::new().put("k", json!(1))).await?;
    waits(&mut far, &far_wakes)?;
    subject.must(event()).await?;
    ensure_eq!(
        ends(subject, &mut far, &far_wakes, before)?,
        3,
        "the newest event"
    );
    Ok(())
}
