//! Running a graph on a scheduler: the caller's side.

use std::fmt::{self, Display};
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use super::adder::GraphAdder;
use super::board::Board;
use super::options::RunOptions;
use super::plan::Layout;
use super::report::GraphReport;
use super::runner::Run;
use super::seats::Seats;
use super::{GraphError, TaskGraph};
use crate::Scheduler;
use crate::sync::{Mutex, lock};
use crate::task::{Scope, TaskContext, TaskHandle};

impl<K: Ord + Hash + Clone + Display + Send + Sync + 'static> TaskGraph<K> {
    /// Runs every task that is ready or comes to be. `job` makes the work of a task from its name; it
    /// fails by its error, or by a panic.
    ///
    /// There is a task of the scheduler for each lane and for each job that waits; a job that returns at
    /// its first poll shares its task, and so its [`TaskContext`], with others. What a job spawns ends
    /// before the run does; those that depend on the job do not wait for it.
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
        let seats = Seats::new(scheduler.lanes(), !layout.ranks.is_empty());
        let board = Arc::new(Board {
            policy: options.policy,
            seats,
            paced: !scheduler.is_seeded(),
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
            first.begin(&context.children);
        });
        let grow = Arc::clone(&run);
        Ok(GraphRun {
            driver,
            board,
            start: Arc::new(move |scope: &Arc<Scope>, at| grow.start(scope, None, at)),
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
