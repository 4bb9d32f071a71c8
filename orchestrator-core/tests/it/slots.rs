//! The limit holds, whatever becomes of those that hold a permit.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use orchestrator_core::Slots;
use tokio::{sync::Barrier, task::yield_now};

fn slots(limit: usize) -> Slots {
    Slots::new(NonZeroUsize::new(limit).unwrap())
}

#[test]
fn a_permit_gives_back_one_slot_and_no_more() {
    let slots = slots(2);
    let permit = slots.try_acquire().unwrap();
    // There is no second release to write. What comes closest: an early end and a clean-up that
    // both want to release, through one owner.
    let mut owner = Some(permit);
    drop(owner.take());
    drop(owner.take());
    let running: Vec<_> = std::iter::from_fn(|| slots.try_acquire()).collect();
    assert_eq!((running.len(), slots.in_use()), (2, 2));
}

#[tokio::test]
async fn the_limit_holds_over_ends_panics_and_aborts() {
    let slots = slots(2);
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let (slots, running, most) = (slots.clone(), running.clone(), most.clone());
            tokio::spawn(async move {
                struct Count(Arc<AtomicUsize>);
                impl Drop for Count {
                    fn drop(&mut self) {
                        self.0.fetch_sub(1, Ordering::SeqCst);
                    }
                }
                let _permit = slots.acquire().await.unwrap();
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                let _count = Count(running);
                most.fetch_max(now, Ordering::SeqCst);
                yield_now().await;
                assert!(number % 3 != 0, "as planned");
                yield_now().await;
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        if number % 4 == 1 {
            yield_now().await;
            task.abort();
        }
        let _however = task.await;
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    assert_eq!(slots.in_use(), 0);
}

#[tokio::test]
async fn who_gives_up_waiting_takes_no_slot_along() {
    let slots = slots(1);
    let permit = slots.acquire().await.unwrap();
    let waiter = tokio::spawn({
        let slots = slots.clone();
        async move { slots.acquire().await }
    });
    yield_now().await;
    // The slot is promised to the waiter, and then the waiter is gone.
    drop(permit);
    waiter.abort();
    let _gone = waiter.await;
    assert_eq!(slots.in_use(), 0);
    assert!(slots.try_acquire().is_some());
}

#[tokio::test]
async fn closed_slots_turn_away_who_comes_and_who_waits() {
    let slots = slots(1);
    let permit = slots.acquire().await.unwrap();
    let start = Arc::new(Barrier::new(2));
    let waiter = tokio::spawn({
        let (slots, start) = (slots.clone(), start.clone());
        async move {
            start.wait().await;
            slots.acquire().await
        }
    });
    start.wait().await;
    yield_now().await;
    slots.close();
    assert_eq!(waiter.await.unwrap().unwrap_err().limit, 1);
    assert!(slots.try_acquire().is_none());
    assert_eq!(slots.in_use(), 1);
    drop(permit);
    assert_eq!((slots.in_use(), slots.limit()), (0, 1));
    assert!(slots.acquire().await.is_err());
}
