//! Random graphs, from the first node that is put in to the last one that has run.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use orchestrator_bench::{Better, Bout, Peer, Result, versioned};

use super::work::SHORT;
use super::{peer, with};
use crate::load::rounds;
use crate::ours::{self, PACKAGE};
use crate::peers::tokio::graph as tokio;
use crate::peers::{dag_executor, dagx, rayon, threads};
use crate::shape::{Log, Shape, Work};

const FEW: u32 = 10_000;
const MANY: u32 = 100_000;
const WORKING: u32 = 50_000;

/// Builds and runs a graph.
type Run = fn(&Shape, Work) -> Result<Duration>;

/// All bouts of graphs.
pub(super) fn bouts() -> Vec<Bout<'static>> {
    vec![few(), many(), working()]
}

fn few() -> Bout<'static> {
    let peers = vec![peer("dagx", 10.0), peer("dag-executor", 30.0)];
    Field::new(
        "graph, 10,000 no-op nodes",
        "ns",
        FEW,
        || Work::Nothing,
        peers,
    )
    .beside("tokio")
    .enter(versioned(PACKAGE), ours::graph)
    .enter(versioned("dagx"), dagx::graph)
    .enter(
        with("dag-executor, 2 at a time", "dag-executor"),
        dag_executor::two_at_a_time,
    )
    .enter(
        with("dag-executor, 1,024 at a time", "dag-executor"),
        dag_executor::many_at_a_time,
    )
    .enter(with("tokio, spawn on ready", "tokio"), tokio::spawned)
    .bout
}

fn many() -> Bout<'static> {
    let peers = vec![peer("tokio", 2.5)];
    Field::new(
        "graph, 100,000 no-op nodes",
        "ns",
        MANY,
        || Work::Nothing,
        peers,
    )
    .beside("first at once")
    .beside("rayon")
    .enter(versioned(PACKAGE), ours::graph)
    .enter(with("tokio, spawn on ready", "tokio"), tokio::spawned)
    .enter(with("first at once", "tokio"), tokio::first_at_once)
    .enter(with("rayon scope", "rayon"), rayon::graph)
    .bout
}

fn working() -> Bout<'static> {
    let peers = vec![peer("the ideal", 0.97)];
    let work = || Work::Spin(rounds(SHORT));
    Field::new("graph, 50,000 nodes of 10 µs", "ns", WORKING, work, peers)
        .beside("tokio")
        .beside("rayon")
        .enter(versioned(PACKAGE), ours::graph)
        .enter("the ideal: two threads".into(), |shape, work| {
            let each = match work {
                Work::Spin(each) => each,
                Work::Nothing | Work::Checked(_) => 0,
            };
            Ok(threads::divide(&vec![each; shape.count() as usize])?.time)
        })
        .enter(with("tokio, spawn on ready", "tokio"), tokio::spawned)
        .enter(with("rayon scope", "rayon"), rayon::graph)
        .bout
}

/// Puts a bout together in which every contestant has the same graph.
struct Field {
    bout: Bout<'static>,
    shape: Rc<OnceLock<Arc<Shape>>>,
    count: u32,
    work: fn() -> Work,
}

impl Field {
    fn new(
        name: &'static str,
        unit: &'static str,
        count: u32,
        work: fn() -> Work,
        peers: Vec<Peer>,
    ) -> Self {
        Self {
            bout: Bout::new(name, unit, Better::Less, peers),
            shape: Rc::default(),
            count,
            work,
        }
    }

    /// In each round it runs the graph twice: so that its order is checked, and so that its time is
    /// taken.
    fn enter(self, name: String, run: Run) -> Self {
        let (shape, count, work) = (Rc::clone(&self.shape), self.count, self.work);
        let is_ideal = name.starts_with("the ideal");
        let bout = self.bout.enter(name, move || {
            let shape = shape.get_or_init(|| Shape::random(count));
            if !is_ideal {
                check(shape, run)?;
            }
            let time = run(shape, work())?;
            Ok(time.as_secs_f64() * 1e9 / f64::from(count))
        });
        Self { bout, ..self }
    }

    fn beside(self, name: &'static str) -> Self {
        let bout = self.bout.beside(name, name);
        Self { bout, ..self }
    }
}

/// Whether all nodes run once, and each after those that it needs.
pub(super) fn check(
    shape: &Arc<Shape>,
    run: impl FnOnce(&Shape, Work) -> Result<Duration>,
) -> Result {
    let log = Log::new(shape);
    run(shape, Work::Checked(Arc::clone(&log)))?;
    log.verify()
}
