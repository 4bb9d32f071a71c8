//! Running a graph on a scheduler.
//!
//! Each task has a count of what it waits for, and whoever is done takes one off the counts of those
//! that depend on it. Of the tasks that become ready by that, the first is run at once, where what it
//! needs is in the cache, and the others are spawned.

use std::cmp::Reverse;
use std::fmt::{self, Display};
use std::future::Future;
use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;

use super::adder::GraphAdder;
use super::board::{Board, lock};
use super::plan::{Layout, Slot, index};
use super::report::{GraphReport, JobError};
use super::{FailurePolicy, GraphError, TaskGraph};
use crate::task::{Scope, TaskContext, TaskHandle, TaskOptions};
use crate::{Scheduler, panics, scheduler};

/// So many tasks are run one after the other before the lane is asked whether there is something more
/// urgent.
const IN_A_ROW: usize = 16;

/// Says how long a task takes.
type Weight<K> = Box<dyn Fn(&K) -> u64 + Send>;

/// How a graph is to be run. The default: what depends on a failed task is skipped, and ready tasks are
/// taken up as they come.
pub struct RunOptions<K> {
    /// What a failure means for the others.
    pub policy: FailurePolicy,
    /// How the tasks are taken up among the scheduler's other tasks, and what they may spend.
    pub task: TaskOptions,
    weight: Option<Weight<K>>,
}

impl<K> Default for RunOptions<K> {
    fn default() -> Self {
        Self {
            policy: FailurePolicy::default(),
            task: TaskOptions::default(),
            weight: None,
        }
    }
}

impl<K> RunOptions<K> {
    /// Sets what a failure means for the others.
    #[must_use]
    pub fn with_policy(mut self, policy: FailurePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how the tasks are taken up among the scheduler's other tasks.
    #[must_use]
    pub fn with_task(mut self, options: impl Into<TaskOptions>) -> Self {
        self.task = options.into();
        self
    }

    /// Of several ready tasks, takes up first the one with which the longest path begins: the one whose
    /// delay would delay the end of all. `weight` says how long a task takes, in any unit; tasks that are
    /// added while the graph runs count as short.
    #[must_use]
    pub fn with_critical_path(mut self, weight: impl Fn(&K) -> u64 + Send + 'static) -> Self {
        self.weight = Some(Box::new(weight));
        self
    }
}

impl<K> fmt::Debug for RunOptions<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("policy", &self.policy)
            .field("task", &self.task)
            .field("critical_path", &self.weight.is_some())
            .finish()
    }
}

impl<K: Ord + Hash + Clone + Display + Send + Sync + 'static> TaskGraph<K> {
    /// Runs every task that is ready or comes to be. `job` makes the work of a task from its name; it
    /// fails by its error, or by a panic.
    ///
    /// The graph itself stays as it is; the report says how the tasks have ended. Those that were done
    /// before count as done, and those that were failed or skipped are left out with all that depends
    /// on them.
    ///
    /// ```
    /// use std::sync::Mutex;
    /// use std::sync::Arc;
    /// use orchestrator_core::{RunOptions, Scheduler, SchedulerConfig, TaskGraph};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut graph = TaskGraph::new();
    /// graph.add("publish", ["test"])?;
    /// graph.add("test", ["build"])?;
    /// graph.add("build", [])?;
    ///
    /// let scheduler = Scheduler::new(SchedulerConfig::default());
    /// let log = Arc::new(Mutex::new(Vec::new()));
    /// let noted = Arc::clone(&log);
    /// let run = graph.run(&scheduler, RunOptions::default(), move |task| {
    ///     noted.lock().unwrap().push(task);
    ///     async { Ok::<(), String>(()) }
    /// })?;
    /// assert!(run.await.is_success());
    /// assert_eq!(*log.lock().unwrap(), ["build", "test", "publish"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`validate`](Self::validate): nothing is run then.
    pub fn run<F, Fut, E>(
        &self,
        scheduler: &Scheduler,
        options: RunOptions<K>,
        job: F,
    ) -> Result<GraphRun<K, E>, GraphError<K>>
    where
        F: Fn(K) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Send + 'static,
    {
        let layout = Layout::of(self, options.weight.as_deref().map(|weight| weight as _))?;
        let board = Arc::new(Board {
            line: (!layout.ranks.is_empty()).then(Mutex::default),
            policy: options.policy,
            stopped: AtomicBool::new(false),
            grown: AtomicBool::new(false),
            late: Mutex::default(),
            failures: Mutex::default(),
            scope: Mutex::default(),
            layout,
        });
        let run = Arc::new(Run {
            board: Arc::clone(&board),
            job,
            task: options.task.clone(),
        });
        let first = Arc::clone(&run);
        let driver = scheduler.spawn_with(options.task, async move {
            let Some(context) = TaskContext::current() else {
                unreachable!("a task has a context");
            };
            *first.board.scope() = Some(Arc::clone(&context.children));
            let slots = first.board.layout.slots.iter().enumerate();
            let ready = slots
                .filter(|(_, slot)| slot.unmet.load(Ordering::Relaxed) == 0 && slot.make_ready());
            // The deque gives the newest first: so the first one is put in last.
            let ready: Vec<u32> = ready.map(|(at, _)| index(at)).collect();
            for at in ready.into_iter().rev() {
                first.spawn(&context.children, at);
            }
        });
        let grow = Arc::clone(&run);
        Ok(GraphRun {
            driver,
            board,
            start: Arc::new(move |scope: &Arc<Scope>, at| grow.spawn(scope, at)),
        })
    }
}

