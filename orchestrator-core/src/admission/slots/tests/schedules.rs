//! `cargo test -p orchestrator-core --features shuttle shuttle_`

use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::{
    future::{block_on, spawn, yield_now},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// Who gives up takes along the slot that was promised to it.
    NotHandedOn,
}

/// Some take a slot each, some give up in line, and meanwhile the limit goes down and up.
fn scenario(bug: Bug) {
    let slots = Slots::new(NonZeroUsize::MIN);
    let running = Arc::new(AtomicUsize::new(0));
    block_on(async {
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (slots, running) = (slots.clone(), Arc::clone(&running));
                spawn(async move {
                    let Ok(_permit) = slots.acquire().await else {
                        unreachable!("nobody closes them")
                    };
                    // At most two: the limit in force when the last of them came in.
                    assert!(running.fetch_add(1, Ordering::SeqCst) < 2);
                    yield_now().await;
                    running.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        let fickle = {
            let slots = slots.clone();
            spawn(async move {
                let mut wait = Box::pin(slots.acquire());
                let first = futures_util::poll!(wait.as_mut());
                yield_now().await;
                match (bug, first.is_pending()) {
                    (Bug::NotHandedOn, true) => std::mem::forget(wait),
                    _ => drop(wait),
                }
            })
        };
        let scaler = {
            let slots = slots.clone();
            spawn(async move {
                for limit in [2, 0, 1] {
                    slots.set_limit(limit);
                    yield_now().await;
                }
            })
        };
        for task in workers.into_iter().chain([fickle, scaler]) {
            assert!(task.await.is_ok());
        }
    });
    assert_eq!((slots.in_use(), slots.waiting()), (0, 0));
}

#[test]
fn shuttle_nobody_waits_for_ever_and_nothing_leaks() {
    shuttle::check_random(|| scenario(Bug::None), 3000);
    shuttle::check_pct(|| scenario(Bug::None), 1000, 3);
}

#[test]
fn shuttle_control_a_promise_that_is_not_handed_on_is_noticed() {
    let run = || shuttle::check_random(|| scenario(Bug::NotHandedOn), 2000);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}
