//! Running many tasks side by side: which may run, how many at a time, what to do when they
//! fail, and how to stop.
//!
//! - A [`Scheduler`] runs tasks on lanes that steal work from each other, by [`Priority`]. A
//!   task has a [`TaskContext`], and whoever spawned it a [`TaskHandle`].
//! - A [`TaskGraph`] holds tasks and what they depend on. It says which are ready and what a
//!   failure means for the others, and [runs](TaskGraph::run) them on a scheduler if that is wanted.
//! - An [`AdmissionController`] says who may call a model now: by slots of a role, a model and a
//!   provider, rates, a circuit breaker, memory and depth. Its parts can be had alone: [`Slots`] bound how
//!   many things of a kind run at a time, and a [`Permit`] is a taken slot; [`SlotScaling`],
//!   [`CircuitBreaker`], [`RateLimiter`], [`PressureGauge`] and [`DepthGuard`] are rules without I/O.
//! - A [`RetryPolicy`] says when to try again; [`retry`] does it.
//! - A [`ShutdownManager`] stops the parts of a program in order, within a time.
//!
//! Take the ones that you need.
//!
//! # When plain tokio is the better choice
//!
//! tokio steals work too, and beside a call to a language model the cost of a spawn is nothing. Take
//! `tokio::spawn` if your tasks are all of one importance, if nothing has to wait for, or end with, what
//! a task has spawned, and if it does not matter where a task goes on after it has waited. It has no
//! second queue in front of its own, its tools for looking inside know its tasks, and a task costs it
//! fewer bytes.
//!
//! The [`Scheduler`] is for what tokio does not give: an urgent task goes first behind any backlog, also
//! after each of its waits; a parent's end is the end of all below it, which is waited for; a task comes
//! back to its lane, and so to what is kept warm there; graphs, and the order of the longest path; one
//! seed that decides the order of everything, for tests. A `JoinSet` gives a part of the second, and
//! `tokio::sync::Semaphore` a part of what [`Slots`] do.
//!
//! # The whole picture
//!
//! ```
//! use std::num::NonZeroUsize;
//! use orchestrator_core::{
//!     FailurePolicy, Priority, RetryPolicy, Scheduler, SchedulerConfig, ShutdownManager, Slots,
//!     TaskGraph, retry,
//! };
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut graph = TaskGraph::new();
//! graph.add("fetch", [])?;
//! graph.add("build", ["fetch"])?;
//! graph.add("lint", ["fetch"])?;
//! graph.add("publish", ["build", "lint"])?;
//! graph.validate()?;
//!
//! let four = NonZeroUsize::new(4).ok_or("not zero")?;
//! let scheduler = Scheduler::new(SchedulerConfig::new(four));
//! let compilers = Slots::new(NonZeroUsize::MIN);
//!
//! while !graph.is_settled() {
//!     let mut running = Vec::new();
//!     for name in graph.ready() {
//!         graph.start(&name)?;
//!         let slots = compilers.clone();
//!         let handle = scheduler.spawn_with(Priority::Normal, async move {
//!             let _permit = slots.acquire().await.map_err(|closed| closed.to_string())?;
//!             // Every first attempt fails, and the fault is one that may pass.
//!             retry(&RetryPolicy::default(), |_| true, async |attempt| match attempt {
//!                 1 => Err(format!("{name} failed")),
//!                 _ => Ok(()),
//!             })
//!             .await
//!             .map_err(|error| error.into_source())
//!         });
//!         running.push((name, handle));
//!     }
//!     for (name, handle) in running {
//!         match handle.await? {
//!             Ok(()) => graph.complete(&name)?,
//!             Err(_) => drop(graph.fail(&name, FailurePolicy::SkipDependents)?),
//!         }
//!     }
//! }
//! assert_eq!(graph.counts().done, 4);
//! assert_eq!(scheduler.stats().total().completed, 4);
//!
//! let shutdown = ShutdownManager::new();
//! shutdown.register("scheduler", 10, async move || scheduler.shutdown().await)?;
//! shutdown.register("log", 0, async || println!("stopped"))?;
//! assert!(shutdown.run("done").await.is_clean());
//! # Ok(())
//! # }
//! ```

mod admission;
mod graph;
mod histogram;
mod panics;
mod priority;
mod retry;
mod scheduler;
mod shutdown;
mod sync;
mod task;

pub use admission::{
    AcquireError, Admission, AdmissionConfig, AdmissionController, AdmissionStats, BreakerConfig,
    BreakerPass, BreakerRefusal, BreakerState, CallCounts, CircuitBreaker, Claim, DepthGuard,
    DepthRefusal, FailureKind, KeyStats, MemorySource, MemoryUse, ModelKey, Permit, PressureGauge,
    PressureLevel, RateConfig, RateLimit, RateLimiter, RateRefusal, Rejection, RejectionCounts,
    Request, Reservation, SlotKey, SlotLimit, SlotScaling, Slots, SlotsClosed, SystemMemory, Trip,
    WaitReason, Waiting, WhenBlocked,
};
pub use graph::{
    FailurePolicy, GraphAdder, GraphCounts, GraphError, GraphReport, GraphRun, JobError,
    NodeStatus, RunOptions, TaskGraph, TransitionError,
};
pub use histogram::WaitHistogram;
pub use priority::Priority;
pub use retry::{
    Remedy, RetryBudget, RetryCall, RetryError, RetryEvent, RetryPolicy, RetryState, RetryStep,
    RetryStop, Retryable, retry,
};
pub use scheduler::{LaneStats, Scheduler, SchedulerConfig, SchedulerStats};
pub use shutdown::{
    HandlerOutcome, HandlerReport, ShutdownGuard, ShutdownHandler, ShutdownManager, ShutdownReason,
    ShutdownRegisterError, ShutdownReport, ShutdownSignalError, ShutdownSignals,
};
pub use task::{
    Budget, BudgetSpent, TaskContext, TaskError, TaskHandle, TaskId, TaskOptions, TaskStatus,
};
pub use tokio_util::sync::CancellationToken;
