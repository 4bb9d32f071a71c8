//! Tasks that depend on each other: which may run, and what a failure means for the rest.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt::Display;
use std::hash::Hash;

use foldhash::fast::RandomState;

mod adder;
mod board;
mod cycles;
mod error;
mod plan;
mod render;
mod report;
mod run;
mod state;
mod step;

pub use adder::GraphAdder;
pub use error::{GraphError, TransitionError};
pub use report::{GraphReport, JobError};
pub use run::{GraphRun, RunOptions};
pub use state::{FailurePolicy, GraphCounts, NodeStatus};

/// How far a task has come. What others mean for it is worked out from their stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Unstarted,
    Running,
    Done,
    Failed(FailurePolicy),
}

impl Stage {
    /// Whether those that depend on the task may run.
    fn satisfies(self) -> bool {
        matches!(self, Self::Done | Self::Failed(FailurePolicy::Continue))
    }

    /// Whether those that depend on the task must not run.
    fn blocks(self) -> bool {
        matches!(self, Self::Failed(_)) && !self.satisfies()
    }
}

#[derive(Debug, Clone)]
struct Node<K> {
    key: K,
    dependencies: Vec<K>,
    dependents: Vec<usize>,
    stage: Stage,
    /// How many dependencies are missing or do not satisfy.
    unmet: usize,
    /// The failed tasks because of which this one is skipped. As a set, so that when one of them
    /// gets another try the task stays skipped for the others' sake.
    held_by: BTreeSet<usize>,
}

/// Tasks with their dependencies, as a state machine: it says what may run and is told what
/// happened. It runs nothing and keeps no time.
///
/// A task goes from `Waiting` to `Ready` by itself; [`start`](Self::start) makes it `Running`;
/// [`complete`](Self::complete) or [`fail`](Self::fail) ends it; [`requeue`](Self::requeue) gives
/// it another try. A task may be added at any time, also before those that it depends on.
///
/// ```
/// use orchestrator_core::{FailurePolicy, TaskGraph};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut graph = TaskGraph::new();
/// graph.add("publish", ["test", "document"])?;
/// graph.add("test", ["build"])?;
/// graph.add("document", [])?;
/// graph.add("build", [])?;
/// graph.validate()?;
/// assert_eq!(graph.ready(), ["document", "build"]);
///
/// graph.start(&"build")?;
/// let skipped = graph.fail(&"build", FailurePolicy::SkipDependents)?;
/// assert_eq!(skipped, ["publish", "test"]);
/// assert_eq!(graph.ready(), ["document"]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct TaskGraph<K> {
    nodes: Vec<Node<K>>,
    index: HashMap<K, usize, RandomState>,
    /// Who waits for a task that has not been added.
    awaited: HashMap<K, Vec<usize>, RandomState>,
    ready: BTreeSet<usize>,
}

