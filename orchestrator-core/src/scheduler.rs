//! The work-stealing scheduler: the caller's side.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::time::Instant;

use crossbeam_deque::Worker;
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};
use tokio_util::task::TaskTracker;

use crate::task::{self, Scope, TaskContext, TaskHandle, TaskOptions};

mod blocking;
mod config;
mod current;
mod dozers;
mod lane;
mod park;
mod pump;
mod shared;
mod stats;
#[cfg(test)]
#[cfg(not(feature = "shuttle"))]
mod tests;

pub(crate) use blocking::{Inside, blocking};
pub use config::SchedulerConfig;
pub(crate) use current::{context, enter, exit, is_lane, is_told, leave, schedule, sleep};
use lane::Lane;
use pump::Pump;
pub(crate) use pump::pace;
pub(crate) use shared::{Shared, until_settled};
pub(crate) use stats::Ending;
pub use stats::{LaneStats, SchedulerStats};

/// Of a task that belongs to no lane.
pub(crate) const NO_LANE: u32 = u32::MAX;

/// Runs tasks by priority on a fixed number of lanes that steal from each other.
///
/// Lanes are driven by tasks of a tokio runtime, the caller's or one of the scheduler's own; there are
/// no threads of our own, and what the tasks await may be anything of tokio. Each task is an
/// [`async_task`] runnable, and whatever wakes it brings it back to these queues: so its priority
/// holds not only until its first `.await`, but always. A task that waits holds no lane.
///
/// # What runs next
///
/// Each lane owns a deque (Chase and Lev 2005, "Dynamic Circular Work-Stealing Deque") of tasks of
/// [`Priority::Normal`]: the lane takes the newest, thieves take the oldest. A child is put on the
/// deque of the lane that runs its parent. Tasks from outside wait in one queue a priority, and so do
/// children that are `High` or `Low`. A task that is woken goes back to the lane where it last ran. A
/// lane that comes free looks at
///
/// 1. the `High` queue,
/// 2. by turns, the newest of its own deque, and the oldest of its tasks that were woken from elsewhere or
///    have yielded,
/// 3. the `Normal` queue,
/// 4. the other lanes' tasks,
/// 5. the `Low` queue.
///
/// So that nothing starves, every 16th pick of a lane first gives one of the late ones its turn: the
/// `Low` queue, the `Normal` queue and the oldest of the lane's deque take turns at that. So the head of
/// each of these waits for at most 48 picks of any lane.
///
/// After 500 µs a lane lets the runtime look after its timers and sockets. What computes for longer
/// than that without an `.await` delays them, as it does everywhere in tokio; for that there is
/// [`spawn_blocking`](Self::spawn_blocking).
///
/// # Ends
///
/// Every task ends once: it returns, panics (which the lane survives), or is cancelled by
/// [`TaskHandle::abort`], by the abort or panic of its parent or an ancestor, or by the end of the
/// scheduler. A task's children end before it does: one that returns waits for its children, and one that
/// is aborted or panics cancels them first. So a child that would never end is to be aborted. Dropping the scheduler cancels everything;
/// [`shutdown`](Self::shutdown) also waits for it.
///
/// [`Priority::Normal`]: crate::Priority::Normal
/// [`async_task`]: https://docs.rs/async-task
pub struct Scheduler {
    root: Arc<Scope>,
    lanes: TaskTracker,
    runtime: Option<Runtime>,
}

impl Scheduler {
    /// Starts the lanes on the current tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, like [`tokio::spawn`]: there, [`on`](Self::on) takes one, and
    /// [`with_own_runtime`](Self::with_own_runtime) makes one.
    #[must_use]
    pub fn new(config: SchedulerConfig) -> Self {
        Self::on(&Handle::current(), config)
    }

    /// Starts the lanes on a tokio runtime.
    #[must_use]
    pub fn on(runtime: &Handle, config: SchedulerConfig) -> Self {
        let deques: Vec<_> = (0..config.lanes.get())
            .map(|_| Worker::new_lifo())
            .collect();
        let shared = Arc::new(Shared::new(&deques, config.seed.is_some()));
        let root = Scope::root(Arc::clone(&shared));
        let lanes = deques
            .into_iter()
            .enumerate()
            .map(|(index, deque)| Lane::new(index, deque, Arc::clone(&shared)));
        let tasks = TaskTracker::new();
        if let Some(seed) = config.seed {
            let pump = Pump::new(lanes.collect(), Arc::clone(&root));
            tasks.spawn_on(pump.run_seeded(seed), runtime);
        } else {
            let decoys = match runtime.runtime_flavor() {
                RuntimeFlavor::MultiThread if config.lanes.get() > 1 => shared::DECOYS,
                _ => 0,
            };
            for lane in lanes {
                for which in 0..decoys {
                    let decoy = pump::decoy(Arc::clone(&shared), lane.index, which);
                    tasks.spawn_on(decoy, runtime);
                }
                let pump = Pump::new(vec![lane], Arc::clone(&root));
                tasks.spawn_on(pump.run(), runtime);
            }
        }
        // A tracker that stays open would never be done waiting.
        tasks.close();
        Self {
            root,
            lanes: tasks,
            runtime: None,
        }
    }

