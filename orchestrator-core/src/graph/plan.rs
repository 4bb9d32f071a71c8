//! A graph laid out to be run, and an order that shows that there is no circle.

use std::fmt::Display;
use std::hash::Hash;

use super::arrows::Dependents;
use super::mark::Mark;
use super::{GraphError, NodeStatus, TaskGraph};

/// What a run goes by. Each thing by itself, because the marks are looked at all over the place, once for
/// every dependency, and should lie close together.
pub(super) struct Layout<K> {
    pub(super) keys: Box<[K]>,
    pub(super) marks: Box<[Mark]>,
    dependents: Dependents,
    /// For each task, the weight of the heaviest path that begins with it.
    pub(super) ranks: Box<[u64]>,
}

impl<K: Ord + Hash + Clone + Display> Layout<K> {
    /// Lays a graph out. `weight` says how long a task takes, in any unit.
    pub(super) fn of(
        graph: &TaskGraph<K>,
        weight: Option<&dyn Fn(&K) -> u64>,
    ) -> Result<Self, GraphError<K>> {
        let nodes = &graph.nodes;
        let marks = nodes.iter().enumerate().map(|(at, node)| {
            // Most graphs are new, and then this is known.
            let status = match graph.touched {
                true => graph.status_at(at),
                false => NodeStatus::Waiting,
            };
            Mark::new(status, node.unmet)
        });
        let mut layout = Self {
            keys: nodes.iter().map(|node| node.key.clone()).collect(),
            marks: marks.collect(),
            dependents: graph.arrows.dependents().clone(),
            ranks: Box::default(),
        };
        if graph.forward || weight.is_some() {
            let order = layout.order(graph);
            if order.len() < nodes.len() || !graph.awaited.is_empty() {
                graph.validate()?;
            }
            if let Some(weight) = weight {
                layout.ranks = layout.rank(&order, weight);
            }
        }
        Ok(layout)
    }

    /// The tasks, each after all that it depends on (Kahn 1962, "Topological sorting of large
    /// networks"). Those on circles are missing.
    fn order(&self, graph: &TaskGraph<K>) -> Vec<u32> {
        let needs = |at| index(graph.arrows.needs_of(at).count());
        let mut unmet: Vec<u32> = (0..self.count()).map(needs).collect();
        let mut order: Vec<u32> = (0..index(unmet.len()))
            .filter(|at| unmet[*at as usize] == 0)
            .collect();
        order.reserve(unmet.len());
        let mut next = 0;
        while let Some(at) = order.get(next) {
            next += 1;
            for dependent in self.dependents_of(*at as usize) {
                let unmet = &mut unmet[dependent as usize];
                *unmet -= 1;
                if *unmet == 0 {
                    order.push(dependent);
                }
            }
        }
        order
    }

    fn rank(&self, order: &[u32], weight: &dyn Fn(&K) -> u64) -> Box<[u64]> {
        let mut ranks = vec![0_u64; self.keys.len()].into_boxed_slice();
        for at in order.iter().rev().map(|at| *at as usize) {
            let below = self.dependents_of(at);
            let heaviest = below.map(|below| ranks[below as usize]).max();
            let own = weight(&self.keys[at]);
            ranks[at] = own.saturating_add(heaviest.unwrap_or(0));
        }
        ranks
    }
}

impl<K> Layout<K> {
    /// How many tasks there are.
    pub(super) fn count(&self) -> usize {
        self.marks.len()
    }

    /// Those that depend on a task. One that is added later has none here.
    pub(super) fn dependents_of(&self, at: usize) -> impl Iterator<Item = u32> {
        self.dependents.of(at)
    }
}

/// A graph of more tasks than this does not fit into memory.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
