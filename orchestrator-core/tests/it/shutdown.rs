//! Order, limits and the report.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use orchestrator_core::{HandlerOutcome, ShutdownManager, ShutdownRegisterError};
use tokio::{sync::Barrier, time::Instant};

use crate::OnDrop;

#[tokio::test]
async fn the_highest_priority_first() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let shutdown = ShutdownManager::new();
    for (name, priority) in [
        ("pools", 0),
        ("admission", 10),
        ("log", -5),
        ("missions", 5),
    ] {
        let order = Arc::clone(&order);
        let note = async move || order.lock().unwrap().push(name);
        shutdown.register(name, priority, note).unwrap();
    }
    let report = shutdown.run("test").await;
    assert!(report.is_clean());
    assert_eq!(
        *order.lock().unwrap(),
        ["admission", "missions", "pools", "log"]
    );
    let names: Vec<_> = report
        .handlers
        .iter()
        .map(|handler| handler.name.as_str())
        .collect();
    assert_eq!(names, ["admission", "missions", "pools", "log"]);
}

#[tokio::test(start_paused = true)]
async fn equals_run_side_by_side() {
    let meet = Arc::new(Barrier::new(3));
    let shutdown = ShutdownManager::new();
    for name in ["a", "b", "c"] {
        let meet = Arc::clone(&meet);
        shutdown
            .register(name, 1, async move || _ = meet.wait().await)
            .unwrap();
    }
    assert!(shutdown.run("test").await.is_clean());
}

#[tokio::test(start_paused = true)]
async fn the_late_and_the_panicked_are_named_and_the_rest_runs() {
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    let shutdown = ShutdownManager::new();
    shutdown
        .register("stuck", 2, async move || {
            let _guard = guard;
            pending().await
        })
        .unwrap();
    shutdown
        .register("broken", 2, async || panic!("no {}", "disk"))
        .unwrap();
    let seen = Arc::clone(&dropped);
    shutdown
        .register("last", 1, async move || {
            assert!(seen.load(Ordering::SeqCst))
        })
        .unwrap();
    let began = Instant::now();
    let report = shutdown.run("test").await;
    assert_eq!(began.elapsed().as_secs(), 5);
    assert!(!report.is_clean());
    assert_eq!(report.late().collect::<Vec<_>>(), ["stuck"]);
    assert_eq!(report.panicked().collect::<Vec<_>>(), ["broken"]);
    let outcomes: Vec<_> = report
        .handlers
        .iter()
        .map(|handler| &handler.outcome)
        .collect();
    let limit = Duration::from_secs(5);
    let message = "no disk".to_owned();
    assert_eq!(
        outcomes,
        [
            &HandlerOutcome::Late { limit },
            &HandlerOutcome::Panicked { message },
            &HandlerOutcome::Done,
        ]
    );
    assert!(report.to_string().starts_with(
        "shutdown after test, took 5s\nstuck: not done after 5s, dropped\nbroken: panicked"
    ));
}

#[tokio::test(start_paused = true)]
async fn the_limit_can_be_set() {
    let shutdown = ShutdownManager::new().with_limit(Duration::from_millis(30));
    shutdown.register("stuck", 0, pending).unwrap();
    let began = Instant::now();
    assert_eq!(shutdown.run("test").await.late().count(), 1);
    assert!(began.elapsed() < Duration::from_millis(50));
}

#[test]
fn a_name_is_taken_once() {
    let shutdown = ShutdownManager::new();
    shutdown.register("log", 0, async || ()).unwrap();
    let error = shutdown.register("log", 1, async || ()).unwrap_err();
    assert_eq!(
        error,
        ShutdownRegisterError::DuplicateName {
            name: "log".to_owned()
        }
    );
}
