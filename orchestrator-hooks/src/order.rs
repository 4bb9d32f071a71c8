//! From constraints to an order.
//!
//! Finding the edges and sorting cannot fail; whether the result is lawful is asked separately.
//! So dropping a hook, which only takes edges away from a lawful graph, needs no error path.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use petgraph::{
    Direction,
    algo::tarjan_scc,
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};

use crate::{Event, RegisterError, Relation, plan::Entry};

/// Why one hook runs before another.
#[derive(Debug, Clone, Copy)]
struct Cause {
    /// The index of the hook that asked.
    asked_by: usize,
    /// Which of its constraints it was.
    constraint: usize,
}

/// A pair of neighbours by constraint, as indices into the hooks given to [`Order::new`].
pub(crate) struct Neighbour<'a> {
    pub(crate) other: usize,
    pub(crate) asked_by: usize,
    pub(crate) target: &'a str,
}

/// The hooks of a registry with the edges that their constraints make.
pub(crate) struct Order<'a, E: Event> {
    hooks: &'a [Arc<Entry<E>>],
    graph: DiGraph<usize, Cause, usize>,
}

impl<'a, E: Event> Order<'a, E> {
    /// Resolves every constraint. One whose target is not registered makes no edge.
    pub(crate) fn new(hooks: &'a [Arc<Entry<E>>]) -> Self {
        let mut graph = DiGraph::with_capacity(hooks.len(), 0);
        for index in 0..hooks.len() {
            graph.add_node(index);
        }
        for (asked_by, entry) in hooks.iter().enumerate() {
            for (constraint, wish) in entry.hook.constraints.iter().enumerate() {
                for other in targets(hooks, asked_by, &wish.target) {
                    let (first, second) = match wish.relation {
                        Relation::Before => (asked_by, other),
                        Relation::After => (other, asked_by),
                    };
                    let cause = Cause {
                        asked_by,
                        constraint,
                    };
                    graph.add_edge(NodeIndex::new(first), NodeIndex::new(second), cause);
                }
            }
        }
        Self { hooks, graph }
    }

    /// Whether the hook at `new` may join the others.
    pub(crate) fn check(&self, new: usize) -> Result<(), RegisterError> {
        let hook = &self.hooks[new].hook;
        for wish in &hook.constraints {
            if targets(self.hooks, new, &wish.target).next().is_none() {
                return Err(RegisterError::UnknownTarget {
                    event: E::NAME,
                    hook: hook.name.clone(),
                    relation: wish.relation,
                    target: wish.target.clone(),
                });
            }
        }
        // Not only the new hook's own constraints: an older one may name its label.
        for edge in self.graph.edge_references() {
            let first = &self.hooks[edge.source().index()].hook;
            let second = &self.hooks[edge.target().index()].hook;
            if first.phase > second.phase {
                return Err(RegisterError::PhaseConflict {
                    event: E::NAME,
                    asked_by: self.hooks[edge.weight().asked_by].hook.name.clone(),
                    first: first.name.clone(),
                    first_phase: first.phase,
                    second: second.name.clone(),
                    second_phase: second.phase,
                });
            }
        }
        match self.cycle() {
            Some(hooks) => Err(RegisterError::Cycle {
                event: E::NAME,
                hook: hook.name.clone(),
                hooks,
            }),
            None => Ok(()),
        }
    }

    /// The names of the hooks that wait for each other (Tarjan 1972), sorted.
    ///
    /// All edges that are new lead to or from the new hook, so there is one such group at most.
    fn cycle(&self) -> Option<Vec<String>> {
        // No hook is its own target, so a group of one is no cycle.
        let group = tarjan_scc(&self.graph)
            .into_iter()
            .find(|group| group.len() > 1)?;
        let mut names: Vec<String> = group
            .iter()
            .map(|node| self.hooks[node.index()].hook.name.clone())
            .collect();
        names.sort();
        Some(names)
    }

    /// The indices of the hooks in the order in which they run (Kahn 1962).
    ///
    /// The heap holds the hooks that wait for nobody and gives the first by phase, priority and
    /// name. Names are unique, so there are no ties, and the order of registration has no part
    /// in it. No edge leads to an earlier phase, so while hooks of a phase are left, one of them
    /// is free, and the heap gives it before any hook of a later phase.
    pub(crate) fn sorted(&self) -> Vec<usize> {
        let key = |index: usize| {
            let hook = &self.hooks[index].hook;
            Reverse((
                hook.phase,
                Reverse(hook.priority),
                hook.name.as_str(),
                index,
            ))
        };
        let mut waits: HashMap<usize, usize> = HashMap::new();
        let mut free = BinaryHeap::new();
        for node in self.graph.node_indices() {
            match self.graph.edges_directed(node, Direction::Incoming).count() {
                0 => free.push(key(node.index())),
                count => {
                    waits.insert(node.index(), count);
                }
            }
        }
        let mut sorted = Vec::with_capacity(self.hooks.len());
        while let Some(Reverse((.., index))) = free.pop() {
            sorted.push(index);
            // Two constraints may ask for the same pair: each counts, here as above.
            for next in self.graph.neighbors(NodeIndex::new(index)) {
                if let Some(count) = waits.get_mut(&next.index()) {
                    *count -= 1;
                    if *count == 0 {
                        free.push(key(next.index()));
                    }
                }
            }
        }
        sorted
    }

    /// The hooks that stand on one side of `index` by constraint.
    pub(crate) fn neighbours(&self, index: usize, side: Relation) -> Vec<Neighbour<'a>> {
        let direction = match side {
            Relation::Before => Direction::Outgoing,
            Relation::After => Direction::Incoming,
        };
        let hooks = self.hooks;
        self.graph
            .edges_directed(NodeIndex::new(index), direction)
            .map(|edge| {
                let Cause {
                    asked_by,
                    constraint,
                } = *edge.weight();
                let other = match side {
                    Relation::Before => edge.target().index(),
                    Relation::After => edge.source().index(),
                };
                let target = &hooks[asked_by].hook.constraints[constraint].target;
                Neighbour {
                    other,
                    asked_by,
                    target,
                }
            })
            .collect()
    }

    /// The constraints of a hook that nobody answers to any more.
    pub(crate) fn lapsed(&self, index: usize) -> impl Iterator<Item = (Relation, &'a str)> {
        let hooks = self.hooks;
        hooks[index]
            .hook
            .constraints
            .iter()
            .filter(move |wish| targets(hooks, index, &wish.target).next().is_none())
            .map(|wish| (wish.relation, wish.target.as_str()))
    }
}

/// The hooks other than `asked_by` that answer to `target`.
fn targets<'a, E: Event>(
    hooks: &'a [Arc<Entry<E>>],
    asked_by: usize,
    target: &'a str,
) -> impl Iterator<Item = usize> {
    hooks
        .iter()
        .enumerate()
        .filter(move |(index, entry)| *index != asked_by && entry.hook.answers_to(target))
        .map(|(index, _)| index)
}
