//! `rayon`: closures, which never wait, on two threads.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ::rayon::iter::{IntoParallelIterator, ParallelIterator};
use ::rayon::{Scope, ThreadPool, ThreadPoolBuilder};
use orchestrator_bench::Result;

use crate::pool::{Done, THREADS, timed};
use crate::shape::{Shape, Work};

/// Two threads.
pub(crate) fn open() -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new()
        .num_threads(THREADS.get())
        .build()?;
    pool.install(|| ());
    Ok(pool)
}

thread_local! {
    /// What the closures of this thread gave: they have nobody to give it to.
    static SUM: Cell<u64> = const { Cell::new(0) };
}

/// Spawned in a scope from within the pool.
pub(crate) fn scope(
    pool: &ThreadPool,
    count: u32,
    work: impl Fn(u32) -> u64 + Sync,
) -> Result<Done> {
    let work = &work;
    let done = timed(|| {
        pool.install(|| {
            ::rayon::scope(|scope| {
                for number in 0..count {
                    scope.spawn(move |_| SUM.set(SUM.get() + work(number)));
                }
            });
        });
        Ok(0)
    })?;
    let sum = pool.broadcast(|_| SUM.take()).into_iter().sum();
    Ok(Done { sum, ..done })
}

/// As a parallel iterator, which divides the numbers as it sees fit.
pub(crate) fn par_iter(count: u32, work: impl Fn(u32) -> u64 + Sync + Send) -> Result<Done> {
    let pool = open()?;
    timed(|| Ok(pool.install(|| (0..count).into_par_iter().map(work).sum())))
}

/// A graph: counts of what each node waits for, and a spawn in the scope when that comes to nothing.
pub(crate) fn graph(shape: &Shape, work: Work) -> Result<Duration> {
    let pool = open()?;
    let started = Instant::now();
    let (first, needed_by) = shape.needed_by();
    let unmet = (0..shape.count()).map(|node| AtomicU32::new(shape.needs(node).len() as u32));
    let graph = Graph {
        unmet: unmet.collect(),
        first,
        needed_by,
        work,
    };
    let starts = (0..shape.count()).filter(|node| shape.needs(*node).is_empty());
    let graph = &graph;
    pool.install(|| {
        ::rayon::scope(|scope| {
            for node in starts {
                scope.spawn(move |scope| graph.run(scope, node));
            }
        });
    });
    Ok(started.elapsed())
}

struct Graph {
    unmet: Vec<AtomicU32>,
    first: Vec<u32>,
    needed_by: Vec<u32>,
    work: Work,
}

impl Graph {
    fn run<'a>(&'a self, scope: &Scope<'a>, node: u32) {
        self.work.run(node);
        let at = |node: u32| self.first[node as usize] as usize;
        for node in &self.needed_by[at(node)..at(node + 1)] {
            if self.unmet[*node as usize].fetch_sub(1, Ordering::AcqRel) == 1 {
                scope.spawn(move |scope| self.run(scope, *node));
            }
        }
    }
}
