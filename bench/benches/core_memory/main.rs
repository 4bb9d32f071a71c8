//! `cargo xtask bench core`, the lines on memory: what a task takes that waits.

#![expect(clippy::print_stderr, reason = "failures are for a person")]

use std::alloc::System;
use std::future::Future;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cap::Cap;
use orchestrator_bench::{Arguments, Line, Report, Result, versioned};
use orchestrator_core::{Scheduler, SchedulerConfig, Slots, TaskContext};
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

/// After so long a task that has said that it is there has come to its wait.
const SETTLED: Duration = Duration::from_millis(50);

/// What the control's tasks hold more than they have to.
const BURDEN: usize = 1_024;

const EACH: &str = "heap a waiting task against tokio";
const CONTROL: &str = "a task that holds a KiB more is seen";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench core_memory: {error}");
            ExitCode::from(2)
        }
    }
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
                handles.push(context.spawn(wait::<_, BURDEN>(here, acquire)));
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
                handles.push(tokio::spawn(wait::<_, 0>(here, slots.acquire_owned())));
            }
            std::future::pending::<()>().await
        })
    })
}

/// Says that it is there, and waits.
async fn wait<F: Future, const BURDEN: usize>(here: Arc<AtomicUsize>, acquire: F) {
    let burden = std::hint::black_box([1_u8; BURDEN]);
    here.fetch_add(1, Ordering::SeqCst);
    let _slot = acquire.await;
    tokio::time::sleep(WAIT).await;
    // Held across the waits.
    std::hint::black_box(&burden);
}

/// The bytes a task that are allocated when all are there. The handles' place does not count.
fn measured<H, R>(
    runtime: &Runtime,
    spawn: impl FnOnce(Arc<AtomicUsize>, Vec<H>) -> R,
) -> Result<f64> {
    // Whatever threads allocate when they begin.
    runtime.block_on(runtime.spawn(async { tokio::time::sleep(SETTLED).await }))?;
    let here = Arc::new(AtomicUsize::new(0));
    let handles = Vec::with_capacity(TASKS);
    let before = HEAP.allocated();
    let root = spawn(Arc::clone(&here), handles);
    while here.load(Ordering::SeqCst) < TASKS {
        thread::sleep(SETTLED);
    }
    thread::sleep(SETTLED);
    let after = HEAP.allocated();
    drop(root);
    let taken = after.checked_sub(before);
    let taken = taken.ok_or("less is allocated than before")?;
    Ok(taken as f64 / TASKS as f64)
}
