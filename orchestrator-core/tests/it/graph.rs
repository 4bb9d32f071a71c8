//! Steps, failures, circles and pictures.

use orchestrator_core::{FailurePolicy, GraphError, NodeStatus, TaskGraph, TransitionError};

/// Tasks in the form `name: dependency dependency`.
fn graph(tasks: &[&'static str]) -> TaskGraph<&'static str> {
    let mut graph = TaskGraph::new();
    for task in tasks {
        let (name, dependencies) = task.split_once(':').unwrap_or((task, ""));
        graph.add(name, dependencies.split_whitespace()).unwrap();
    }
    graph
}

fn run(graph: &mut TaskGraph<&'static str>, name: &'static str) {
    graph.start(&name).unwrap();
    graph.complete(&name).unwrap();
}

#[test]
fn ready_follows_the_order_of_adding() {
    let mut graph = graph(&["d: a b", "c: a", "b", "a"]);
    graph.validate().unwrap();
    assert_eq!(graph.ready(), ["b", "a"]);
    run(&mut graph, "a");
    assert_eq!(graph.ready(), ["c", "b"]);
    run(&mut graph, "b");
    assert_eq!(graph.ready(), ["d", "c"]);
    run(&mut graph, "d");
    run(&mut graph, "c");
    assert!(graph.is_settled());
    assert_eq!(graph.counts().done, 4);
}

#[test]
fn a_graph_grows_while_it_runs() {
    let mut graph = graph(&["a"]);
    run(&mut graph, "a");
    assert!(graph.is_settled());
    assert_eq!(graph.add("b", ["a"]), Ok(NodeStatus::Ready));
    assert_eq!(graph.add("c", ["later"]), Ok(NodeStatus::Waiting));
    assert_eq!(
        graph.validate().unwrap_err().to_string(),
        "task `c` depends on `later`, which is not there: add it, or correct the name"
    );
    assert_eq!(graph.add("later", []), Ok(NodeStatus::Ready));
    graph.validate().unwrap();
    run(&mut graph, "later");
    assert_eq!(graph.status(&"c"), Some(NodeStatus::Ready));
    assert_eq!(graph.add("c", []), Err(GraphError::Duplicate { task: "c" }));
}

#[test]
fn every_circle_is_named() {
    let graph = graph(&["a: b", "b: a c", "c: d", "d: b", "e: e", "f: a"]);
    let error = graph.validate().unwrap_err();
    let cycles = vec![vec!["a", "b"], vec!["b", "c", "d"], vec!["e"]];
    assert_eq!(error, GraphError::Cycles(cycles));
    assert_eq!(
        error.to_string(),
        "tasks wait for each other in circles, so none of them can start: \
         `a` needs `b` needs `a`; `b` needs `c` needs `d` needs `b`; `e` needs `e`: \
         take a dependency out of each"
    );
}

#[test]
fn a_long_chain_does_not_overflow_the_stack() {
    let mut graph = TaskGraph::new();
    for number in 0..100_000_u32 {
        graph.add(number, number.checked_sub(1)).unwrap();
    }
    graph.validate().unwrap();
    graph.start(&0).unwrap();
    assert_eq!(
        graph.fail(&0, FailurePolicy::SkipDependents).unwrap().len(),
        99_999
    );
    assert!(graph.is_settled());
}

#[test]
fn skipping_reaches_dependents_at_any_distance_and_nobody_else() {
    let mut graph = graph(&["a", "b: a", "c: b", "x"]);
    graph.start(&"a").unwrap();
    let skipped = graph.fail(&"a", FailurePolicy::SkipDependents);
    assert_eq!(skipped.unwrap(), ["b", "c"]);
    assert_eq!(graph.ready(), ["x"]);
    assert_eq!(graph.add("d", ["c"]), Ok(NodeStatus::Skipped));
    assert_eq!(graph.requeue(&"a").unwrap(), ["b", "c", "d"]);
    assert_eq!(graph.ready(), ["a", "x"]);
}

#[test]
fn going_on_counts_the_failed_task_as_done() {
    let mut graph = graph(&["a", "b: a"]);
    graph.start(&"a").unwrap();
    assert!(
        graph
            .fail(&"a", FailurePolicy::Continue)
            .unwrap()
            .is_empty()
    );
    assert_eq!(graph.ready(), ["b"]);
    graph.requeue(&"a").unwrap();
    assert_eq!(graph.status(&"b"), Some(NodeStatus::Waiting));
}

#[test]
fn failing_fast_spares_only_what_runs() {
    let mut graph = graph(&["a", "b", "c", "d: b"]);
    graph.start(&"a").unwrap();
    graph.start(&"b").unwrap();
    assert_eq!(
        graph.fail(&"a", FailurePolicy::FailFast).unwrap(),
        ["c", "d"]
    );
    assert!(!graph.is_settled());
    graph.complete(&"b").unwrap();
    assert!(graph.is_settled());
    assert_eq!(graph.add("rescue", ["b"]), Ok(NodeStatus::Ready));
    assert_eq!(graph.add("more", ["a"]), Ok(NodeStatus::Skipped));
}

#[test]
fn a_task_held_by_two_failures_waits_for_both() {
    let mut graph = graph(&["a", "b", "c: a b"]);
    for name in ["a", "b"] {
        graph.start(&name).unwrap();
        graph.fail(&name, FailurePolicy::SkipDependents).unwrap();
    }
    assert!(graph.requeue(&"a").unwrap().is_empty());
    assert_eq!(graph.requeue(&"b").unwrap(), ["c"]);
}

#[test]
fn a_task_that_is_added_late_brings_its_skip_to_those_who_waited_for_it() {
    let mut graph = graph(&["a", "last: middle"]);
    graph.start(&"a").unwrap();
    graph.fail(&"a", FailurePolicy::SkipDependents).unwrap();
    graph.add("middle", ["a"]).unwrap();
    assert_eq!(graph.status(&"last"), Some(NodeStatus::Skipped));
}

#[test]
fn wrong_steps_are_refused() {
    let mut graph = graph(&["a", "b: a"]);
    assert_eq!(
        graph.start(&"x"),
        Err(TransitionError::UnknownTask { task: "x" })
    );
    assert_eq!(
        graph.start(&"b").unwrap_err().to_string(),
        "cannot start task `b`, which is waiting: it must be ready"
    );
    assert!(graph.complete(&"a").is_err());
    assert!(graph.fail(&"a", FailurePolicy::Continue).is_err());
    assert!(graph.requeue(&"a").is_err());
    run(&mut graph, "a");
    assert!(graph.requeue(&"a").is_err());
    assert!(graph.start(&"a").is_err());
}

#[test]
fn pictures() {
    let mut graph = TaskGraph::new();
    graph.add("say \"hi\" #1", []).unwrap();
    graph.add("b\\c", ["say \"hi\" #1"]).unwrap();
    let mermaid = graph.to_mermaid();
    assert!(mermaid.starts_with(
        "graph TD\n    t0[\"say #34;hi#34; #35;1\"]:::ready\n    t1[\"b#92;c\"]:::waiting\n    t0 --> t1\n"
    ));
    assert_eq!(
        graph.to_dot(),
        r##"digraph tasks {
    node [style=filled]
    t0 [label="say \"hi\" #1", tooltip="ready", fillcolor="#cfe8ff"]
    t1 [label="b\\c", tooltip="waiting", fillcolor="#eeeeee"]
    t0 -> t1
}
"##
    );
}
