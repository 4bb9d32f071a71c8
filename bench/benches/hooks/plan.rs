//! From hooks to a plan.

use std::time::Instant;

use orchestrator_bench::{Better, Bout, Peer, Result, versioned};
use orchestrator_hooks::{Hook, HookRegistry, Phase};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::stable_graph::StableDiGraph;

use crate::event::{Tick, answer};

/// The bouts: their names, and of how many hooks.
const PLANS: [(&str, usize); 2] = [
    ("a hook more, and the plan of 1,000", 1_000),
    ("a hook more, and the plan of 10,000", 10_000),
];

/// How often, of which the fastest half counts; for each size about as long.
const HOOKS_AT_A_TIME: usize = 200_000;

/// A hook, and whom it runs after.
struct Place {
    phase: Phase,
    priority: i32,
    after: Vec<usize>,
}

pub(crate) fn bouts() -> Result<Vec<Bout<'static>>> {
    PLANS
        .into_iter()
        .map(|(name, hooks)| bout(name, hooks))
        .collect()
}

fn bout(name: &'static str, hooks: usize) -> Result<Bout<'static>> {
    let peer = Peer {
        name: "petgraph's toposort alone",
        entrants: "toposort",
        target: 1.0 / 1.5,
    };
    let shape = shape(hooks);
    let registry = HookRegistry::new();
    registry.register_all(all(&shape))?.keep();
    let graph: DiGraph<usize, ()> = DiGraph::from_edges(edges(&shape));
    let stable: StableDiGraph<usize, ()> = StableDiGraph::from_edges(edges(&shape));
    if graph.node_count() != hooks {
        return Err("the last hooks have no edges".into());
    }
    let times = HOOKS_AT_A_TIME / hooks;
    let toposort = versioned("petgraph");
    Ok(Bout::new(name, "µs", Better::Less, vec![peer])
        .enter("ours", move || {
            each(times, || {
                // In the midst of the others, after one of them and before another.
                let more = Hook::new("more", |_: &Tick| answer(0))
                    .after(hook_name(hooks / 2))
                    .before(hook_name(hooks - 1));
                let began = Instant::now();
                let registration = registry.register(more)?;
                let took = began.elapsed();
                if registry.plan().len() != hooks + 1 {
                    return Err("the plan lacks hooks".into());
                }
                drop(registration);
                Ok(took)
            })
        })
        .enter(format!("toposort of a DiGraph, {toposort}"), move || {
            each(times, || {
                let began = Instant::now();
                let sorted = petgraph::algo::toposort(&graph, None);
                let took = began.elapsed();
                sorted.map_err(|_| "a cycle")?;
                Ok(took)
            })
        })
        .enter(
            format!("toposort of a StableDiGraph, {toposort}"),
            move || {
                each(times, || {
                    let began = Instant::now();
                    let sorted = petgraph::algo::toposort(&stable, None);
                    let took = began.elapsed();
                    sorted.map_err(|_| "a cycle")?;
                    Ok(took)
                })
            },
        ))
}

/// The µs that one takes.
fn each(times: usize, mut run: impl FnMut() -> Result<std::time::Duration>) -> Result<f64> {
    let mut total = std::time::Duration::ZERO;
    for _ in 0..times {
        total += run()?;
    }
    Ok(total.as_nanos() as f64 / times as f64 / 1e3)
}

fn hook_name(number: usize) -> String {
    format!("hook-{number}")
}

/// Hooks in phases, with priorities, and one or two of the earlier ones before each.
fn shape(hooks: usize) -> Vec<Place> {
    let mut rng = fastrand::Rng::with_seed(5);
    let phases = [Phase::Early, Phase::Normal, Phase::Late];
    let mut shape: Vec<Place> = (0..hooks)
        .map(|number| Place {
            phase: phases[number * 3 / hooks],
            priority: rng.i32(-5..=5),
            after: (0..rng.usize(1..=2))
                .map(|_| rng.usize(..number.max(1)))
                .collect(),
        })
        .collect();
    shape[0].after.clear();
    shape
}

fn edges(shape: &[Place]) -> Vec<(NodeIndex, NodeIndex)> {
    let edges = shape.iter().enumerate().flat_map(|(number, place)| {
        let after = place.after.iter();
        after.map(move |before| (NodeIndex::new(*before), NodeIndex::new(number)))
    });
    edges.collect()
}

fn all(shape: &[Place]) -> impl Iterator<Item = Hook<Tick>> {
    shape.iter().enumerate().map(|(number, place)| {
        let hook = Hook::new(hook_name(number), |_: &Tick| answer(0))
            .phase(place.phase)
            .priority(place.priority);
        let after = place.after.iter().map(|before| hook_name(*before));
        after.fold(hook, Hook::after)
    })
}
