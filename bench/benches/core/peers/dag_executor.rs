//! `dag-executor`: graphs by name, with nothing kept on the disk.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ::dag_executor::prelude::{BasicTask, Config, Dag, DagExecutor};
use orchestrator_bench::Result;
use serde_json::Value;

use super::tokio::Tokio;
use crate::pool::{Pool, THREADS};
use crate::shape::{Shape, Work};

/// With as many tasks at a time as there are threads.
pub(crate) fn two_at_a_time(shape: &Shape, work: Work) -> Result<Duration> {
    run(shape, work, THREADS.get())
}

/// With as many at a time as it lets by default, which is more than are ready.
pub(crate) fn many_at_a_time(shape: &Shape, work: Work) -> Result<Duration> {
    run(shape, work, Config::default().max_concurrency)
}

/// Builds a graph and runs it on tokio, without what costs time and can be left out: the disk, the
/// timeouts, the retries.
fn run(shape: &Shape, work: Work, at_a_time: usize) -> Result<Duration> {
    let pool = Tokio::open()?;
    let started = Instant::now();
    let mut graph = Dag::new();
    for node in 0..shape.count() {
        let work = work.clone();
        let task = BasicTask::new(node.to_string(), move |_| {
            let work = work.clone();
            async move {
                work.run(node);
                Ok(Value::Null)
            }
        });
        let needs = shape.needs(node).iter().map(u32::to_string);
        graph.add_task(Arc::new(task.with_deps(needs)))?;
    }
    let config = Config {
        max_concurrency: at_a_time,
        persist_state: false,
        task_timeout: None,
        max_attempts: 1,
        ..Config::default()
    };
    let executor = DagExecutor::builder().config(config).build();
    let root = pool.0.spawn(async move { executor.run(graph).await });
    let report = pool.0.block_on(root)??;
    let time = started.elapsed();
    if report.is_success() {
        Ok(time)
    } else {
        Err("not every task of the graph has completed".into())
    }
}
