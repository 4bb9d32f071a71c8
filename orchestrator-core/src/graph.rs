//! Tasks that depend on each other: which may run, and what a failure means for the rest.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Display;
use std::hash::Hash;

use foldhash::fast::RandomState;

mod adder;
mod arrows;
mod board;
mod cycles;
mod error;
mod mark;
mod options;
mod plan;
mod render;
mod report;
mod row;
mod run;
mod runner;
mod seats;
mod state;
mod step;

pub use adder::GraphAdder;
use arrows::Arrows;
pub use error::{GraphError, TransitionError};
pub use options::RunOptions;
pub use report::{GraphReport, JobError};
pub use run::GraphRun;
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
    stage: Stage,
    /// Whether it is skipped: see [`TaskGraph::holds`].
    held: bool,
    /// How many dependencies are missing or do not satisfy.
    unmet: u32,
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
    arrows: Arrows,
    index: HashMap<K, u32, RandomState>,
    /// The arrows to a task that has not been added.
    awaited: HashMap<K, Vec<u32>, RandomState>,
    /// The tasks that may be started, once any was.
    ready: BTreeSet<usize>,
    /// For each task that is skipped, the failed ones because of which it is. All of them, so that when
    /// one gets another try the task stays skipped for the others' sake.
    holds: BTreeMap<usize, BTreeSet<usize>>,
    /// Whether any task was ever started.
    touched: bool,
    /// Whether any task was added before one that it depends on. Otherwise there is no circle.
    forward: bool,
}

impl<K: Ord + Hash + Clone + Display> TaskGraph<K> {
    /// A graph without tasks.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            arrows: Arrows::default(),
            index: HashMap::default(),
            awaited: HashMap::default(),
            ready: BTreeSet::new(),
            holds: BTreeMap::new(),
            touched: false,
            forward: false,
        }
    }

    /// A graph without tasks that has room for so many. Which is quicker to fill, and no limit.
    #[must_use]
    pub fn with_capacity(tasks: usize) -> Self {
        let mut graph = Self::new();
        graph.nodes.reserve(tasks);
        graph.arrows.reserve(tasks);
        graph.index.reserve(tasks);
        graph
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
        let number = plan::index(at);
        match self.index.entry(key.clone()) {
            Entry::Occupied(_) => return Err(GraphError::Duplicate { task: key }),
            Entry::Vacant(place) => _ = place.insert(number),
        }
        self.arrows.add_task();
        if !self.awaited.is_empty() {
            for arrow in self.awaited.remove(&key).into_iter().flatten() {
                self.arrows.arrive(arrow, number);
            }
        }
        let mut node = Node {
            key,
            stage: Stage::Unstarted,
            held: false,
            unmet: 0,
        };
        let mut blocked = false;
        for dependency in dependencies {
            let Some(&on) = self.index.get(&dependency) else {
                self.forward = true;
                let waiting = self.awaited.entry(dependency).or_default();
                // Named twice, it is the last in the row.
                let named = waiting
                    .last()
                    .is_some_and(|arrow| self.arrows.is_newest(*arrow));
                if !named {
                    waiting.push(self.arrows.need_missing());
                    node.unmet += 1;
                }
                continue;
            };
            if self.arrows.newest_needs(on) {
                continue;
            }
            self.arrows.need(on);
            let mut satisfied = false;
            // On itself: a circle, which `validate` reports.
            if on == number {
                self.forward = true;
            } else if self.touched {
                let needed = &self.nodes[on as usize];
                blocked |= needed.stage.blocks() || needed.held;
                satisfied = needed.stage.satisfies();
            }
            node.unmet += u32::from(!satisfied);
        }
        let ready = node.unmet == 0 && !blocked;
        self.nodes.push(node);
        if blocked {
            self.inherit_holds(at);
        }
        if ready && self.touched {
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
        let missing = self.awaited.iter().flat_map(|(dependency, waiting)| {
            let waiting = waiting.iter().map(|arrow| self.arrows.waits(*arrow));
            waiting.map(move |waits| (waits, dependency))
        });
        if let Some((waits, dependency)) = missing.min() {
            return Err(GraphError::UnknownDependency {
                task: self.key(waits as usize),
                dependency: dependency.clone(),
            });
        }
        let needs = |at| self.arrows.needs_of(at).map(|on| on as usize).collect();
        let cycles = cycles::cycles(&(0..self.nodes.len()).map(needs).collect::<Vec<_>>());
        if cycles.is_empty() {
            return Ok(());
        }
        let names = |cycle: Vec<usize>| cycle.into_iter().map(|at| self.key(at)).collect();
        Err(GraphError::Cycles(cycles.into_iter().map(names).collect()))
    }

    /// The tasks that may be started, in the order in which they were added.
    #[must_use]
    pub fn ready(&self) -> Vec<K> {
        if self.touched {
            return self.ready.iter().map(|&at| self.key(at)).collect();
        }
        self.unmet_by_none().map(|at| self.key(at)).collect()
    }

    /// The tasks of a graph of which none was ever started that wait for nothing.
    fn unmet_by_none(&self) -> impl Iterator<Item = usize> {
        let nodes = self.nodes.iter().enumerate();
        nodes.filter(|(_, node)| node.unmet == 0).map(|(at, _)| at)
    }

    /// Where a task stands. `None` if it was not added.
    #[must_use]
    pub fn status(&self, key: &K) -> Option<NodeStatus> {
        self.index.get(key).map(|&at| self.status_at(at as usize))
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
            Stage::Unstarted if node.held => NodeStatus::Skipped,
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
