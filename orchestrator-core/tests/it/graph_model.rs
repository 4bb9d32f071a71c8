//! The graph against a model that works everything out anew, slowly.

use std::collections::{BTreeMap, BTreeSet};

use orchestrator_core::{FailurePolicy, GraphError, NodeStatus, TaskGraph};
use proptest::{collection::vec, prelude::*, sample::select};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stage {
    New,
    Running,
    Done,
    Failed(FailurePolicy),
}

/// Tasks in the order of adding, and who holds whom.
#[derive(Default)]
struct Model {
    tasks: Vec<(u8, BTreeSet<u8>)>,
    stages: BTreeMap<u8, Stage>,
    holds: BTreeSet<(u8, u8)>,
}

impl Model {
    fn new_tasks(&self) -> impl Iterator<Item = &(u8, BTreeSet<u8>)> {
        self.tasks
            .iter()
            .filter(|(task, _)| self.stages[task] == Stage::New)
    }

    /// Holds spread from what a new task depends on until nothing changes.
    fn spread(&mut self) {
        loop {
            let mut more = BTreeSet::new();
            for (task, needs) in self.new_tasks() {
                for need in needs {
                    match self.stages.get(need) {
                        Some(Stage::Failed(policy)) if *policy != FailurePolicy::Continue => {
                            more.insert((*need, *task));
                        }
                        Some(Stage::New) => more.extend(
                            self.holds
                                .iter()
                                .filter(|(_, held)| held == need)
                                .map(|(by, _)| (*by, *task)),
                        ),
                        _ => {}
                    }
                }
            }
            let before = self.holds.len();
            self.holds.extend(more);
            if self.holds.len() == before {
                return;
            }
        }
    }

    fn status(&self, task: u8) -> Option<NodeStatus> {
        let (_, needs) = self.tasks.iter().find(|(name, _)| *name == task)?;
        let met = |need: &u8| {
            let stage = self.stages.get(need);
            matches!(
                stage,
                Some(Stage::Done | Stage::Failed(FailurePolicy::Continue))
            )
        };
        Some(match self.stages[&task] {
            Stage::Running => NodeStatus::Running,
            Stage::Done => NodeStatus::Done,
            Stage::Failed(_) => NodeStatus::Failed,
            Stage::New if self.holds.iter().any(|(_, held)| *held == task) => NodeStatus::Skipped,
            Stage::New if needs.iter().all(met) => NodeStatus::Ready,
            Stage::New => NodeStatus::Waiting,
        })
    }

