//! Tasks that depend on each other: which may run, and what a failure means for the rest.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

mod cycles;
mod error;
mod render;
mod state;
mod step;

pub use error::{GraphError, TransitionError};
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
    index: BTreeMap<K, usize>,
    /// Who waits for a task that has not been added.
    awaited: BTreeMap<K, Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl<K: Ord + Clone + Display> TaskGraph<K> {
    /// A graph without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            index: BTreeMap::new(),
            awaited: BTreeMap::new(),
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
        if self.index.contains_key(&key) {
            return Err(GraphError::Duplicate { task: key });
        }
        let at = self.nodes.len();
        self.index.insert(key.clone(), at);
        self.nodes.push(Node {
            dependents: self.awaited.remove(&key).unwrap_or_default(),
            key,
            dependencies: Vec::new(),
            stage: Stage::Unstarted,
            unmet: 0,
            held_by: BTreeSet::new(),
        });
        let mut named = BTreeSet::new();
        for dependency in dependencies {
            if !named.insert(dependency.clone()) {
                continue;
            }
            let satisfied = match self.index.get(&dependency) {
                Some(&on) => {
                    self.nodes[on].dependents.push(at);
                    self.nodes[on].stage.satisfies()
                }
                None => {
                    let waiting = self.awaited.entry(dependency.clone()).or_default();
                    waiting.push(at);
                    false
                }
            };
            self.nodes[at].unmet += usize::from(!satisfied);
            self.nodes[at].dependencies.push(dependency);
        }
        self.inherit_holds(at);
        self.refresh(at);
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

impl<K: Ord + Clone + Display> Default for TaskGraph<K> {
    fn default() -> Self {
        Self::new()
    }
}
