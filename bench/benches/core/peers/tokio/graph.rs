//! A graph as it is run without a library for it: a count of what each node waits for, and a spawn
//! when that comes to nothing.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ::tokio::sync::oneshot;
use orchestrator_bench::Result;

use super::Tokio;
use crate::pool::Pool;
use crate::shape::{Shape, Work};

/// What is done with the nodes that become ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ready {
    /// All are spawned.
    Spawn,
    /// The first one is run at once.
    FirstAtOnce,
}

struct Graph {
    unmet: Vec<AtomicU32>,
    /// Where in `needed_by` those of a node begin, and the end.
    first: Vec<u32>,
    needed_by: Vec<u32>,
    /// How many of the nodes that nobody needs are left: when they are done, all are.
    last: AtomicU32,
    done: Mutex<Option<oneshot::Sender<()>>>,
    work: Work,
    ready: Ready,
}

/// Every node that becomes ready is spawned.
pub(crate) fn spawned(shape: &Shape, work: Work) -> Result<Duration> {
    run(shape, work, Ready::Spawn)
}

/// As [`spawned`], but the first one is run by whoever has made it ready.
pub(crate) fn first_at_once(shape: &Shape, work: Work) -> Result<Duration> {
    run(shape, work, Ready::FirstAtOnce)
}

fn run(shape: &Shape, work: Work, ready: Ready) -> Result<Duration> {
    let pool = Tokio::open()?;
    let started = Instant::now();
    let (done, all) = oneshot::channel();
    let (first, needed_by) = shape.needed_by();
    let unmet = (0..shape.count()).map(|node| AtomicU32::new(shape.needs(node).len() as u32));
    let last = first.windows(2).filter(|ends| ends[0] == ends[1]).count();
    let graph = Arc::new(Graph {
        unmet: unmet.collect(),
        first,
        needed_by,
        last: AtomicU32::new(last as u32),
        done: Mutex::new(Some(done)),
        work,
        ready,
    });
    let starts = (0..shape.count()).filter(|node| shape.needs(*node).is_empty());
    let starts: Vec<u32> = starts.collect();
    // From within a task, as that is faster.
    pool.0.spawn(async move {
        for node in starts {
            start(&graph, node);
        }
    });
    pool.0.block_on(all)?;
    Ok(started.elapsed())
}

fn start(graph: &Arc<Graph>, node: u32) {
    let graph = Arc::clone(graph);
    ::tokio::spawn(async move {
        let mut next = Some(node);
        while let Some(node) = next {
            graph.work.run(node);
            next = settle(&graph, node);
        }
    });
}

/// A node is done. Gives one that is to be run at once, if there is any.
fn settle(graph: &Arc<Graph>, node: u32) -> Option<u32> {
    let at = |node: u32| graph.first[node as usize] as usize;
    let needed_by = &graph.needed_by[at(node)..at(node + 1)];
    let mut next = None;
    for node in needed_by {
        if graph.unmet[*node as usize].fetch_sub(1, Ordering::AcqRel) > 1 {
            continue;
        }
        if graph.ready == Ready::FirstAtOnce && next.is_none() {
            next = Some(*node);
        } else {
            start(graph, *node);
        }
    }
    if needed_by.is_empty() && graph.last.fetch_sub(1, Ordering::AcqRel) == 1 {
        let done = graph.done.lock().ok().and_then(|mut done| done.take());
        // Whoever waits for it is there until it comes.
        done.map(|done| done.send(()));
    }
    next
}
