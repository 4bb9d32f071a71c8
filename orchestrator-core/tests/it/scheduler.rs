//! Orders, ends and the tree of tasks.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use orchestrator_core::{Priority, Scheduler, TaskError, TaskHandle, TaskStatus};
use tokio::sync::oneshot;

use crate::{OnDrop, lanes};

/// Holds a lane until it is told to let go. Returns once it holds it.
async fn hold(scheduler: &Scheduler) -> (oneshot::Sender<()>, TaskHandle<()>) {
    let (release, released) = oneshot::channel();
    let (started, running) = oneshot::channel();
    let handle = scheduler.spawn(Priority::High, async move |_| {
        started.send(()).unwrap();
        released.await.unwrap();
    });
    running.await.unwrap();
    (release, handle)
}

#[tokio::test]
async fn the_urgent_goes_first_and_equals_in_order_of_arrival() {
    let scheduler = lanes(1);
    let (release, _held) = hold(&scheduler).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut handles = Vec::new();
    for (name, priority) in [
        ("low", Priority::Low),
        ("normal 1", Priority::Normal),
        ("high 1", Priority::High),
        ("normal 2", Priority::Normal),
        ("high 2", Priority::High),
    ] {
        let order = Arc::clone(&order);
        handles.push(scheduler.spawn(priority, async move |_| order.lock().unwrap().push(name)));
    }
    release.send(()).unwrap();
    for handle in handles {
        handle.await.unwrap();
    }
    let order = order.lock().unwrap();
    assert_eq!(*order, ["high 1", "high 2", "normal 1", "normal 2", "low"]);
}

#[tokio::test]
async fn children_run_on_their_parents_lane_before_normal_tasks_the_newest_first() {
    let scheduler = lanes(1);
    let order = Arc::new(Mutex::new(Vec::new()));
    let log = {
        let order = Arc::clone(&order);
        move |name| order.lock().unwrap().push(name)
    };
    let (release, _held) = hold(&scheduler).await;
    let parent = {
        let log = log.clone();
        scheduler.spawn(Priority::Normal, async move |context| {
            ["older", "newer"].map(|name| {
                let log = log.clone();
                context.spawn(Priority::Normal, async move |child| {
                    log(name);
                    (child.parent(), child.depth(), child.lane())
                })
            })
        })
    };
    let parent_id = parent.id();
    let other = scheduler.spawn(Priority::Normal, async move |_| log("other"));
    release.send(()).unwrap();
    for child in parent.await.unwrap() {
        assert_eq!(child.await.unwrap(), (Some(parent_id), 1, 0));
    }
    other.await.unwrap();
    assert_eq!(*order.lock().unwrap(), ["newer", "older", "other"]);
    assert_eq!(scheduler.stats().total().affinity_hits, 2);
}

#[tokio::test]
async fn an_idle_lane_steals_the_child_of_a_busy_one() {
    let scheduler = lanes(2);
    let parent = scheduler.spawn(Priority::Normal, async |context| {
        let child = context.spawn(Priority::Normal, async |child| child.lane());
        (context.lane(), child.await.unwrap())
    });
    let (parent, child) = parent.await.unwrap();
    assert_ne!(parent, child);
    let stats = scheduler.stats();
    assert_eq!((stats.total().executed, stats.total().stolen), (2, 1));
    assert_eq!(stats.lanes[child].stolen, 1);
}

#[tokio::test]
async fn a_context_outside_its_lane_still_spawns() {
    let scheduler = lanes(1);
    let context = scheduler.spawn(Priority::Normal, async |context| context);
    let context = context.await.unwrap();
    let child = context.spawn(Priority::Normal, async |child| child.depth());
    assert_eq!(child.await.unwrap(), 1);
    assert_eq!(scheduler.stats().total().affinity_hits, 0);
}

/// Each link is urgent and spawns the next, so that there is something urgent at every pick.
fn urgent_chain(context: orchestrator_core::TaskContext, left: u32) {
    if left > 0 {
        context.spawn(Priority::High, async move |context| {
            urgent_chain(context, left - 1)
        });
    }
}

#[tokio::test]
async fn nothing_starves_behind_urgent_tasks_without_end() {
    let scheduler = lanes(1);
    let (release, _held) = hold(&scheduler).await;
    let spread = scheduler.spawn(Priority::High, async |context| {
        let child = context.spawn(Priority::Normal, async |_| ());
        urgent_chain(context, 10_000);
        [child]
    });
    let low = scheduler.spawn(Priority::Low, async |_| ());
    let normal = scheduler.spawn(Priority::Normal, async |_| ());
    release.send(()).unwrap();
    low.await.unwrap();
    normal.await.unwrap();
    let [child] = spread.await.unwrap();
    child.await.unwrap();
    // The budget of the test's own task may let some more pass before we look.
    assert!(scheduler.stats().total().executed < 500);
}

#[tokio::test]
async fn a_queued_task_is_aborted_while_every_lane_is_busy() {
    let scheduler = lanes(1);
    let (_release, held) = hold(&scheduler).await;
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let queued = scheduler.spawn(Priority::High, async move |_| drop(guard));
    assert_eq!(queued.status(), TaskStatus::Queued);
    queued.abort();
    assert_eq!(queued.status(), TaskStatus::Cancelled);
    assert!(dropped.load(Ordering::SeqCst));
    assert!(queued.await.unwrap_err().is_cancelled());
    assert_eq!(held.status(), TaskStatus::Running);
}

