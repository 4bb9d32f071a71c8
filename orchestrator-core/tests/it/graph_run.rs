//! Graphs that are run on a scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use orchestrator_core::{
    FailurePolicy, GraphAdder, GraphError, GraphReport, JobError, NodeStatus, Priority, RunOptions,
    TaskGraph,
};
use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::task::yield_now;

use crate::lanes;

/// A graph in which each task depends on some of those before it.
fn graph_of(needs: &[BTreeSet<usize>]) -> TaskGraph<usize> {
    let mut graph = TaskGraph::new();
    for (task, needs) in needs.iter().enumerate() {
        graph.add(task, needs.iter().copied()).unwrap();
    }
    graph
}

fn graphs() -> impl Strategy<Value = (Vec<BTreeSet<usize>>, BTreeSet<usize>)> {
    (1..40_usize).prop_flat_map(|count| {
        let needs = (0..count)
            .map(|task| {
                let before = proptest::collection::btree_set(0..task.max(1), 0..4);
                before.prop_map(move |mut needs| {
                    needs.remove(&task);
                    needs
                })
            })
            .collect::<Vec<_>>();
        (needs, proptest::collection::btree_set(0..count, 0..4))
    })
}

/// How the tasks must end, whatever the order.
fn model(needs: &[BTreeSet<usize>], failing: &BTreeSet<usize>, goes_on: bool) -> Vec<NodeStatus> {
    let mut ends: Vec<NodeStatus> = Vec::new();
    for (task, needs) in needs.iter().enumerate() {
        let blocked = needs.iter().any(|on| match ends[*on] {
            NodeStatus::Done => false,
            NodeStatus::Failed => !goes_on,
            _ => true,
        });
        ends.push(match (blocked, failing.contains(&task)) {
            (true, _) => NodeStatus::Skipped,
            (false, true) => NodeStatus::Failed,
            (false, false) => NodeStatus::Done,
        });
    }
    ends
}

struct Outcome {
    report: GraphReport<usize, usize>,
    /// When each job began and ended, by a clock that counts such events.
    times: BTreeMap<usize, (usize, usize)>,
}

/// Runs a graph on two threads; failing jobs panic if they are odd.
fn outcome(
    needs: &[BTreeSet<usize>],
    failing: &BTreeSet<usize>,
    options: RunOptions<usize>,
) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let times = Arc::new(Mutex::new(BTreeMap::new()));
    let (noted, failing) = (Arc::clone(&times), failing.clone());
    let report = runtime.block_on(async {
        let scheduler = lanes(2);
        let clock = Arc::new(AtomicUsize::new(0));
        let run = graph_of(needs)
            .run(&scheduler, options, move |task| {
                let (clock, noted) = (Arc::clone(&clock), Arc::clone(&noted));
                let fails = failing.contains(&task);
                async move {
                    let began = clock.fetch_add(1, Ordering::SeqCst);
                    for _ in 0..task % 3 {
                        yield_now().await;
                    }
                    let ended = clock.fetch_add(1, Ordering::SeqCst);
                    let before = noted.lock().unwrap().insert(task, (began, ended));
                    assert!(before.is_none(), "it ran twice");
                    assert!(!fails || task % 2 == 0, "as planned");
                    if fails { Err(task) } else { Ok(()) }
                }
            })
            .unwrap();
        let report = run.await;
        scheduler.shutdown().await;
        report
    });
    let times = std::mem::take(&mut *times.lock().unwrap());
    Outcome { report, times }
}

/// What is wrong with how a graph was run.
fn faults(needs: &[BTreeSet<usize>], outcome: &Outcome, ends: &[NodeStatus]) -> Vec<String> {
    let mut faults = Vec::new();
    for (task, end) in &outcome.report.tasks {
        if ends[*task] != *end {
            faults.push(format!("{task} is {end}, not {}", ends[*task]));
        }
        let ran = outcome.times.contains_key(task);
        if ran != matches!(end, NodeStatus::Done | NodeStatus::Failed) {
            faults.push(format!("{task} is {end}, and ran: {ran}"));
        }
        for on in &needs[*task] {
            if let (Some(own), Some(other)) = (outcome.times.get(task), outcome.times.get(on))
                && own.0 < other.1
            {
                faults.push(format!("{task} began before {on} had ended"));
            }
        }
    }
    faults
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_run_ends_as_the_model_says(
        (needs, failing) in graphs(),
        goes_on in any::<bool>(),
        by_path in any::<bool>(),
    ) {
        let policy = if goes_on { FailurePolicy::Continue } else { FailurePolicy::SkipDependents };
        let mut options = RunOptions::default().with_policy(policy);
        if by_path {
            options = options.with_critical_path(|task| *task as u64);
        }
        let outcome = outcome(&needs, &failing, options);
        let ends = model(&needs, &failing, goes_on);
        prop_assert_eq!(faults(&needs, &outcome, &ends), Vec::<String>::new());
        let failed: BTreeSet<_> = outcome.report.failures.iter().map(|(task, _)| *task).collect();
        let expected: BTreeSet<_> = (0..needs.len()).filter(|at| ends[*at] == NodeStatus::Failed).collect();
        prop_assert_eq!(failed, expected);
        prop_assert_eq!(outcome.report.is_success(), ends.iter().all(|end| *end == NodeStatus::Done));
    }
}

