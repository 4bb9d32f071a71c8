//! Orders, lanes and the tree of tasks.

mod ending;

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use orchestrator_core::{
    Budget, Priority, Scheduler, SchedulerConfig, TaskContext, TaskHandle, TaskOptions, TaskStatus,
};
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::lanes;

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
    let scheduler = Arc::new(lanes(2));
    let stats = Arc::clone(&scheduler);
    let parent = scheduler.spawn(async move {
        let own = context();
        let (tell, told) = std::sync::mpsc::channel();
        own.spawn(async move {
            let thief = context().lane();
            tokio::spawn(async {}).await.unwrap();
            // Read while the parent blocks. Once it goes on it may itself be stolen while it waits for its child.
            let stolen = stats.stats().lanes[thief].stolen;
            tell.send((thief, context().lane(), stolen)).unwrap();
        });
        // Blocks its lane: only another one can bring the answer.
        (own.lane(), told.recv().unwrap())
    });
    let (parent, (thief, later, stolen)) = parent.await.unwrap();
    assert_ne!(parent, thief);
    assert_eq!(thief, later);
    // From then on it is the thief's own.
    assert_eq!(stolen, 1);
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
    let same = task.await.unwrap();
    // Where the thread was taken away during a turn, the lane has let others go first, and another lane, which
    // was idle, has taken the task.
    assert!(same * 10 >= rounds * 9, "{same} of {rounds}");
}

#[tokio::test]
async fn who_yields_lets_those_go_first_that_are_in_line() {
    let scheduler = lanes(1);
    let log = Log::default();
    let notes = log.clone();
    let parent = scheduler.spawn(async move {
        let own = context();
        for name in ["first", "second"] {
            let log = notes.clone();
            own.spawn(async move { log.note(name) });
        }
        let log = notes.clone();
        own.spawn(async move {
            for _ in 0..8 {
                log.note("yields");
                // tokio's own would come back only after the lane's turn.
                let mut yielded = false;
                let again = std::future::poll_fn(|context| {
                    if std::mem::replace(&mut yielded, true) {
                        return Poll::Ready(());
                    }
                    context.waker().wake_by_ref();
                    Poll::Pending
                });
                again.await;
            }
        });
    });
    parent.await.unwrap();
    let log = log.0.lock().unwrap().clone();
    // The newest goes first, and is behind the others after that; they and what has yielded take turns.
    let before = |name: &str| {
        let mut log = log.iter();
        log.position(|other| *other == name)
    };
    assert_eq!(log[0], "yields");
    assert!(
        before("second") <= Some(2) && before("first") <= Some(4),
        "{log:?}"
    );
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

#[test]
fn a_scheduler_may_own_its_runtime() {
    let scheduler = Scheduler::with_own_runtime(SchedulerConfig::default()).unwrap();
    let task = scheduler.spawn(async {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        context().spawn_fn(|| 6 * 7).await
    });
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
