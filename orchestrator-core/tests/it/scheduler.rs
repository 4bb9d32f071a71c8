//! Orders, ends and the tree of tasks.

use std::future::pending;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use orchestrator_core::{
    Budget, Priority, Scheduler, SchedulerConfig, TaskContext, TaskError, TaskHandle, TaskOptions,
    TaskStatus,
};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::{OnDrop, lanes};

/// The context of the task that this is called in.
fn context() -> TaskContext {
    TaskContext::current().unwrap()
}

/// Waits until a task holds for ever. Returns once it does.
async fn hold(scheduler: &Scheduler) -> (oneshot::Sender<()>, TaskHandle<()>) {
    let (release, released) = oneshot::channel();
    let (started, running) = oneshot::channel();
    let handle = scheduler.spawn_with(Priority::High, async move {
        started.send(()).unwrap();
        released.await.unwrap();
    });
    running.await.unwrap();
    (release, handle)
}

/// A list that tasks write their names to.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn note(&self, name: &'static str) {
        self.0.lock().unwrap().push(name);
    }

    fn notes(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn the_urgent_goes_first_and_equals_in_order_of_arrival() {
    let scheduler = lanes(1);
    let log = Log::default();
    // On a runtime of one thread nothing runs before the first await.
    let handles = [
        ("low", Priority::Low),
        ("normal 1", Priority::Normal),
        ("high 1", Priority::High),
        ("high 2", Priority::High),
    ]
    .map(|(name, priority)| {
        let log = log.clone();
        scheduler.spawn_with(priority, async move { log.note(name) })
    });
    for handle in handles {
        handle.await.unwrap();
    }
    assert_eq!(log.notes(), ["high 1", "high 2", "normal 1", "low"]);
}

#[tokio::test]
async fn a_task_keeps_its_priority_after_it_has_waited() {
    let scheduler = lanes(1);
    let log = Log::default();
    let (wake, woken) = oneshot::channel();
    let urgent = scheduler.spawn_with(Priority::High, {
        let log = log.clone();
        async move {
            woken.await.unwrap();
            log.note("urgent");
        }
    });
    yield_now().await;
    let others = scheduler.spawn_all(
        Priority::Normal,
        (0..10).map(|_| {
            let log = log.clone();
            async move { log.note("other") }
        }),
    );
    wake.send(()).unwrap();
    urgent.await.unwrap();
    for other in others {
        other.await.unwrap();
    }
    assert_eq!(log.notes()[0], "urgent");
}

#[tokio::test]
async fn children_run_on_their_parents_lane_before_normal_tasks_the_newest_first() {
    let scheduler = lanes(1);
    let log = Log::default();
    let parent = {
        let log = log.clone();
        scheduler.spawn(async move {
            let own = context();
            ["older", "newer"].map(|name| {
                let log = log.clone();
                own.spawn(async move {
                    log.note(name);
                    let own = context();
                    (own.parent(), own.depth(), own.lane())
                })
            })
        })
    };
    let parent_id = parent.id();
    for child in parent.await.unwrap() {
        assert_eq!(child.await.unwrap(), (Some(parent_id), 1, 0));
    }
    assert_eq!(log.notes(), ["newer", "older"]);
    assert!(scheduler.stats().total().affinity_hits >= 2);
}

/// The one thing that a lane does while its parent's lane blocks its thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_lane_steals_the_child_of_a_busy_one() {
    let scheduler = lanes(2);
    let parent = scheduler.spawn(async {
        let own = context();
        let (tell, told) = std::sync::mpsc::channel();
        own.spawn(async move { tell.send(context().lane()).unwrap() });
        // Blocks its lane: only another one can bring the answer.
        (own.lane(), told.recv().unwrap())
    });
    let (parent, child) = parent.await.unwrap();
    assert_ne!(parent, child);
    assert!(scheduler.stats().lanes[child].stolen >= 1);
}

#[tokio::test]
async fn who_is_woken_from_elsewhere_comes_back_to_their_lane() {
    let scheduler = lanes(2);
    let rounds = 200;
    let task = scheduler.spawn(async move {
        let mut same = 0;
        for _ in 0..rounds {
            let before = context().lane();
            tokio::spawn(async {}).await.unwrap();
            same += usize::from(context().lane() == before);
        }
        same
    });
    assert_eq!(task.await.unwrap(), rounds);
}

