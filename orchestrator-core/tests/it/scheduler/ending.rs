//! How tasks end: alone, with their children, and with their scheduler.

use std::sync::atomic::AtomicBool;

use orchestrator_core::TaskError;

use super::*;
use crate::OnDrop;

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
    let alive = Arc::new(());
    fn tree(own: &TaskContext, depth: u32, alive: &Arc<()>) {
        if depth > 0 {
            for _ in 0..3 {
                let alive = Arc::clone(alive);
                own.spawn(async move {
                    tree(&context(), depth - 1, &alive);
                    pending::<()>().await;
                });
            }
        }
    }
    let (tell, told) = oneshot::channel();
    let inside = Arc::clone(&alive);
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
    // Who has the parent's result knows that all below are gone, also those that were never begun.
    let stats = scheduler.stats().total();
    assert_eq!((stats.cancelled, stats.completed), (stats.begun, 0));
    assert_eq!(Arc::strong_count(&alive), 1);
    assert!(queued.is_ended());
    // The lane is free again.
    let next = scheduler.spawn_with(Priority::Low, async { 7 });
    assert_eq!(next.await, Ok(7));
    drop(own);
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