impl<K: Ord + Hash + Clone + Display> TaskGraph<K> {
    /// A graph without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            index: HashMap::default(),
            awaited: HashMap::default(),
            ready: BTreeSet::new(),
        }
    }

    /// Adds a task that depends on others. They may be added later: until then it waits.
    ///
    /// Gives the status in which the task enters: it is skipped at once if what it depends on
    /// has failed or is skipped.
    ///
    /// # Errors
    ///
    /// [`GraphError::Duplicate`].
    pub fn add(
        &mut self,
        key: K,
        dependencies: impl IntoIterator<Item = K>,
    ) -> Result<NodeStatus, GraphError<K>> {
        let at = self.nodes.len();
        match self.index.entry(key.clone()) {
            Entry::Occupied(_) => return Err(GraphError::Duplicate { task: key }),
            Entry::Vacant(place) => _ = place.insert(at),
        }
        let dependents = if self.awaited.is_empty() {
            Vec::new()
        } else {
            self.awaited.remove(&key).unwrap_or_default()
        };
        let dependencies = dependencies.into_iter();
        let mut node = Node {
            dependents,
            key,
            dependencies: Vec::with_capacity(dependencies.size_hint().0),
            stage: Stage::Unstarted,
            unmet: 0,
            held_by: BTreeSet::new(),
        };
        let mut blocked = false;
        let mut named = Named::default();
        for dependency in dependencies {
            if !named.insert(&node.dependencies, &dependency) {
                continue;
            }
            let satisfied = match self.index.get(&dependency) {
                // On itself: a circle, which `validate` reports.
                Some(&on) if on == at => {
                    node.dependents.push(at);
                    false
                }
                Some(&on) => {
                    let needed = &mut self.nodes[on];
                    needed.dependents.push(at);
                    blocked |= needed.stage.blocks() || !needed.held_by.is_empty();
                    needed.stage.satisfies()
                }
                None => {
                    let waiting = self.awaited.entry(dependency.clone()).or_default();
                    waiting.push(at);
                    false
                }
            };
            node.unmet += usize::from(!satisfied);
            node.dependencies.push(dependency);
        }
        let ready = node.unmet == 0 && !blocked;
        self.nodes.push(node);
        if blocked {
            self.inherit_holds(at);
        }
        if ready {
            self.ready.insert(at);
        }
        Ok(self.status_at(at))
    }

    /// Whether every task can come to run: all dependencies are there, and none waits for itself.
    ///
    /// # Errors
    ///
    /// [`GraphError::UnknownDependency`] for the first that is missing, else
    /// [`GraphError::Cycles`].
    pub fn validate(&self) -> Result<(), GraphError<K>> {
        for node in &self.nodes {
            for dependency in &node.dependencies {
                if !self.index.contains_key(dependency) {
                    return Err(GraphError::UnknownDependency {
                        task: node.key.clone(),
                        dependency: dependency.clone(),
                    });
                }
            }
        }
        let needs = |node: &Node<K>| {
            let found = node.dependencies.iter().filter_map(|on| self.index.get(on));
            found.copied().collect()
        };
        let cycles = cycles::cycles(&self.nodes.iter().map(needs).collect::<Vec<_>>());
        if cycles.is_empty() {
            return Ok(());
        }
        let names = |cycle: Vec<usize>| cycle.into_iter().map(|at| self.key(at)).collect();
        Err(GraphError::Cycles(cycles.into_iter().map(names).collect()))
    }

    /// The tasks that may be started, in the order in which they were added.
    #[must_use]
    pub fn ready(&self) -> Vec<K> {
        self.ready.iter().map(|&at| self.key(at)).collect()
    }

    /// Where a task stands. `None` if it was not added.
    #[must_use]
    pub fn status(&self, key: &K) -> Option<NodeStatus> {
        self.index.get(key).map(|&at| self.status_at(at))
    }

    /// Whether every task rests: done, failed or skipped.
    ///
    /// A graph that does not [`validate`](Self::validate) may never come to that.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        (0..self.nodes.len()).all(|at| self.status_at(at).is_settled())
    }

    /// How many tasks stand where.
    #[must_use]
    pub fn counts(&self) -> GraphCounts {
        let mut counts = GraphCounts::default();
        for at in 0..self.nodes.len() {
            counts.count(self.status_at(at));
        }
        counts
    }

    fn key(&self, at: usize) -> K {
        self.nodes[at].key.clone()
    }

    fn status_at(&self, at: usize) -> NodeStatus {
        let node = &self.nodes[at];
        match node.stage {
            Stage::Running => NodeStatus::Running,
            Stage::Done => NodeStatus::Done,
            Stage::Failed(_) => NodeStatus::Failed,
            Stage::Unstarted if !node.held_by.is_empty() => NodeStatus::Skipped,
            Stage::Unstarted if node.unmet > 0 => NodeStatus::Waiting,
            Stage::Unstarted => NodeStatus::Ready,
        }
    }
}

impl<K: Ord + Hash + Clone + Display> Default for TaskGraph<K> {
    fn default() -> Self {
        Self::new()
    }
}

/// Names that were seen. A few are looked through, many are found by their hash.
struct Named<K>(Option<HashSet<K, RandomState>>);

impl<K> Default for Named<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Hash + Eq + Clone> Named<K> {
    /// Whether a name is new, behind those that there are.
    fn insert(&mut self, before: &[K], name: &K) -> bool {
        const FEW: usize = 16;
        if self.0.is_none() && before.len() < FEW {
            return !before.contains(name);
        }
        let all = self
            .0
            .get_or_insert_with(|| before.iter().cloned().collect());
        all.insert(name.clone())
    }
}
