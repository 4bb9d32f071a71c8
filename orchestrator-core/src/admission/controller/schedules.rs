//! `cargo test -p orchestrator-core --features shuttle shuttle_`

use std::panic::{AssertUnwindSafe, catch_unwind};

use shuttle::{
    future::{block_on, spawn, yield_now},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::WhenBlocked;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// Who gives up takes along what was taken for it.
    NotHandedOn,
}

/// Two roles that share one slot of their provider, and one who gives up in line. Nothing here
/// depends on time, so there are no timers.
fn scenario(bug: Bug) {
    let config = AdmissionConfig::default()
        .with_provider("p", 1)
        .with_breaker(None, WhenBlocked::Wait)
        .with_pressure(None, WhenBlocked::Wait);
    let controller = AdmissionController::new(config);
    let running = Arc::new(AtomicUsize::new(0));
    block_on(async {
        let workers: Vec<_> = ["worker", "planner", "worker"]
            .into_iter()
            .map(|role| {
                let (controller, running) = (controller.clone(), Arc::clone(&running));
                spawn(async move {
                    let request = Request::new(role, role, ModelKey::new("p", "m"));
                    let Ok(admission) = controller.admit(&request).await else {
                        unreachable!("everybody waits")
                    };
                    assert_eq!(running.fetch_add(1, Ordering::SeqCst), 0);
                    yield_now().await;
                    running.fetch_sub(1, Ordering::SeqCst);
                    admission.succeeded(0);
                })
            })
            .collect();
        let fickle = {
            let controller = controller.clone();
            spawn(async move {
                let request = Request::new("fickle", "worker", ModelKey::new("p", "m"));
                let mut wait = Box::pin(controller.admit(&request));
                let first = futures_util::poll!(wait.as_mut());
                yield_now().await;
                match (bug, first.is_pending()) {
                    (Bug::NotHandedOn, true) => std::mem::forget(wait),
                    _ => drop(wait),
                }
            })
        };
        for task in workers.into_iter().chain([fickle]) {
            assert!(task.await.is_ok());
        }
    });
    let stats = controller.stats();
    assert_eq!((stats.running, stats.waiting), (0, 0));
}

#[test]
fn shuttle_everybody_is_admitted_in_the_end() {
    shuttle::check_random(|| scenario(Bug::None), 2000);
    shuttle::check_pct(|| scenario(Bug::None), 1000, 3);
}

#[test]
fn shuttle_control_an_admission_that_is_not_handed_on_is_noticed() {
    let run = || shuttle::check_random(|| scenario(Bug::NotHandedOn), 2000);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
}
