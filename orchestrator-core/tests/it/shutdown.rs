//! Order, limits and the report.

use std::{
    future::pending,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Waker},
    time::Duration,
};

use orchestrator_core::{
    HandlerOutcome, ShutdownHandler, ShutdownManager, ShutdownReason, ShutdownRegisterError,
};
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

#[tokio::test(start_paused = true)]
async fn whoever_asks_gets_the_same_report() {
    let shutdown = ShutdownManager::new();
    let slow = async || tokio::time::sleep(Duration::from_secs(1)).await;
    shutdown.register("slow", 0, slow).unwrap();
    let early = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.finished().await }
    });
    let (one, two) = tokio::join!(shutdown.run("one"), shutdown.run("two"));
    let late = shutdown.run("three").await;
    assert_eq!(one.reason, ShutdownReason::Asked("one".to_owned()));
    assert!(Arc::ptr_eq(&one, &two) && Arc::ptr_eq(&one, &late));
    assert!(Arc::ptr_eq(&one, &early.await.unwrap()));
}

#[tokio::test(start_paused = true)]
async fn dropped_at_any_await_it_goes_on_for_the_others() {
    for polls in 0..4 {
        let shutdown = ShutdownManager::new();
        let slow = async || tokio::time::sleep(Duration::from_secs(1)).await;
        shutdown.register("slow", 0, slow).unwrap();
        {
            let mut run = pin!(shutdown.run("dropped"));
            let mut finished = pin!(shutdown.finished());
            for _ in 0..polls {
                let mut context = Context::from_waker(Waker::noop());
                assert!(run.as_mut().poll(&mut context).is_pending());
                assert!(finished.as_mut().poll(&mut context).is_pending());
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
        assert_eq!(shutdown.token().is_cancelled(), polls > 0);
        let report = shutdown.run("asked").await;
        let reason = if polls > 0 { "dropped" } else { "asked" };
        assert_eq!(report.reason.to_string(), reason);
        assert!(report.is_clean());
        assert_eq!(report.handlers.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_takes_its_handler_back() {
    let shutdown = ShutdownManager::new();
    let flag = Arc::new(AtomicBool::new(false));
    let ran = |name| {
        let flag = Arc::clone(&flag);
        ShutdownHandler::new(name, 0, async move || flag.store(true, Ordering::SeqCst))
    };
    drop(shutdown.add(ran("a")).unwrap());
    let kept = shutdown.add(ran("a")).unwrap();
    assert!(shutdown.add(ran("a")).is_err(), "the control");
    drop(kept);
    assert!(shutdown.run("test").await.handlers.is_empty());
    assert!(!flag.load(Ordering::SeqCst));
    let over = ShutdownRegisterError::Over {
        name: "b".to_owned(),
    };
    assert_eq!(shutdown.add(ran("b")).unwrap_err(), over);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_be_registered_while_it_runs() {
    let shutdown = ShutdownManager::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let (inner, notes) = (shutdown.clone(), Arc::clone(&order));
    let first = async move || {
        for (name, priority) in [("lower", 1), ("higher", 9)] {
            let notes = Arc::clone(&notes);
            let note = async move || notes.lock().unwrap().push(name);
            inner.register(name, priority, note).unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        notes.lock().unwrap().push("first");
    };
    shutdown.register("first", 5, first).unwrap();
    assert!(shutdown.run("test").await.is_clean());
    assert_eq!(*order.lock().unwrap(), ["higher", "first", "lower"]);
}

#[tokio::test(start_paused = true)]
async fn a_forced_one_drops_what_runs_and_begins_nothing() {
    let shutdown = ShutdownManager::new();
    let dropped = Arc::new(AtomicBool::new(false));
    let guard = OnDrop(Arc::clone(&dropped));
    shutdown.force("too soon");
    let stuck = async move || {
        let _guard = guard;
        pending().await
    };
    shutdown.register("stuck", 2, stuck).unwrap();
    shutdown.register("next", 1, async || ()).unwrap();
    let force = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        shutdown.force("again");
    };
    let (report, ()) = tokio::join!(shutdown.run("test"), force);
    assert!(dropped.load(Ordering::SeqCst));
    assert_eq!(report.took.as_secs(), 1);
    assert_eq!(
        report.to_string(),
        format!(
            "shutdown after test, took {0:?}, forced by again\n\
             stuck: forced after {0:?}, dropped\n\
             next: not begun: the shutdown was forced\n",
            report.took
        )
    );
}

#[tokio::test(start_paused = true)]
async fn all_together_have_a_grace() {
    let shutdown = ShutdownManager::new().with_grace(Duration::from_secs(12));
    for priority in 0..4 {
        shutdown
            .register(priority.to_string(), priority, pending)
            .unwrap();
    }
    let report = shutdown.run("test").await;
    assert_eq!(report.took.as_secs(), 12);
    assert_eq!(report.late().collect::<Vec<_>>(), ["3", "2", "1"]);
    assert_eq!(report.not_begun().collect::<Vec<_>>(), ["0"]);
    let limit = Duration::from_secs(2);
    assert_eq!(report.handlers[2].outcome, HandlerOutcome::Late { limit });
}

/// Real time from here on: paused clocks do not wait for threads.
const SHORT: Duration = Duration::from_millis(50);

#[tokio::test]
async fn a_blocked_thread_is_given_up_on_and_its_last_resort_taken() {
    let (release, blocked) = mpsc::channel::<()>();
    let called = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&called);
    let shutdown = ShutdownManager::new();
    let block = ShutdownHandler::blocking("blocked", 2, move || _ = blocked.recv())
        .with_limit(SHORT)
        .with_last_resort(move || seen.store(true, Ordering::SeqCst));
    shutdown.add(block).unwrap().keep();
    let quick = ShutdownHandler::blocking("quick", 1, || ()).with_limit(Duration::MAX);
    shutdown.add(quick).unwrap().keep();
    let breaks = ShutdownHandler::blocking("breaks", 0, || panic!("no disk"));
    shutdown.add(breaks).unwrap().keep();
    let report = shutdown.run("test").await;
    assert!(called.load(Ordering::SeqCst));
    assert_eq!(report.late().collect::<Vec<_>>(), ["blocked"]);
    assert!(report.handlers[0].blocked);
    assert_eq!(report.handlers[1].outcome, HandlerOutcome::Done);
    assert_eq!(report.panicked().collect::<Vec<_>>(), ["breaks"]);
    drop(release);
}

/// The runtime's only thread is blocked by a future.
#[test]
fn the_last_word_is_spoken_where_the_runtime_is_blocked() {
    let (release, blocked) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let shutdown = ShutdownManager::new()
        .with_grace(SHORT)
        .with_last_word(move |report| tell.send(report.clone()).unwrap());
    let block = async move || _ = blocked.recv();
    shutdown.register("blocked", 1, block).unwrap();
    shutdown.register("next", 0, async || ()).unwrap();
    let runtime = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(shutdown.run("test"))
    });
    let report = told.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(report.late().collect::<Vec<_>>(), ["blocked"]);
    assert!(report.handlers[0].blocked);
    assert_eq!(report.not_begun().collect::<Vec<_>>(), ["next"]);
    // It comes back after all, and gets the same report.
    drop(release);
    assert_eq!(*runtime.join().unwrap(), report);
}

#[test]
fn nobody_speaks_when_the_report_is_taken() {
    let (tell, told) = mpsc::channel::<()>();
    let shutdown = ShutdownManager::new().with_last_word(move |_| tell.send(()).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    assert!(runtime.block_on(shutdown.run("test")).is_clean());
    // The closure is dropped unused, at the latest with the last clone.
    drop(shutdown);
    assert!(told.recv_timeout(Duration::from_secs(10)).is_err());
}

#[test]
fn a_runtime_that_ends_first_loses_no_report() {
    let shutdown = ShutdownManager::new();
    shutdown.register("stuck", 1, pending).unwrap();
    shutdown.register("next", 0, async || ()).unwrap();
    let runtime = || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        { runtime }.enable_all().build().unwrap()
    };
    let first = runtime();
    first.block_on(async {
        let run = shutdown.run("test");
        assert!(tokio::time::timeout(Duration::ZERO, run).await.is_err());
    });
    drop(first);
    let report = runtime().block_on(shutdown.finished());
    let outcomes: Vec<_> = report.handlers.iter().map(|one| &one.outcome).collect();
    assert_eq!(outcomes, [&HandlerOutcome::Dropped; 2]);
}
