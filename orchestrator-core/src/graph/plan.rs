//! A graph laid out to be run: dependents in one array, and an order that shows that there is no circle.

use std::fmt::Display;
use std::hash::Hash;

use super::mark::Mark;
use super::{GraphError, NodeStatus, TaskGraph};

/// What a run goes by. Each thing by itself, because the marks are looked at all over the place, once for
/// every dependency, and should lie close together.
pub(super) struct Layout<K> {
    pub(super) keys: Box<[K]>,
    pub(super) marks: Box<[Mark]>,
    /// Where in `dependents` those of a task begin, and the end.
    firsts: Box<[u32]>,
    dependents: Box<[u32]>,
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
        // Counted, summed up, filled in: the dependents of all tasks one after the other. What is counted
        // two places on is where the next one begins when it is filled in.
        let mut firsts = vec![0_u32; nodes.len() + 2];
        for on in nodes.iter().flat_map(|node| &node.needs) {
            firsts[*on as usize + 2] += 1;
        }
        let mut sum = 0;
        for first in &mut firsts {
            sum += *first;
            *first = sum;
        }
        let mut dependents = vec![0; sum as usize].into_boxed_slice();
        for (node, at) in nodes.iter().zip(0_u32..) {
            for on in &node.needs {
                let next = &mut firsts[*on as usize + 1];
                dependents[*next as usize] = at;
                *next += 1;
            }
        }
        firsts.truncate(nodes.len() + 1);
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
            firsts: firsts.into(),
            dependents,
            ranks: Box::default(),
        };
        if graph.forward || weight.is_some() {
            let order = layout.order(nodes);
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
    fn order(&self, nodes: &[super::Node<K>]) -> Vec<u32> {
        let mut unmet: Vec<u32> = nodes.iter().map(|node| index(node.needs.len())).collect();
        let mut order: Vec<u32> = (0..index(unmet.len()))
            .filter(|at| unmet[*at as usize] == 0)
            .collect();
        order.reserve(unmet.len());
        let mut next = 0;
        while let Some(at) = order.get(next) {
            next += 1;
            for dependent in self.dependents_of(*at as usize) {
                let unmet = &mut unmet[*dependent as usize];
                *unmet -= 1;
                if *unmet == 0 {
                    order.push(*dependent);
                }
            }
        }
        order
    }

    fn rank(&self, order: &[u32], weight: &dyn Fn(&K) -> u64) -> Box<[u64]> {
        let mut ranks = vec![0_u64; self.keys.len()].into_boxed_slice();
        for at in order.iter().rev().map(|at| *at as usize) {
            let below = self.dependents_of(at).iter();
            let heaviest = below.map(|below| ranks[*below as usize]).max();
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
    pub(super) fn dependents_of(&self, at: usize) -> &[u32] {
        match (self.firsts.get(at), self.firsts.get(at + 1)) {
            (Some(first), Some(end)) => &self.dependents[*first as usize..*end as usize],
            _ => &[],
        }
    }
}

/// A graph of more tasks than this does not fit into memory.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
