//! Every future of the scheduler and of a graph, dropped after each of its polls: what it stands for goes
//! on or ends as it is told, once, and nothing is left behind.
//!
//! Those of the admission, of retries and of a shutdown are tried beside their other tests.

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use orchestrator_core::{
    FailurePolicy, NodeStatus, Priority, RunOptions, Scheduler, TaskContext, TaskGraph,
};
use tokio::{sync::Notify, task::yield_now};

use crate::lanes;

/// No future here is polled more often before it is ready.
const MOST: usize = 200;

/// Enough for any machine; only a test that fails meets it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Counts the parts of a world that have begun, and those that have been dropped.
#[derive(Clone, Default)]
struct Account {
    begun: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

/// A part of a world. Dropped, it has ended.
struct Part(Account);

impl Account {
    fn part(&self) -> Part {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Part(self.clone())
    }

    fn counts(&self) -> (usize, usize) {
        let read = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        (read(&self.begun), read(&self.ended))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// A task that waits in all the ways that there are: it yields, has children and awaits them, leaves some to
/// themselves, blocks a thread, and is woken from outside.
fn busy(account: Account, depth: u32) -> BoxFuture<'static, u32> {
    Box::pin(async move {
        let _part = account.part();
        yield_now().await;
        let own = TaskContext::current().unwrap();
        let mut sum = 1;
        if depth > 0 {
            let child = |priority| own.spawn_with(priority, busy(account.clone(), depth - 1));
            let (first, second) = (child(Priority::Normal), child(Priority::Low));
            drop(child(Priority::High));
            sum += first.await.unwrap() + second.await.unwrap();
        } else {
            let part = account.part();
            let blocking = own.spawn_blocking(move |_| {
                let _part = part;
                1
            });
            sum += blocking.await.unwrap();
            let (told, tell) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            own.spawn({
                let (part, told, tell) = (account.part(), told.clone(), tell.clone());
                async move {
                    let _part = part;
                    told.notify_one();
                    tell.notified().await;
                }
            });
            told.notified().await;
            tell.notify_one();
        }
        sum
    })
}

/// What is done to a future after some polls, beside that it is dropped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Abort,
}

/// Polls a future up to so many times, and drops it. The lanes go on between two polls. Whether it has come
/// to its end.
async fn poll_then_drop<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..polls {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        // What blocks a thread takes its time, and no poll of ours is to be about that.
        yield_now().await;
    }
    None
}

/// Lets the lanes go on until all parts have ended.
async fn settle(account: &Account) -> bool {
    go_on_until(|| {
        let (begun, ended) = account.counts();
        begun == ended && begun > 0
    })
    .await
}

/// Lets the lanes go on until something is so. Threads that block are not ours to wait for otherwise.
async fn go_on_until(is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return false;
        }
        yield_now().await;
        std::thread::yield_now();
    }
    true
}

/// What a scheduler must be like in the end: it can be shut down, and each task has ended in one way.
async fn assert_whole(scheduler: &Scheduler, account: &Account, what: &str) {
    scheduler.shutdown().await;
    let (begun, ended) = account.counts();
    assert_eq!(begun, ended, "{what}: a part was lost");
    let total = scheduler.stats().total();
    assert_eq!(
        total.begun,
        total.completed + total.panicked + total.cancelled,
        "{what}: a task has not ended once"
    );
    assert_eq!(total.panicked, 0, "{what}");
}

/// Runs a course for each number of polls until the future comes to its end by itself.
fn at_each_point(mut course: impl AsyncFnMut(usize) -> bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut points = 0;
    for polls in 0..MOST {
        points += 1;
        if runtime.block_on(course(polls)) {
            break;
        }
    }
    assert!((3..MOST).contains(&points), "{points} points");
}

#[test]
fn a_task_whose_handle_is_dropped_goes_on_to_its_end() {
    at_each_point(async |polls| {
        let (scheduler, account) = (lanes(2), Account::default());
        let task = scheduler.spawn(busy(account.clone(), 1));
        let ended = poll_then_drop(polls, task).await;
        assert!(settle(&account).await, "{polls}: it does not go on");
        // One with three children, each of which blocks a thread and has a child.
        assert_eq!(account.counts().0, 10);
        assert_whole(&scheduler, &account, "a handle").await;
        assert_eq!(scheduler.stats().total().cancelled, 0);
        ended.is_some_and(|sum| sum == Ok(5))
    });
}

#[test]
fn a_task_that_is_aborted_ends_once_whether_or_not_it_is_awaited() {
    for awaited in [false, true] {
        at_each_point(async |polls| {
            let (scheduler, account) = (lanes(2), Account::default());
            let mut task = scheduler.spawn(busy(account.clone(), 1));
            let ended = poll_then_drop(polls, &mut task).await;
            let was_over = ended.is_some();
            if !was_over {
                task.abort();
                if awaited {
                    let result = task.await;
                    let over = account.counts();
                    assert_eq!(over.0, over.1, "{polls}: something below it goes on");
                    // It may have come to its end before it was told.
                    match result {
                        Ok(sum) => assert_eq!(sum, 5),
                        Err(error) => assert!(error.is_cancelled()),
                    }
                } else {
                    drop(task);
                }
            }
            assert_whole(&scheduler, &account, "an abort").await;
            was_over
        });
    }
}

