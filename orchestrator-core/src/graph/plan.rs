//! A graph laid out to be run, and an order that shows that there is no circle.

use std::fmt::Display;
use std::hash::Hash;

use super::arrows::{Link, Rest};
use super::mark::Mark;
use super::{GraphError, NodeStatus, TaskGraph};

/// What a run goes by.
pub(super) struct Layout<K> {
    pub(super) spots: Box<[Spot<K>]>,
    /// Who depends on a task, but the first of them.
    rest: Rest,
    /// For each task, the weight of the heaviest path that begins with it.
    pub(super) ranks: Box<[u64]>,
}

/// A task. Together what is wanted one after the other, because in a graph of many tasks each look costs a
/// line of the memory: who finds it ready by its mark runs it by its key, and then turns to its dependents.
pub(super) struct Spot<K> {
    pub(super) mark: Mark,
    dependents: Link,
    pub(super) key: K,
}

impl<K: Ord + Hash + Clone + Display> Layout<K> {
    /// Lays a graph out. `weight` says how long a task takes, in any unit.
    pub(super) fn of(
        graph: &TaskGraph<K>,
        weight: Option<&dyn Fn(&K) -> u64>,
    ) -> Result<Self, GraphError<K>> {
        let nodes = &graph.nodes;
        let dependents = graph.arrows.dependents();
        let spots = nodes.iter().zip(&dependents.firsts).enumerate();
        let spots = spots.map(|(at, (node, first))| {
            // Most graphs are new, and then this is known.
            let status = match graph.touched {
                true => graph.status_at(at),
                false => NodeStatus::Waiting,
            };
            Spot {
                mark: Mark::new(status, node.unmet),
                dependents: *first,
                key: node.key.clone(),
            }
        });
        let mut layout = Self {
            spots: spots.collect(),
            rest: dependents.rest.clone(),
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
            for dependent in self.dependents_of(*at) {
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
        let mut ranks = vec![0_u64; self.count()].into_boxed_slice();
        for at in order.iter().rev() {
            let below = self.dependents_of(*at);
            let heaviest = below.map(|below| ranks[below as usize]).max();
            let own = weight(&self.spots[*at as usize].key);
            ranks[*at as usize] = own.saturating_add(heaviest.unwrap_or(0));
        }
        ranks
    }
}

impl<K> Layout<K> {
    /// How many tasks there are.
    pub(super) fn count(&self) -> usize {
        self.spots.len()
    }

    pub(super) fn mark(&self, at: u32) -> &Mark {
        &self.spots[at as usize].mark
    }

    /// Looks at what the end of a task will change, so that it is in the cache by then: a processor goes on
    /// while it fetches what it has no use for yet.
    pub(super) fn look_ahead(&self, at: u32) {
        let Some(spot) = self.spots.get(at as usize) else {
            return;
        };
        if let Some(first) = self.spots.get(spot.dependents.dependent as usize) {
            first.mark.look();
        }
        self.rest.look_after(spot.dependents);
    }

    /// Those that depend on a task. One that is added later has none here.
    pub(super) fn dependents_of(&self, at: u32) -> impl Iterator<Item = u32> {
        let first = self.spots.get(at as usize).map(|spot| spot.dependents);
        first.into_iter().flat_map(|first| self.rest.from(first))
    }
}

/// A graph of more tasks than this does not fit into memory.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
