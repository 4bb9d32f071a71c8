//! Running many tasks side by side: which may run, how many at a time, what to do when they
//! fail, and how to stop.
//!
//! - A [`TaskGraph`] holds tasks and what they depend on. It says which are ready and what a
//!   failure means for the others. It runs nothing.
//! - A [`Scheduler`] runs tasks on lanes that steal work from each other, by [`Priority`]. Each
//!   task is given a [`TaskContext`], and whoever spawned it a [`TaskHandle`].
//! - [`Slots`] bound how many things of a kind run at a time. A [`Permit`] is a taken slot.
//! - A [`RetryPolicy`] says when to try again; [`retry`] does it.
//! - A [`ShutdownManager`] stops the parts of a program in order, within a time.
//!
//! The parts do not know of each other: take the one that you need.
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
//!         let handle = scheduler.spawn(Priority::Normal, async move |_context| {
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
//! assert_eq!(scheduler.stats().total().executed, 4);
//!
//! let mut shutdown = ShutdownManager::new();
//! shutdown.register("scheduler", 10, async move || scheduler.shutdown().await)?;
//! shutdown.register("log", 0, async || println!("stopped"))?;
//! assert!(shutdown.run().await.is_clean());
//! # Ok(())
//! # }
//! ```

mod admission;
mod graph;
mod panics;
mod priority;
mod retry;
mod scheduler;
mod shutdown;
mod task;

pub use admission::{
    AcquireError, Admission, AdmissionConfig, AdmissionController, AdmissionStats, BreakerConfig,
    BreakerGuard, BreakerPass, BreakerRefusal, BreakerState, CircuitBreaker, CircuitBreakers,
    Claim, DepthGuard, DepthRefusal, FailureKind, MemorySource, MemoryUse, ModelKey, Permit,
    PressureGauge, PressureLevel, RateConfig, RateLimit, RateLimiter, RateLimiters, RateRefusal,
    Rejection, Request, Reservation, SlotKey, SlotLimit, SlotScaling, SlotUse, Slots, SlotsClosed,
    SystemMemory, Trip, WaitReason, Waiting, WhenBlocked,
};
pub use graph::{FailurePolicy, GraphCounts, GraphError, NodeStatus, TaskGraph, TransitionError};
pub use priority::Priority;
pub use retry::{RetryError, RetryPolicy, retry};
pub use scheduler::{LaneStats, Scheduler, SchedulerConfig, SchedulerStats};
pub use shutdown::{
    HandlerOutcome, HandlerReport, ShutdownManager, ShutdownRegisterError, ShutdownReport,
};
pub use task::{TaskContext, TaskError, TaskHandle, TaskId, TaskStatus};
pub use tokio_util::sync::CancellationToken;