#[test]
fn a_shutdown_that_is_dropped_can_be_called_again() {
    at_each_point(async |polls| {
        let (scheduler, account) = (lanes(2), Account::default());
        for _ in 0..3 {
            drop(scheduler.spawn(busy(account.clone(), 2)));
        }
        for _ in 0..polls % 7 {
            yield_now().await;
        }
        let ended = poll_then_drop(polls, scheduler.shutdown()).await;
        // No task is taken on any more, from the first poll on.
        if polls > 0 {
            let late = scheduler.spawn(busy(account.clone(), 0));
            assert!(late.await.unwrap_err().is_cancelled());
        }
        assert_whole(&scheduler, &account, "a shutdown").await;
        ended.is_some()
    });
}

/// A graph of three layers, of which each task needs all of the layer before.
fn graph() -> TaskGraph<u32> {
    let mut graph = TaskGraph::new();
    for layer in 0..3_u32 {
        for task in 0..3 {
            let before = layer.checked_sub(1);
            let needs = before
                .into_iter()
                .flat_map(|layer| (0..3).map(move |on| 3 * layer + on));
            graph.add(3 * layer + task, needs).unwrap();
        }
    }
    graph
}

/// Runs the graph; each job is a busy task's work. Polls the run so many times, aborts it if asked to, and
/// drops it.
async fn drop_a_run(polls: usize, before: Before, policy: FailurePolicy) -> bool {
    let (scheduler, account) = (lanes(2), Account::default());
    let ran = Account::default();
    let jobs = (account.clone(), ran.clone());
    let options = RunOptions::default().with_policy(policy);
    let run = graph().run(&scheduler, options, move |task| {
        let (account, ran) = jobs.clone();
        async move {
            let _ran = ran.part();
            busy(account, 0).await;
            if task == 4 { Err("as planned") } else { Ok(()) }
        }
    });
    let mut run = run.unwrap();
    let report = poll_then_drop(polls, &mut run).await;
    let was_over = report.is_some();
    match (report, before) {
        (Some(report), _) => {
            let failed = report
                .tasks
                .iter()
                .filter(|(_, its)| *its == NodeStatus::Failed);
            assert_eq!(failed.count(), 1);
        }
        (None, Before::Nothing) => drop(run),
        (None, Before::Abort) => {
            run.abort();
            let report = run.await;
            let (begun, ended) = ran.counts();
            assert_eq!(begun, ended, "{polls}: a job goes on after the report");
            let count = |status| {
                report
                    .tasks
                    .iter()
                    .filter(|(_, its)| *its == status)
                    .count()
            };
            let never = count(NodeStatus::Waiting) + count(NodeStatus::Ready);
            let never = never + count(NodeStatus::Skipped);
            assert_eq!(begun + never, 9, "{polls}: {report:?}");
        }
    }
    if before == Before::Nothing {
        // It goes on to its end without anybody who waits for it.
        let expected = match policy {
            FailurePolicy::Continue => 9,
            _ => 6,
        };
        let all = go_on_until(|| ran.counts() == (expected, expected)).await;
        assert!(all, "{polls} {policy:?}: {:?}", ran.counts());
    }
    assert_whole(&scheduler, &account, "a run").await;
    was_over
}

#[test]
fn a_run_of_a_graph_that_is_dropped_goes_on_to_its_end() {
    for policy in [FailurePolicy::Continue, FailurePolicy::SkipDependents] {
        at_each_point(async |polls| drop_a_run(polls, Before::Nothing, policy).await);
    }
}

#[test]
fn a_run_of_a_graph_that_is_aborted_ends_each_job_once() {
    at_each_point(async |polls| drop_a_run(polls, Before::Abort, FailurePolicy::Continue).await);
}

#[test]
fn a_scheduler_that_is_dropped_ends_all_that_it_ran() {
    at_each_point(async |polls| {
        let (scheduler, account) = (lanes(2), Account::default());
        let task = scheduler.spawn(busy(account.clone(), 1));
        let ended = poll_then_drop(polls, task).await.is_some();
        drop(scheduler);
        if polls > 0 {
            assert!(settle(&account).await, "{polls}: something goes on");
        }
        ended
    });
}

/// What the account is worth: a part that is kept from being dropped is missed.
#[test]
fn control_a_part_that_is_lost_is_seen() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (scheduler, account) = (lanes(1), Account::default());
        let part = account.part();
        scheduler
            .spawn(async move { std::mem::forget(part) })
            .await
            .unwrap();
        scheduler.shutdown().await;
        assert_eq!(account.counts(), (1, 0));
    });
}