/// Puts a task in line that has become ready.
pub(super) type Start = dyn Fn(&Arc<Scope>, u32) + Send + Sync;

/// A graph that is being run. Await it for the report.
///
/// Dropping it does not stop the run; [`abort`](Self::abort) does.
#[must_use = "the run goes on without it, but how it ended is not known"]
pub struct GraphRun<K, E> {
    driver: TaskHandle<()>,
    board: Arc<Board<K, E>>,
    start: Arc<Start>,
}

/// A run, with what its tasks do.
struct Run<K, F, E> {
    board: Arc<Board<K, E>>,
    job: F,
    task: TaskOptions,
}

impl<K, F, Fut, E> Run<K, F, E>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    F: Fn(K) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send + 'static,
    E: Send + 'static,
{
    fn spawn(self: &Arc<Self>, scope: &Arc<Scope>, at: u32) {
        if let Some(line) = &self.board.line {
            let rank = self.board.layout.ranks.get(at as usize).copied();
            lock(line).push((rank.unwrap_or(0), Reverse(at)));
        }
        let run = Arc::clone(self);
        let task = scheduler::spawn(scope, self.task.clone(), run.work(at));
        drop(task);
    }

    /// Does a task, and then one that has become ready by that, and so on.
    async fn work(self: Arc<Self>, at: u32) {
        // By rank, it is not this one's turn but the best one's.
        let mut next = self.board.best().or(Some(at));
        let mut in_a_row = 0;
        while let Some(at) = next {
            let late = self.board.late_slot(at);
            let slot = match &late {
                Some(slot) => slot,
                None => &self.board.layout.slots[at as usize],
            };
            if self.board.stopped.load(Ordering::Acquire) || !slot.begin() {
                slot.skip();
                return;
            }
            let key = slot.key.clone();
            let job = AssertUnwindSafe(async { (self.job)(key).await });
            let error = match job.catch_unwind().await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(JobError::Failed(error)),
                Err(payload) => Some(JobError::Panicked(panics::message(&*payload))),
            };
            in_a_row += 1;
            next = self.settle(at, slot, error, in_a_row < IN_A_ROW);
        }
    }

    /// Takes up how a task has ended. Gives one that is ready by that, if it may be run at once.
    fn settle(
        self: &Arc<Self>,
        at: u32,
        slot: &Slot<K>,
        error: Option<JobError<E>>,
        at_once: bool,
    ) -> Option<u32> {
        let board = &self.board;
        let goes_on = match error {
            None => {
                slot.done();
                true
            }
            Some(error) => {
                slot.failed();
                lock(&board.failures).push((slot.key.clone(), error));
                match board.policy {
                    FailurePolicy::Continue => true,
                    FailurePolicy::SkipDependents => false,
                    FailurePolicy::FailFast => {
                        board.stopped.store(true, Ordering::Release);
                        board.skip_all();
                        false
                    }
                }
            }
        };
        if !goes_on {
            board.skip_below(at);
            return None;
        }
        let mut first = None;
        let mut scope = None;
        let mut ready = |at: u32| {
            if first.is_none() && at_once && board.line.is_none() {
                first = Some(at);
                return;
            }
            let scope = scope.get_or_insert_with(|| board.scope().clone());
            if let Some(scope) = scope {
                self.spawn(scope, at);
            }
        };
        for dependent in board.layout.dependents_of(at as usize) {
            if board.layout.slots[*dependent as usize].meet_one() {
                ready(*dependent);
            }
        }
        fence(Ordering::SeqCst);
        if board.grown.load(Ordering::Relaxed) {
            board.late_ready(at).into_iter().for_each(&mut ready);
        }
        first
    }
}

impl<K, E> GraphRun<K, E> {
    /// Something that adds tasks to the graph while it runs. It may be moved into its jobs.
    pub fn adder(&self) -> GraphAdder<K, E> {
        GraphAdder {
            board: Arc::clone(&self.board),
            start: Arc::clone(&self.start),
        }
    }

    /// Ends the run: jobs that run are cancelled, and no more are begun. The report says so.
    pub fn abort(&self) {
        self.board.stopped.store(true, Ordering::Release);
        self.driver.abort();
    }
}

impl<K: Clone, E> Future for GraphRun<K, E> {
    type Output = GraphReport<K, E>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ended = ready!(Pin::new(&mut self.driver).poll(context));
        // The scope knows the scheduler: let go of it, or the two would hold each other.
        self.board.scope().take();
        let failures = std::mem::take(&mut *lock(&self.board.failures));
        let error = ended.err();
        Poll::Ready(GraphReport::new(self.board.statuses(), failures, error))
    }
}

impl<K, E> fmt::Debug for GraphRun<K, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphRun")
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