#[test]
fn control_a_run_that_ignores_a_dependency_is_found_out() {
    let (real, run): (Vec<_>, Vec<_>) = (
        (0..40)
            .map(|task: usize| task.checked_sub(1).into_iter().collect())
            .collect(),
        vec![BTreeSet::new(); 40],
    );
    let outcome = outcome(&run, &BTreeSet::new(), RunOptions::default());
    let ends = model(&real, &BTreeSet::new(), false);
    // Nothing is in the way of the tasks, so those that let others pass are overtaken.
    assert!(!faults(&real, &outcome, &ends).is_empty());
}

#[tokio::test]
async fn failing_fast_begins_nothing_more() {
    let scheduler = lanes(1);
    let mut graph = TaskGraph::new();
    for task in 0..10 {
        graph.add(task, []).unwrap();
    }
    let options = RunOptions::default().with_policy(FailurePolicy::FailFast);
    let run = graph.run(&scheduler, options, |task| async move {
        if task == 2 { Err("no") } else { Ok(()) }
    });
    let report = run.unwrap().await;
    assert_eq!(report.failures, [(2, JobError::Failed("no"))]);
    let counts = report.counts();
    assert_eq!((counts.done, counts.failed, counts.skipped), (2, 1, 7));
}

#[tokio::test]
async fn circles_and_missing_names_are_refused_and_nothing_runs() {
    let scheduler = lanes(1);
    let mut graph = TaskGraph::new();
    graph.add("a", ["b"]).unwrap();
    graph.add("b", ["a"]).unwrap();
    let run = |graph: &TaskGraph<&'static str>| {
        let run = graph.run(&scheduler, RunOptions::default(), |_| async {
            Ok::<_, ()>(())
        });
        run.unwrap_err()
    };
    assert_eq!(run(&graph), GraphError::Cycles(vec![vec!["a", "b"]]));
    let mut graph = TaskGraph::new();
    graph.add("a", ["nobody"]).unwrap();
    assert!(matches!(run(&graph), GraphError::UnknownDependency { .. }));
    assert_eq!(scheduler.stats().total().begun, 0);
}

#[tokio::test]
async fn the_longest_path_first() {
    let scheduler = lanes(1);
    let mut graph = TaskGraph::new();
    // The order of adding is the reverse of what matters.
    for (task, needs) in [
        ("short", None),
        ("last", Some("middle")),
        ("middle", Some("long")),
        ("long", None),
    ] {
        graph.add(task, needs).unwrap();
    }
    let order = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&order);
    let options = RunOptions::default().with_critical_path(|task: &&str| task.len() as u64);
    let run = graph.run(&scheduler, options, move |task| {
        noted.lock().unwrap().push(task);
        async { Ok::<_, ()>(()) }
    });
    assert!(run.unwrap().await.is_success());
    assert_eq!(*order.lock().unwrap(), ["long", "middle", "short", "last"]);
}