#[tokio::test]
async fn a_context_outside_its_lane_still_spawns() {
    let scheduler = lanes(1);
    let (tell, told) = oneshot::channel();
    let parent = scheduler.spawn(async move {
        tell.send(context()).unwrap();
        pending::<()>().await;
    });
    let own = told.await.unwrap();
    assert!(TaskContext::current().is_none());
    let child = own.spawn(async { context().depth() });
    assert_eq!(child.await.unwrap(), 1);
    parent.abort();
    assert!(parent.await.unwrap_err().is_cancelled());
    // The parent has ended, so there is nobody to be a child of.
    let late = own.spawn(async {});
    assert_eq!(late.status(), TaskStatus::Ended);
    assert!(late.await.unwrap_err().is_cancelled());
}

/// Each link is urgent and spawns the next, so that there is something urgent at every pick.
fn urgent_chain(own: &TaskContext, left: u32, passed: &Arc<AtomicUsize>) {
    if left > 0 {
        passed.fetch_add(1, Ordering::SeqCst);
        let (own_too, passed) = (own.clone(), Arc::clone(passed));
        own.spawn_with(Priority::High, async move {
            urgent_chain(&own_too, left - 1, &passed);
        });
    }
}

#[tokio::test]
async fn nothing_starves_behind_urgent_tasks_without_end() {
    let scheduler = lanes(1);
    let passed = Arc::new(AtomicUsize::new(0));
    let note = |passed: &Arc<AtomicUsize>| {
        let passed = Arc::clone(passed);
        async move { passed.load(Ordering::SeqCst) }
    };
    let seen = Arc::clone(&passed);
    let spread = scheduler.spawn_with(Priority::High, async move {
        let own = context();
        let child = own.spawn(note(&seen));
        urgent_chain(&own, 10_000, &seen);
        child.await.unwrap()
    });
    let low = scheduler.spawn_with(Priority::Low, note(&passed));
    let normal = scheduler.spawn(note(&passed));
    // The bound of the documentation: 48 picks.
    assert!(low.await.unwrap() <= 48);
    assert!(normal.await.unwrap() <= 48);
    assert!(spread.await.unwrap() <= 48);
}

#[tokio::test]
async fn a_queued_task_that_is_aborted_is_never_begun() {
    let scheduler = lanes(1);
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let begun = Arc::new(AtomicBool::new(false));
    let queued = scheduler.spawn_with(Priority::High, {
        let begun = Arc::clone(&begun);
        async move {
            begun.store(true, Ordering::SeqCst);
            drop(guard);
        }
    });
    assert_eq!(queued.status(), TaskStatus::Queued);
    queued.abort();
    assert!(queued.await.unwrap_err().is_cancelled());
    assert!(dropped.load(Ordering::SeqCst) && !begun.load(Ordering::SeqCst));
}

