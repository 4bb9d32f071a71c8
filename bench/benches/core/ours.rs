//! Our own scheduler, on a tokio runtime as the others have it.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use orchestrator_bench::Result;
use orchestrator_core::{
    Priority, RunOptions, Scheduler, SchedulerConfig, TaskContext, TaskError, TaskGraph, TaskHandle,
};
use tokio::runtime::Runtime;

use crate::peers::tokio::runtime;
use crate::pool::{Done, Pool, Spawn, THREADS, timed};
use crate::shape::{Shape, Work};

/// Whose version stands beside the figures.
pub(crate) const PACKAGE: &str = "orchestrator-core";

/// A scheduler of two lanes on a runtime of two threads.
pub(crate) struct Ours {
    // Goes before the runtime.
    scheduler: Arc<Scheduler>,
    runtime: Runtime,
}

impl Pool for Ours {
    type Outside = Arc<Scheduler>;
    type Inside = TaskContext;

    fn open() -> Result<Self> {
        let runtime = runtime()?;
        let config = SchedulerConfig::new(THREADS);
        let scheduler = Arc::new(Scheduler::on(runtime.handle(), config));
        runtime.block_on(scheduler.spawn(async {}))?;
        Ok(Self { scheduler, runtime })
    }

    fn outside(&self) -> Arc<Scheduler> {
        Arc::clone(&self.scheduler)
    }

    fn inside(_: Arc<Scheduler>) -> Result<TaskContext> {
        context()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}

impl Spawn for Arc<Scheduler> {
    type Error = TaskError;
    type Handle<T: Send + 'static> = TaskHandle<T>;

    fn spawn<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Scheduler::spawn(self, future)
    }

    fn spawn_urgent<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_with(Priority::High, future)
    }

    fn spawn_late<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.spawn_with(Priority::Low, future)
    }
}

impl Spawn for TaskContext {
    type Error = TaskError;
    type Handle<T: Send + 'static> = TaskHandle<T>;

    fn spawn<F>(&self, future: F) -> TaskHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        TaskContext::spawn(self, future)
    }
}

impl Ours {
    /// Spawns from outside all at once.
    pub(crate) fn all_outside<M, F>(&self, count: u32, make: M) -> Result<Done>
    where
        M: FnMut(u32) -> F,
        F: Future<Output = u64> + Send + 'static,
    {
        timed(|| {
            let tasks = (0..count).map(make);
            let handles = self.scheduler.spawn_all(Priority::Normal, tasks);
            self.runtime.block_on(async {
                let mut sum = 0;
                for handle in handles {
                    sum += handle.await?;
                }
                Ok(sum)
            })
        })
    }

    /// Spawns from within a task that ends when its children have, and looks at none of them: what
    /// a scope of rayon does. The sum is how many have returned.
    pub(crate) fn children<M, F>(&self, count: u32, mut make: M) -> Result<Done>
    where
        M: FnMut(u32) -> F + Send + 'static,
        F: Future<Output = u64> + Send + 'static,
    {
        let before = self.scheduler.stats().total().completed;
        let done = timed(|| {
            let root = self.scheduler.spawn(async move {
                let context = context()?;
                for number in 0..count {
                    drop(context.spawn(make(number)));
                }
                Ok(0)
            });
            self.runtime.block_on(root)?
        })?;
        // The parent is one of them.
        let sum = self.scheduler.stats().total().completed - before - 1;
        Ok(Done { sum, ..done })
    }
}

fn context() -> Result<TaskContext> {
    TaskContext::current().ok_or_else(|| "a task without a context".into())
}

/// Builds a graph and runs it.
pub(crate) fn graph(shape: &Shape, work: Work) -> Result<Duration> {
    let ours = Ours::open()?;
    let started = Instant::now();
    let mut graph = TaskGraph::with_capacity(shape.count() as usize);
    for node in 0..shape.count() {
        graph.add(node, shape.needs(node).iter().copied())?;
    }
    let run = graph.run(&ours.scheduler, RunOptions::default(), move |node| {
        let work = work.clone();
        async move {
            work.run(node);
            Ok::<(), Infallible>(())
        }
    })?;
    let report = ours.runtime.block_on(run);
    let time = started.elapsed();
    if report.is_success() {
        Ok(time)
    } else {
        Err(format!("the graph ended with {:?}", report.counts()).into())
    }
}