    fn skipped(&self) -> Vec<u8> {
        let names = self.tasks.iter().map(|(task, _)| *task);
        names
            .filter(|task| self.status(*task) == Some(NodeStatus::Skipped))
            .collect()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Add(u8, Vec<u8>),
    Start(u8),
    Complete(u8),
    Fail(u8, FailurePolicy),
    Requeue(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let task = || 0_u8..12;
    let policy = select(vec![
        FailurePolicy::SkipDependents,
        FailurePolicy::Continue,
        FailurePolicy::FailFast,
    ]);
    prop_oneof![
        3 => (task(), vec(task(), 0..3)).prop_map(|(task, needs)| Step::Add(task, needs)),
        4 => task().prop_map(Step::Start),
        2 => task().prop_map(Step::Complete),
        2 => (task(), policy).prop_map(|(task, policy)| Step::Fail(task, policy)),
        1 => task().prop_map(Step::Requeue),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_graph_does_what_the_model_does(steps in vec(step(), 0..80)) {
        let mut graph = TaskGraph::new();
        let mut model = Model::default();
        for step in steps {
            let before = model.skipped();
            match step {
                Step::Add(task, needs) => {
                    let known = model.stages.contains_key(&task);
                    let added = graph.add(task, needs.clone());
                    prop_assert_eq!(added.is_err(), known);
                    if !known {
                        model.tasks.push((task, needs.into_iter().collect()));
                        model.stages.insert(task, Stage::New);
                        model.spread();
                        prop_assert_eq!(added.ok(), model.status(task));
                    }
                }
                Step::Start(task) => {
                    let fits = model.status(task) == Some(NodeStatus::Ready);
                    prop_assert_eq!(graph.start(&task).is_ok(), fits);
                    if fits { model.stages.insert(task, Stage::Running); }
                }
                Step::Complete(task) => {
                    let fits = model.status(task) == Some(NodeStatus::Running);
                    prop_assert_eq!(graph.complete(&task).is_ok(), fits);
                    if fits { model.stages.insert(task, Stage::Done); }
                }
                Step::Fail(task, policy) => {
                    let fits = model.status(task) == Some(NodeStatus::Running);
                    let skipped = graph.fail(&task, policy);
                    prop_assert_eq!(skipped.is_ok(), fits);
                    if fits {
                        model.stages.insert(task, Stage::Failed(policy));
                        if policy == FailurePolicy::FailFast {
                            let held: Vec<_> = model.new_tasks().map(|(held, _)| (task, *held)).collect();
                            model.holds.extend(held);
                        }
                        model.spread();
                        let mut now = model.skipped();
                        now.retain(|task| !before.contains(task));
                        prop_assert_eq!(skipped.unwrap(), now);
                    }
                }
                Step::Requeue(task) => {
                    let fits = matches!(model.status(task), Some(NodeStatus::Running | NodeStatus::Failed));
                    let freed = graph.requeue(&task);
                    prop_assert_eq!(freed.is_ok(), fits);
                    if fits {
                        model.stages.insert(task, Stage::New);
                        model.holds.retain(|(by, _)| *by != task);
                        model.spread();
                        let now = model.skipped();
                        let mut gone = before;
                        gone.retain(|task| !now.contains(task));
                        prop_assert_eq!(freed.unwrap(), gone);
                    }
                }
            }
            for task in 0..12 {
                prop_assert_eq!(graph.status(&task), model.status(task), "task {}", task);
            }
            let ready: Vec<_> = model.tasks.iter().map(|(task, _)| *task)
                .filter(|task| model.status(*task) == Some(NodeStatus::Ready)).collect();
            prop_assert_eq!(graph.ready(), ready);
            prop_assert_eq!(graph.counts().total(), model.tasks.len());
        }
    }

    #[test]
    fn circles_are_circles_and_cover_every_edge_that_is_on_one(
        edges in vec((0_u8..8, 0_u8..8), 0..20)
    ) {
        let mut graph = TaskGraph::new();
        for task in 0..8 {
            graph.add(task, edges.iter().filter(|(from, _)| *from == task).map(|(_, to)| *to)).unwrap();
        }
        let listed = match graph.validate() {
            Ok(()) => Vec::new(),
            Err(GraphError::Cycles(cycles)) => cycles,
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        };
        let mut covered = BTreeSet::new();
        for cycle in &listed {
            let names: BTreeSet<_> = cycle.iter().collect();
            prop_assert_eq!(names.len(), cycle.len());
            for place in 0..cycle.len() {
                let edge = (cycle[place], cycle[(place + 1) % cycle.len()]);
                prop_assert!(edges.contains(&edge));
                covered.insert(edge);
            }
        }
        // An edge is on a circle if its end reaches its start.
        let mut reaches: BTreeSet<(u8, u8)> = edges.iter().copied().collect();
        for via in 0..8 {
            for from in 0..8 {
                for to in 0..8 {
                    if reaches.contains(&(from, via)) && reaches.contains(&(via, to)) {
                        reaches.insert((from, to));
                    }
                }
            }
        }
        let on_circle: BTreeSet<_> = edges.iter().copied()
            .filter(|(from, to)| from == to || reaches.contains(&(*to, *from))).collect();
        prop_assert_eq!(covered, on_circle);
    }
}