/// Adds a task below each, until there are enough.
async fn grow(adder: GraphAdder<u32, String>, task: u32) -> Result<(), String> {
    if task < 500 {
        let late = adder
            .add(task + 1, [task])
            .map_err(|error| error.to_string())?;
        assert_eq!(late, NodeStatus::Waiting);
        // What is done already is no obstacle.
        if task > 0 {
            let at_once = adder.add(task + 1_000, [task - 1]).unwrap();
            assert_eq!(at_once, NodeStatus::Ready);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graph_grows_while_it_runs() {
    let scheduler = lanes(2);
    let mut graph = TaskGraph::new();
    graph.add(0_u32, []).unwrap();
    let (give, given) = oneshot::channel();
    let given = Arc::new(Mutex::new(Some(given)));
    let known = Arc::new(Mutex::new(None));
    let run = graph
        .run(&scheduler, RunOptions::default(), move |task| {
            let (given, known) = (Arc::clone(&given), Arc::clone(&known));
            async move {
                let first = given.lock().unwrap().take();
                if let Some(first) = first {
                    *known.lock().unwrap() = Some(first.await.unwrap());
                }
                let adder: GraphAdder<u32, String> = known.lock().unwrap().clone().unwrap();
                if task < 1_000 {
                    grow(adder, task).await
                } else {
                    Ok(())
                }
            }
        })
        .unwrap();
    let adder = run.adder();
    give.send(run.adder()).unwrap();
    let report = run.await;
    assert_eq!(report.failures, []);
    assert!(report.is_success());
    assert_eq!(report.counts().done, 501 + 499);
    // Nobody is there any more who would run it.
    assert_eq!(adder.add(7_000, []), Err(GraphError::Ended { task: 7_000 }));
}

#[tokio::test]
async fn what_is_added_below_a_failure_is_skipped() {
    let scheduler = lanes(1);
    let mut graph = TaskGraph::new();
    graph.add("fails", []).unwrap();
    graph.add("holds", []).unwrap();
    let (release, released) = oneshot::channel::<()>();
    let (begin, begun) = oneshot::channel::<()>();
    let held = Mutex::new(Some((begin, released)));
    let run = graph.run(&scheduler, RunOptions::default(), move |task| {
        let held = (task == "holds").then(|| held.lock().unwrap().take());
        async move {
            let Some((begin, released)) = held.flatten() else {
                return Err("no");
            };
            begin.send(()).map_err(|()| "gone")?;
            released.await.map_err(|_| "gone")
        }
    });
    let run = run.unwrap();
    let adder = run.adder();
    begun.await.unwrap();
    assert_eq!(adder.add("below", ["fails"]), Ok(NodeStatus::Skipped));
    assert_eq!(
        adder.add("further", ["below", "holds"]),
        Ok(NodeStatus::Skipped)
    );
    assert!(matches!(
        adder.add("below", []),
        Err(GraphError::Duplicate { .. })
    ));
    assert!(matches!(
        adder.add("x", ["y"]),
        Err(GraphError::UnknownDependency { .. })
    ));
    release.send(()).unwrap();
    let report = run.await;
    assert_eq!((report.counts().skipped, report.counts().done), (2, 1));
}

#[tokio::test]
async fn an_aborted_run_says_so() {
    let scheduler = lanes(2);
    let mut graph = TaskGraph::new();
    graph.add(1, []).unwrap();
    graph.add(2, [1]).unwrap();
    let options = RunOptions::default().with_task(Priority::High);
    let run = graph
        .run(&scheduler, options, |_| pending::<Result<(), ()>>())
        .unwrap();
    yield_now().await;
    run.abort();
    let report = run.await;
    assert!(report.ended.as_ref().unwrap().is_cancelled() && !report.is_success());
    assert_eq!(
        report.tasks,
        [(1, NodeStatus::Running), (2, NodeStatus::Waiting)]
    );
    // The lanes are free again.
    assert_eq!(scheduler.spawn(async { 1 }).await, Ok(1));
}

/// Computes for so long.
fn compute(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[tokio::test]
async fn what_is_urgent_does_not_wait_for_a_row_of_long_nodes() {
    let scheduler = Arc::new(lanes(1));
    let mut graph = TaskGraph::new();
    for task in 0..40 {
        graph.add(task, []).unwrap();
    }
    let ran = Arc::new(AtomicUsize::new(0));
    let urgent = Arc::new(Mutex::new(None));
    let (counted, keep) = (Arc::clone(&ran), Arc::clone(&urgent));
    let asks = Arc::clone(&scheduler);
    let run = graph.run(&scheduler, RunOptions::default(), move |_| {
        // As long as several turns of a lane.
        compute(Duration::from_millis(1));
        let before = counted.fetch_add(1, Ordering::Relaxed) + 1;
        if before == 20 {
            let counted = Arc::clone(&counted);
            let after = asks.spawn_with(Priority::High, async move {
                counted.load(Ordering::Relaxed) - before
            });
            *keep.lock().unwrap() = Some(after);
        }
        async { Ok::<(), ()>(()) }
    });
    assert!(run.unwrap().await.is_success());
    let urgent = urgent.lock().unwrap().take().unwrap();
    let after = urgent.await.unwrap();
    assert!(after <= 1, "{after} nodes ran before the urgent task");
}