    /// Starts the lanes on a runtime of the scheduler's own, with a thread for each lane. It ends with
    /// the scheduler.
    ///
    /// # Errors
    ///
    /// When the system gives no threads.
    pub fn with_own_runtime(config: SchedulerConfig) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(config.lanes.get())
            .thread_name("lane")
            .enable_all()
            .build()?;
        let mut scheduler = Self::on(runtime.handle(), config);
        scheduler.runtime = Some(runtime);
        Ok(scheduler)
    }

    /// Puts a task in line. It runs whether or not the handle is awaited.
    ///
    /// After a [`shutdown`](Self::shutdown) the task is cancelled at once.
    pub fn spawn<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn(&self.root, TaskOptions::default(), future)
    }

    /// As [`spawn`](Self::spawn), with options: a [`Priority`](crate::Priority), or [`TaskOptions`].
    pub fn spawn_with<F>(&self, options: impl Into<TaskOptions>, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        spawn(&self.root, options.into(), future)
    }

    /// Puts a closure in line. It holds its lane until it returns: what takes longer than a fraction of
    /// a millisecond is for [`spawn_blocking`](Self::spawn_blocking).
    pub fn spawn_fn<T: Send + 'static>(
        &self,
        run: impl FnOnce() -> T + Send + 'static,
    ) -> TaskHandle<T> {
        self.spawn(async move { run() })
    }

    /// Runs a closure that blocks its thread on one of the runtime's threads for that. It is given its
    /// context, for a closure can be cancelled only by looking at it.
    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&TaskContext) -> T + Send + 'static,
    ) -> TaskHandle<T> {
        self.spawn(blocking(run))
    }

    /// Puts many tasks in line, and wakes the lanes once for all of them.
    pub fn spawn_all<F>(
        &self,
        options: impl Into<TaskOptions>,
        futures: impl IntoIterator<Item = F>,
    ) -> Vec<TaskHandle<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let options = options.into();
        let shared = &self.root.shared;
        let queued = shared.nanos(Instant::now());
        let mut handles = Vec::new();
        let jobs = futures.into_iter().filter_map(|future| {
            let id = shared.take_id();
            let (job, handle) = task::make(&self.root, id, queued, options.clone(), future);
            handles.push(handle);
            job
        });
        shared.inject_all(jobs);
        handles
    }

    /// Cancels every task, queued and running, and waits until the lanes have stopped.
    ///
    /// No task runs once this has returned. It waits for code between two `.await`s to come to
    /// the next one. May be called several times, also side by side.
    pub async fn shutdown(&self) {
        self.root.cancel();
        poll_fn(|context| self.root.poll_empty(context)).await;
        self.root.shared.stop();
        self.lanes.wait().await;
    }

    /// How many lanes there are.
    pub(crate) fn lanes(&self) -> usize {
        self.root.shared.lanes.len()
    }

    /// Whether a seed decides the order, and so the clock must not.
    pub(crate) fn is_seeded(&self) -> bool {
        self.root.shared.seeded
    }

    /// What the lanes have done so far.
    #[must_use]
    pub fn stats(&self) -> SchedulerStats {
        self.root.shared.stats()
    }
}

/// Puts a task of a scope in line.
pub(crate) fn spawn<F>(scope: &Arc<Scope>, options: TaskOptions, future: F) -> TaskHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let shared = &scope.shared;
    let (id, queued) = current::take_id(shared)
        .unwrap_or_else(|| (shared.take_id(), shared.nanos(Instant::now())));
    let (job, handle) = task::make(scope, id, queued, options, future);
    if let Some(job) = job {
        schedule(job, false);
    }
    handle
}

/// Stops the lanes once nothing is left of a scheduler that was dropped.
struct StopWhenEmpty(Arc<Scope>);

impl Wake for StopWhenEmpty {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let empty = self.0.poll_empty(&mut Context::from_waker(&waker));
        if empty.is_ready() {
            self.0.shared.stop();
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.root.cancel();
        Arc::new(StopWhenEmpty(Arc::clone(&self.root))).wake();
        if let Some(runtime) = self.runtime.take() {
            // The scheduler may be dropped in a task, where a runtime must not be waited for.
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheduler")
            .field("lanes", &self.root.shared.lanes.len())
            .field("tasks", &self.root.live())
            .field("own_runtime", &self.runtime.is_some())
            .finish_non_exhaustive()
    }
}
