//! `cargo xtask bench core`, the lines on memory: what a task takes that waits.

use std::alloc::System;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use cap::Cap;
use orchestrator_bench::{Arguments, Line, Report, Result, program, versioned};
use orchestrator_core::{Scheduler, SchedulerConfig, Slots, TaskContext};
use pin_project_lite::pin_project;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

/// Counts what is allocated, and by nothing else: the limit is none.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const TASKS: usize = 10_000;
const THREADS: NonZeroUsize = NonZeroUsize::new(2).expect("two is not zero");
const SLOTS: NonZeroUsize = NonZeroUsize::new(1_000).expect("a thousand is not zero");

/// Longer than it is measured.
const WAIT: Duration = Duration::from_hours(1);

/// What the control's tasks hold more than they have to.
const BURDEN: usize = 1_024;

const EACH: &str = "heap a waiting task against tokio";
const CONTROL: &str = "a task that holds a KiB more is seen";

fn main() -> ExitCode {
    program("core_memory", run)
}

fn run() -> Result<ExitCode> {
    let arguments = Arguments::of_process()?;
    let mut report = Report::new(&arguments);
    if arguments.wants(EACH) || arguments.wants(CONTROL) {
        let (ours, peer) = (of_ours::<0>()?, of_tokio()?);
        let name = format!("{}, its Semaphore", versioned("tokio"));
        let ratio = peer / ours;
        report.add(&Line::beside(
            EACH.into(),
            (ours, "B"),
            (peer, &name),
            ratio,
        ));
        let more = of_ours::<BURDEN>()? - ours;
        report.add(&Line::control(CONTROL, more > BURDEN as f64 * 0.9));
    }
    Ok(report.finish())
}

fn runtime() -> Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    Ok(builder.worker_threads(THREADS.get()).enable_all().build()?)
}

/// The bytes of one of ten thousand children of a task, that wait for slots or hold one and sleep.
fn of_ours<const BURDEN: usize>() -> Result<f64> {
    let runtime = runtime()?;
    let scheduler = Scheduler::on(runtime.handle(), SchedulerConfig::new(THREADS));
    let slots = Slots::new(SLOTS);
    let bytes = measured(&runtime, |here, mut handles| {
        scheduler.spawn(async move {
            let Some(context) = TaskContext::current() else {
                return;
            };
            for _ in 0..TASKS {
                let (slots, here) = (slots.clone(), Arc::clone(&here));
                let acquire = async move { slots.acquire().await };
                let waits = Waits::new(wait::<_, BURDEN>(acquire), here);
                handles.push(context.spawn(waits));
            }
            std::future::pending().await
        })
    });
    runtime.block_on(scheduler.shutdown());
    bytes
}

fn of_tokio() -> Result<f64> {
    let runtime = runtime()?;
    let slots = Arc::new(Semaphore::new(SLOTS.get()));
    let spawner = runtime.handle().clone();
    measured(&runtime, |here, mut handles| {
        spawner.spawn(async move {
            for _ in 0..TASKS {
                let (slots, here) = (Arc::clone(&slots), Arc::clone(&here));
                let waits = Waits::new(wait::<_, 0>(slots.acquire_owned()), here);
                handles.push(tokio::spawn(waits));
            }
            std::future::pending::<()>().await
        })
    })
}

/// Waits for a slot, and then for longer than it is measured.
async fn wait<F: Future, const BURDEN: usize>(acquire: F) {
    let burden = std::hint::black_box([1_u8; BURDEN]);
    let _slot = acquire.await;
    tokio::time::sleep(WAIT).await;
    // Held across the waits.
    std::hint::black_box(&burden);
}

/// The bytes a task that are allocated when all are there. The handles' place does not count.
fn measured<H, R>(runtime: &Runtime, spawn: impl FnOnce(Arc<Here>, Vec<H>) -> R) -> Result<f64> {
    begin(runtime)?;
    let (all, told) = mpsc::channel();
    let here = Arc::new(Here {
        count: AtomicUsize::new(0),
        all,
    });
    let handles = Vec::with_capacity(TASKS);
    let before = HEAP.allocated();
    let root = spawn(Arc::clone(&here), handles);
    // The last one is yet to be put to where it waits: one of ten thousand.
    told.recv()?;
    let after = HEAP.allocated();
    drop(root);
    let taken = after.checked_sub(before);
    let taken = taken.ok_or("less is allocated than before")?;
    Ok(taken as f64 / TASKS as f64)
}

/// Has every thread begin, and allocate what it needs: a task blocks each until all are there.
fn begin(runtime: &Runtime) -> Result {
    let all = Arc::new(Barrier::new(THREADS.get()));
    let tasks: Vec<_> = (0..THREADS.get())
        .map(|_| {
            let all = Arc::clone(&all);
            runtime.spawn(async move { _ = all.wait() })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task)?;
    }
    Ok(())
}

/// How many tasks have come to their wait, and who is told when all have.
struct Here {
    count: AtomicUsize,
    all: mpsc::Sender<()>,
}

pin_project! {
    /// A task that says so when it waits for the first time.
    struct Waits<F> {
        #[pin]
        task: F,
        here: Option<Arc<Here>>,
    }
}

impl<F: Future> Waits<F> {
    fn new(task: F, here: Arc<Here>) -> Self {
        Self {
            task,
            here: Some(here),
        }
    }
}

impl<F: Future> Future for Waits<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let polled = this.task.poll(context);
        if polled.is_pending()
            && let Some(here) = this.here.take()
            && here.count.fetch_add(1, Ordering::SeqCst) + 1 == TASKS
        {
            // Nobody listens any more where the measuring has failed.
            let _ = here.all.send(());
        }
        polled
    }
}
