//! A graph of tasks: what can be done side by side is, a failure stops only what depends on it, and a
//! task may add others.
//!
//! `cargo run -p orchestrator-core --example graph`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use orchestrator_core::{GraphAdder, RunOptions, Scheduler, SchedulerConfig, TaskGraph};

/// How long a task takes, in milliseconds; the longest path is begun first.
fn weight(task: &str) -> u64 {
    match task {
        "compile" => 60,
        "test" => 40,
        _ => 10,
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut graph = TaskGraph::new();
    for (task, needs) in [
        ("publish", &["test", "document"][..]),
        ("announce", &["publish"]),
        ("document", &["fetch"]),
        ("test", &["compile"]),
        ("lint", &["fetch"]),
        ("compile", &["fetch"]),
        ("fetch", &[]),
    ] {
        graph.add(task.to_owned(), needs.iter().map(ToString::to_string))?;
    }
    println!("{}", graph.to_mermaid());

    let scheduler = Scheduler::new(SchedulerConfig::default());
    let adder = Arc::new(OnceLock::<GraphAdder<String, String>>::new());
    let options = RunOptions::default().with_critical_path(|task: &String| weight(task));
    let known = Arc::clone(&adder);
    let run = graph.run(&scheduler, options, move |task| {
        let adder = Arc::clone(&known);
        async move {
            tokio::time::sleep(Duration::from_millis(weight(&task))).await;
            match task.as_str() {
                "document" => Err("there is a broken link".to_owned()),
                "test" => {
                    // What it has found out is work of its own.
                    let late = adder.wait().add("measure".to_owned(), ["test".to_owned()]);
                    late.map(|_| ()).map_err(|error| error.to_string())
                }
                _ => Ok(()),
            }
        }
    })?;
    if adder.set(run.adder()).is_err() {
        unreachable!("it is set here alone");
    }

    let report = run.await;
    for (task, status) in &report.tasks {
        println!("{task:>10}  {status}");
    }
    for (task, error) in &report.failures {
        println!("`{task}` failed: {error}");
    }
    scheduler.shutdown().await;
    Ok(())
}