#[tokio::test]
async fn aborting_drops_a_waiting_future_and_cancels_and_awaits_all_below() {
    let scheduler = lanes(1);
    let dropped = Arc::new(AtomicUsize::new(0));
    struct Count(Arc<AtomicUsize>);
    impl Drop for Count {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    fn tree(own: &TaskContext, depth: u32, dropped: &Arc<AtomicUsize>) {
        if depth > 0 {
            for _ in 0..3 {
                let dropped = Arc::clone(dropped);
                own.spawn(async move {
                    let _count = Count(Arc::clone(&dropped));
                    tree(&context(), depth - 1, &dropped);
                    pending::<()>().await;
                });
            }
        }
    }
    let (tell, told) = oneshot::channel();
    let inside = Arc::clone(&dropped);
    let parent = scheduler.spawn(async move {
        let own = context();
        tree(&own, 4, &inside);
        let queued = own.spawn_with(Priority::Low, pending::<()>());
        tell.send((queued, own)).unwrap();
        pending::<()>().await;
    });
    let (queued, own) = told.await.unwrap();
    let token = own.cancellation();
    // Some of the tree is queued still, some waits.
    yield_now().await;
    parent.abort();
    assert!(token.is_cancelled() && own.is_cancelled());
    assert!(parent.await.unwrap_err().is_cancelled());
    // Who has the parent's result knows that all below are gone: those that were never begun have
    // dropped nothing.
    let stats = scheduler.stats().total();
    assert_eq!(
        stats.cancelled,
        1 + 3 + 9 + 27 + 81 + 1 - not_spawned(&stats)
    );
    assert!(queued.is_ended());
    // The lane is free again.
    let next = scheduler.spawn_with(Priority::Low, async { 7 });
    assert_eq!(next.await, Ok(7));
    drop(own);
}

/// Tasks of the tree whose parents were cancelled before they could spawn them.
fn not_spawned(stats: &orchestrator_core::LaneStats) -> u64 {
    // Each task of the tree is taken up exactly once before it ends, spawned or not.
    (1 + 3 + 9 + 27 + 81 + 1) - stats.begun
}

#[tokio::test]
async fn a_task_ends_when_its_children_have() {
    let scheduler = lanes(1);
    let (release, released) = oneshot::channel::<()>();
    let parent = scheduler.spawn(async move {
        context().spawn_with(Priority::Low, async move { released.await.unwrap() });
        3
    });
    for _ in 0..20 {
        yield_now().await;
    }
    assert_eq!(parent.status(), TaskStatus::Running);
    release.send(()).unwrap();
    assert_eq!(parent.await, Ok(3));
}

#[tokio::test]
async fn a_panic_cancels_the_children_and_waits_for_them() {
    let scheduler = lanes(1);
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let parent = scheduler.spawn(async move {
        let child = context().spawn(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        yield_now().await;
        assert!(child.is_ended(), "as planned");
    });
    assert!(parent.await.unwrap_err().is_panic());
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_abort_after_the_end_changes_nothing() {
    let scheduler = lanes(1);
    let task = scheduler.spawn(async { 1 });
    scheduler.spawn_with(Priority::Low, async {}).await.unwrap();
    assert_eq!(task.status(), TaskStatus::Ended);
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
    let early = scheduler.spawn_fn(|| assert!(context().depth() > 0, "in a closure"));
    let late = scheduler.spawn(async {
        yield_now().await;
        panic!("number {}", 2)
    });
    let task = late.id();
    let next = scheduler.spawn_with(Priority::Low, async { 1 });
    let early = early.await.unwrap_err();
    assert!(early.to_string().contains("in a closure"));
    let message = "number 2".to_owned();
    assert_eq!(
        late.await,
        Err::<(), _>(TaskError::Panicked { task, message })
    );
    assert_eq!(next.await, Ok(1));
    assert_eq!(scheduler.stats().total().panicked, 2);
}

#[tokio::test]
async fn a_panic_on_the_way_out_of_an_abort_stays_within_its_task() {
    let scheduler = lanes(1);
    let (tell, told) = oneshot::channel();
    let task = scheduler.spawn(async move {
        let _bomb = PanicsOnDrop;
        tell.send(()).unwrap();
        pending::<()>().await;
    });
    told.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(scheduler.spawn(async { 1 }).await, Ok(1));
}

#[tokio::test]
async fn a_blocking_closure_is_told_and_waited_for() {
    let scheduler = lanes(1);
    let (tell, told) = oneshot::channel();
    let returned = Arc::new(AtomicBool::new(false));
    let task = scheduler.spawn_blocking({
        let returned = Arc::clone(&returned);
        move |own| {
            tell.send(()).unwrap();
            while !own.is_cancelled() {
                std::thread::yield_now();
            }
            returned.store(true, Ordering::SeqCst);
        }
    });
    told.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(returned.load(Ordering::SeqCst));
    assert_eq!(scheduler.spawn_blocking(|_| 5).await, Ok(5));
    let panicked = scheduler.spawn_blocking(|_| panic!("on a thread")).await;
    assert!(panicked.unwrap_err().to_string().contains("on a thread"));
}

#[tokio::test]
async fn a_budget_is_the_trees() {
    let scheduler = lanes(1);
    let options = TaskOptions::default().with_budget(Budget::of(10));
    let task = scheduler.spawn_with(options, async {
        let own = context();
        own.budget().try_spend(4).unwrap();
        let part = TaskOptions::default().with_budget(own.budget().part(5));
        let child = own.spawn_with(part, async {
            let own = context();
            (
                own.budget().try_spend(6).is_err(),
                own.budget().try_spend(5).is_ok(),
            )
        });
        let child = child.await.unwrap();
        let heir = own.spawn(async { context().budget().left() });
        (child, heir.await.unwrap())
    });
    assert_eq!(task.await, Ok(((true, true), Some(1))));
}

#[tokio::test]
async fn shutdown_ends_everything_and_lets_nothing_in() {
    let scheduler = lanes(1);
    let (_release, running) = hold(&scheduler).await;
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let queued = scheduler.spawn_with(Priority::Low, async move { drop(guard) });
    tokio::join!(scheduler.shutdown(), scheduler.shutdown());
    assert_eq!(running.status(), TaskStatus::Ended);
    assert_eq!(queued.status(), TaskStatus::Ended);
    assert!(dropped.load(Ordering::SeqCst));
    let late = scheduler.spawn_with(Priority::High, async {});
    assert!(late.await.unwrap_err().is_cancelled());
    assert!(running.await.unwrap_err().is_cancelled());
    scheduler.shutdown().await;
}

#[tokio::test]
async fn a_task_may_shut_its_own_scheduler_down() {
    let scheduler = Arc::new(lanes(2));
    let inner = Arc::clone(&scheduler);
    let task = scheduler.spawn(async move { inner.shutdown().await });
    assert!(task.await.unwrap_err().is_cancelled());
    scheduler.shutdown().await;
}

#[tokio::test]
async fn dropping_the_scheduler_cancels() {
    let scheduler = lanes(1);
    let (_release, running) = hold(&scheduler).await;
    let queued = scheduler.spawn_with(Priority::Low, async {});
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
    let (scheduler, running, below, queued) = first.block_on(async {
        let scheduler = lanes(1);
        let (release, running) = hold(&scheduler).await;
        std::mem::forget(release);
        let (tell, told) = oneshot::channel();
        scheduler.spawn(async move {
            let child = context().spawn(pending::<()>());
            yield_now().await;
            tell.send(child).unwrap();
        });
        let below = told.await.unwrap();
        let queued = scheduler.spawn_with(Priority::Low, async {});
        (scheduler, running, below, queued)
    });
    drop(first);
    let late = scheduler.spawn(async {});
    runtime().block_on(async {
        for lost in [running.await, below.await, queued.await, late.await] {
            assert!(matches!(lost, Err(TaskError::Lost { .. })), "{lost:?}");
        }
        scheduler.shutdown().await;
    });
}

#[test]
fn a_scheduler_may_own_its_runtime() {
    let scheduler = Scheduler::with_own_runtime(SchedulerConfig::default()).unwrap();
    let task = scheduler.spawn(async {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        context().spawn_fn(|| 6 * 7).await
    });
    assert_eq!(futures_util::FutureExt::now_or_never(async {}), Some(()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert_eq!(runtime.block_on(task), Ok(Ok(42)));
    drop(scheduler);
}

/// In which order tasks that all yield a few times come to their turns.
fn order_of(seed: u64) -> Vec<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let config = SchedulerConfig::new(std::num::NonZeroUsize::new(3).unwrap());
        let scheduler = Scheduler::new(config.with_seed(seed));
        let order = Arc::new(Mutex::new(Vec::new()));
        let tasks = scheduler.spawn_all(
            Priority::Normal,
            (0..8_usize).map(|name| {
                let order = Arc::clone(&order);
                async move {
                    for turn in 0..3 {
                        order.lock().unwrap().push(name);
                        match turn {
                            0 => yield_now().await,
                            // Hours pass at once: the clock is paused.
                            _ => tokio::time::sleep(std::time::Duration::from_secs(3600)).await,
                        }
                    }
                }
            }),
        );
        for task in tasks {
            task.await.unwrap();
        }
        order.lock().unwrap().clone()
    })
}

#[test]
fn a_seed_decides_the_order_and_other_seeds_find_others() {
    let orders: Vec<_> = (0..6).map(order_of).collect();
    assert_eq!(orders, (0..6).map(order_of).collect::<Vec<_>>());
    assert!(orders.iter().any(|order| *order != orders[0]));
}
