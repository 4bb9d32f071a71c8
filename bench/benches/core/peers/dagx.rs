//! `dagx`: typed graphs, which it runs layer by layer on whatever spawns.

use std::time::{Duration, Instant};

use ::dagx::{DagRunner, Task, TaskHandle, task};

use super::tokio::Tokio;
use crate::pool::Pool;
use crate::shape::{MOST, Shape, Work};

// A type for each number of needs, because they are part of the type.
const _: () = assert!(MOST == 3);

struct Zero(u32, Work);

#[task]
impl Zero {
    async fn run(&self) -> u8 {
        self.1.run(self.0);
        0
    }
}

struct One(u32, Work);

#[task]
impl One {
    async fn run(&self, _a: &u8) -> u8 {
        self.1.run(self.0);
        0
    }
}

struct Two(u32, Work);

#[task]
impl Two {
    async fn run(&self, _a: &u8, _b: &u8) -> u8 {
        self.1.run(self.0);
        0
    }
}

struct Three(u32, Work);

#[task]
impl Three {
    async fn run(&self, _a: &u8, _b: &u8, _c: &u8) -> u8 {
        self.1.run(self.0);
        0
    }
}

/// Builds a graph and runs it on tokio.
pub(crate) fn graph(shape: &Shape, work: Work) -> orchestrator_bench::Result<Duration> {
    let pool = Tokio::open()?;
    let started = Instant::now();
    let graph = DagRunner::new();
    let mut handles: Vec<TaskHandle<u8>> = Vec::with_capacity(shape.count() as usize);
    for node in 0..shape.count() {
        let work = work.clone();
        let needed = |which: usize| &handles[shape.needs(node)[which] as usize];
        let handle = match shape.needs(node).len() {
            0 => graph.add_task(Zero(node, work)).into(),
            1 => graph.add_task(One(node, work)).depends_on(needed(0)),
            2 => {
                let two = graph.add_task(Two(node, work));
                two.depends_on((needed(0), needed(1)))
            }
            _ => {
                let three = graph.add_task(Three(node, work));
                three.depends_on((needed(0), needed(1), needed(2)))
            }
        };
        handles.push(handle);
    }
    pool.block_on(graph.run(|future| drop(tokio::spawn(future))))
        .map_err(|error| error.to_string())?;
    Ok(started.elapsed())
}