#[tokio::test]
async fn aborting_drops_a_running_future_and_cancels_its_queued_children() {
    let scheduler = lanes(1);
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let (tell, told) = oneshot::channel();
    let parent = scheduler.spawn(Priority::Normal, async move |context| {
        let _guard = guard;
        let child = context.spawn(Priority::Normal, async |_| ());
        tell.send((child, context)).unwrap();
        pending::<()>().await;
    });
    let (child, context) = told.await.unwrap();
    assert_eq!(child.status(), TaskStatus::Queued);
    parent.abort();
    let (parent, child) = tokio::join!(parent, child);
    assert!(parent.unwrap_err().is_cancelled() && child.unwrap_err().is_cancelled());
    assert!(dropped.load(Ordering::SeqCst) && context.cancel().is_cancelled());
    // The lane is free again.
    let next = scheduler.spawn(Priority::Low, async |_| 7);
    assert_eq!(next.await, Ok(7));
}

#[tokio::test]
async fn a_child_outlives_the_ordinary_end_of_its_parent() {
    let scheduler = lanes(1);
    let parent = scheduler.spawn(Priority::Normal, async |context| {
        [context.spawn(Priority::Low, async |_| 3)]
    });
    let [child] = parent.await.unwrap();
    assert_eq!(child.await, Ok(3));
}

#[tokio::test]
async fn an_abort_after_the_end_changes_nothing() {
    let scheduler = lanes(1);
    let task = scheduler.spawn(Priority::Normal, async |_| 1);
    scheduler
        .spawn(Priority::Normal, async |_| ())
        .await
        .unwrap();
    assert_eq!(task.status(), TaskStatus::Completed);
    task.abort();
    assert_eq!(task.await, Ok(1));
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[tokio::test]
async fn panics_stay_within_their_task() {
    let scheduler = lanes(1);
    let early = scheduler.spawn(Priority::Normal, |context| {
        assert!(context.depth() > 0, "before the future");
        async {}
    });
    let late = scheduler.spawn(Priority::Normal, async |_| {
        tokio::task::yield_now().await;
        panic!("number {}", 2)
    });
    let task = late.id();
    drop(scheduler.spawn(Priority::Normal, async |_| PanicsOnDrop));
    let next = scheduler.spawn(Priority::Low, async |_| 1);
    assert!(
        early
            .await
            .unwrap_err()
            .to_string()
            .contains("before the future")
    );
    let message = "number 2".to_owned();
    assert_eq!(
        late.await,
        Err::<(), _>(TaskError::Panicked { task, message })
    );
    assert_eq!(next.await, Ok(1));
}

#[tokio::test]
async fn a_panic_on_the_way_out_of_an_abort_stays_within_its_task() {
    let scheduler = lanes(1);
    let (tell, told) = oneshot::channel();
    let task = scheduler.spawn(Priority::Normal, async move |_| {
        let _bomb = PanicsOnDrop;
        tell.send(()).unwrap();
        pending::<()>().await;
    });
    told.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(scheduler.spawn(Priority::Low, async |_| 1).await, Ok(1));
}

#[tokio::test]
async fn shutdown_ends_everything_and_lets_nothing_in() {
    let scheduler = lanes(1);
    let (_release, running) = hold(&scheduler).await;
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let queued = scheduler.spawn(Priority::Low, async move |_| drop(guard));
    tokio::join!(scheduler.shutdown(), scheduler.shutdown());
    assert_eq!(running.status(), TaskStatus::Cancelled);
    assert_eq!(queued.status(), TaskStatus::Cancelled);
    assert!(dropped.load(Ordering::SeqCst));
    let late = scheduler.spawn(Priority::High, async |_| ());
    assert_eq!(late.status(), TaskStatus::Cancelled);
    assert!(late.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn a_task_may_shut_its_own_scheduler_down() {
    let scheduler = Arc::new(lanes(2));
    let inner = Arc::clone(&scheduler);
    let task = scheduler.spawn(Priority::Normal, async move |_| inner.shutdown().await);
    assert!(task.await.unwrap_err().is_cancelled());
    scheduler.shutdown().await;
}

#[tokio::test]
async fn dropping_the_scheduler_cancels() {
    let scheduler = lanes(1);
    let (_release, running) = hold(&scheduler).await;
    let queued = scheduler.spawn(Priority::Low, async |_| ());
    drop(scheduler);
    assert!(running.await.unwrap_err().is_cancelled());
    assert!(queued.await.unwrap_err().is_cancelled());
}

#[test]
fn a_handle_that_outlives_the_runtime_is_told() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
    };
    let first = runtime();
    let (_scheduler, running, queued) = first.block_on(async {
        let scheduler = lanes(1);
        let (release, running) = hold(&scheduler).await;
        std::mem::forget(release);
        let queued = scheduler.spawn(Priority::Low, async |_| ());
        (scheduler, running, queued)
    });
    drop(first);
    let (running, queued) = runtime().block_on(async { tokio::join!(running, queued) });
    assert!(matches!(running, Err(TaskError::Lost { .. })));
    assert!(queued.unwrap_err().is_cancelled());
}
