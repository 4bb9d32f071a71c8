//! A scheduler within a program that has a tokio runtime already: an urgent request overtakes a backlog,
//! and a job that is no longer wanted ends with all that it has begun.
//!
//! `cargo run -p orchestrator-core --example scheduler`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::{Duration, Instant};

use orchestrator_core::{Budget, Priority, Scheduler, SchedulerConfig, TaskContext, TaskOptions};

/// Something that takes a processor for a while.
fn compute(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// A job that divides its work among children, which wait for something that takes long.
async fn job(parts: usize) -> usize {
    let Some(context) = TaskContext::current() else {
        return 0;
    };
    let children: Vec<_> = (0..parts)
        .map(|part| {
            context.spawn(async move {
                tokio::time::sleep(Duration::from_millis(part as u64 * 10)).await;
                part
            })
        })
        .collect();
    let mut sum = 0;
    for child in children {
        sum += child.await.unwrap_or_default();
    }
    sum
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let scheduler = Scheduler::new(SchedulerConfig::default());

    // A backlog of a second or so, and something urgent behind it.
    let backlog = scheduler.spawn_all(
        Priority::Low,
        (0..5_000).map(|_| async { compute(Duration::from_micros(200)) }),
    );
    let asked = Instant::now();
    let waited = scheduler.spawn_with(Priority::High, async move { asked.elapsed() });
    println!("the urgent one has waited for {:?}", waited.await?);

    // What blocks its thread has one of its own, and what a tree of tasks may spend is one budget.
    let options = TaskOptions::default().with_budget(Budget::of(1_000));
    let spent = scheduler.spawn_with(options, async {
        let context = TaskContext::current()?;
        let blocking = context.spawn_blocking(|own| {
            std::thread::sleep(Duration::from_millis(5));
            own.budget().try_spend(600).is_ok()
        });
        let enough = blocking.await.ok()?;
        Some((enough, context.budget().try_spend(600)))
    });
    if let Some((enough, Err(refused))) = spent.await? {
        println!("the first had enough: {enough}; the second: {refused}");
    }

    // A task ends when its children have.
    println!("the parts make {}", scheduler.spawn(job(5)).await?);

    // To abort it is to abort them, and its handle gives a result when they are gone.
    let unwanted = scheduler.spawn(job(1_000));
    unwanted.abort();
    if let Err(error) = unwanted.await {
        println!("{error}");
    }

    for task in backlog {
        task.await?;
    }
    let stats = scheduler.stats();
    println!(
        "{} lanes were at tasks for {:.0} % of {:?}; of 100 tasks, 99 have waited for less than {:?}",
        stats.lanes.len(),
        stats.utilization() * 100.0,
        stats.uptime,
        stats.waits.quantile(0.99),
    );
    scheduler.shutdown().await;
    Ok(())
}
