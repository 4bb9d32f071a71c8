//! From constraints to an order.
//!
//! Names and labels are looked up once, when a hook comes; the edges stay. So a new hook costs
//! its own look-ups and one pass over the graph.

use std::{collections::HashMap, sync::Arc};

use petgraph::{
    Direction,
    algo::tarjan_scc,
    stable_graph::{NodeIndex, StableDiGraph},
    visit::{EdgeRef, IntoEdgeReferences, NodeIndexable},
};

use crate::{RegisterError, Relation, ready::Ready, spec::Spec};

/// Why one hook runs before another: who asked, and in which of its constraints.
#[derive(Debug, Clone, Copy)]
struct Cause {
    asked_by: NodeIndex,
    constraint: usize,
}

/// A neighbour by constraint.
pub(crate) struct Neighbour<'a> {
    pub(crate) other: &'a str,
    pub(crate) asked_by: &'a str,
    pub(crate) target: &'a str,
}

/// Hooks that wait for each other: every cycle's names, sorted.
pub(crate) type Cycles = Vec<Vec<String>>;

/// The hooks of a registry with the edges that their constraints make.
#[derive(Default)]
pub(crate) struct Order {
    graph: StableDiGraph<Arc<Spec>, Cause>,
    /// Who has a name or label.
    answers: HashMap<String, Vec<NodeIndex>>,
    /// Who named it in a constraint, and in which.
    wishes: HashMap<String, Vec<(NodeIndex, usize)>>,
    /// All hooks by phase, priority and name.
    ranked: Vec<NodeIndex>,
}

impl Order {
    /// Takes a hook in and makes the edges of its constraints, and of those that mean it.
    ///
    /// A constraint whose target is not there makes no edge, until the target comes. The name
    /// must be free.
    pub(crate) fn insert(&mut self, spec: &Arc<Spec>) -> NodeIndex {
        let node = self.graph.add_node(Arc::clone(spec));
        let (Ok(rank) | Err(rank)) = self.rank_of(spec);
        self.ranked.insert(rank, node);
        // Its own constraints first: while it answers to nothing it cannot mean itself.
        for (constraint, wish) in spec.constraints.iter().enumerate() {
            for other in self.answers.get(&wish.target).into_iter().flatten() {
                let cause = Cause {
                    asked_by: node,
                    constraint,
                };
                link(&mut self.graph, wish.relation, *other, cause);
            }
        }
        for identity in spec.identities() {
            for &(asked_by, constraint) in self.wishes.get(identity).into_iter().flatten() {
                let relation = self.graph[asked_by].constraints[constraint].relation;
                let cause = Cause {
                    asked_by,
                    constraint,
                };
                link(&mut self.graph, relation, node, cause);
            }
        }
        for identity in spec.identities() {
            let answers = self.answers.entry(identity.to_owned()).or_default();
            answers.push(node);
        }
        for (constraint, wish) in spec.constraints.iter().enumerate() {
            let wishes = self.wishes.entry(wish.target.clone()).or_default();
            wishes.push((node, constraint));
        }
        node
    }

    /// Whether a hook of this name is there.
    pub(crate) fn has_name(&self, name: &str) -> bool {
        let mut answers = self.answers.get(name).into_iter().flatten();
        answers.any(|node| self.graph[*node].name == name)
    }

    /// Takes a hook out, with its edges.
    pub(crate) fn remove(&mut self, node: NodeIndex) {
        let Some(spec) = self.graph.remove_node(node) else {
            return;
        };
        if let Ok(rank) = self.rank_of(&spec) {
            self.ranked.remove(rank);
        }
        for identity in spec.identities() {
            drop_from(&mut self.answers, identity, |other| *other == node);
        }
        for wish in &spec.constraints {
            drop_from(&mut self.wishes, &wish.target, |(other, _)| *other == node);
        }
    }

    fn rank_of(&self, spec: &Spec) -> Result<usize, usize> {
        self.ranked.binary_search_by(|&node| {
            // The spec that is being taken out is not in the graph any more, but its rank is.
            let other = self.graph.node_weight(node).map_or(spec, |other| other);
            other.rank().cmp(&spec.rank())
        })
    }

    /// Whether a hook that has just come may stay, apart from cycles.
    pub(crate) fn check(&self, event: &'static str, node: NodeIndex) -> Result<(), RegisterError> {
        let spec = &self.graph[node];
        if let Some((relation, target)) = self.lapsed(node).next() {
            return Err(RegisterError::UnknownTarget {
                event,
                hook: spec.name.clone(),
                relation,
                target: target.to_owned(),
            });
        }
        // Not only the new hook's own constraints: an older one may name its label.
        for direction in [Direction::Outgoing, Direction::Incoming] {
            for edge in self.graph.edges_directed(node, direction) {
                let first = &self.graph[edge.source()];
                let second = &self.graph[edge.target()];
                if first.phase > second.phase {
                    return Err(RegisterError::PhaseConflict {
                        event,
                        asked_by: self.graph[edge.weight().asked_by].name.clone(),
                        first: first.name.clone(),
                        first_phase: first.phase,
                        second: second.name.clone(),
                        second_phase: second.phase,
                    });
                }
            }
        }
        Ok(())
    }

    /// The hooks in the order in which they run (Kahn 1962, "Topological sorting of large
    /// networks"), or those that wait for each other.
    ///
    /// Of the hooks that wait for nobody the first by phase, priority and name is next. Names
    /// are unique, so there are no ties, and the order of registration has no part in it. No
    /// edge leads to an earlier phase, so while hooks of a phase are left, one of them is free,
    /// and goes before any hook of a later phase.
    pub(crate) fn sorted(&self) -> Result<Vec<NodeIndex>, Cycles> {
        let mut rank_of = vec![0_u32; self.graph.node_bound()];
        for (rank, node) in (0..).zip(&self.ranked) {
            rank_of[node.index()] = rank;
        }
        let rank = |node: NodeIndex| rank_of[node.index()] as usize;
        let mut waits = vec![0_u32; self.ranked.len()];
        // Two constraints may ask for the same pair: each counts, here as below.
        for edge in self.graph.edge_references() {
            waits[rank(edge.target())] += 1;
        }
        let mut ready = Ready::new(waits.len());
        for (rank, _) in waits.iter().enumerate().filter(|(_, waits)| **waits == 0) {
            ready.insert(rank);
        }
        let mut sorted = Vec::with_capacity(waits.len());
        while let Some(first) = ready.pop_first() {
            let node = self.ranked[first];
            sorted.push(node);
            for next in self.graph.neighbors(node) {
                let next = rank(next);
                waits[next] -= 1;
                if waits[next] == 0 {
                    ready.insert(next);
                }
            }
        }
        if sorted.len() == waits.len() {
            Ok(sorted)
        } else {
            Err(self.cycles())
        }
    }

    /// Every strongly connected group of more than one (Tarjan 1972). No hook is linked to itself.
    fn cycles(&self) -> Cycles {
        let groups = tarjan_scc(&self.graph).into_iter();
        let mut cycles: Cycles = groups
            .filter(|group| group.len() > 1)
            .map(|group| {
                let names = group.iter().map(|node| self.graph[*node].name.clone());
                let mut names: Vec<String> = names.collect();
                names.sort();
                names
            })
            .collect();
        cycles.sort();
        cycles
    }

    /// The hooks that stand on one side of `node` by constraint.
    pub(crate) fn neighbours(&self, node: NodeIndex, side: Relation) -> Vec<Neighbour<'_>> {
        let direction = match side {
            Relation::Before => Direction::Outgoing,
            Relation::After => Direction::Incoming,
        };
        let edges = self.graph.edges_directed(node, direction);
        edges
            .map(|edge| {
                let asked_by = &self.graph[edge.weight().asked_by];
                let other = match side {
                    Relation::Before => edge.target(),
                    Relation::After => edge.source(),
                };
                Neighbour {
                    other: &self.graph[other].name,
                    asked_by: &asked_by.name,
                    target: &asked_by.constraints[edge.weight().constraint].target,
                }
            })
            .collect()
    }

    /// The constraints of a hook that no other answers to.
    pub(crate) fn lapsed(&self, node: NodeIndex) -> impl Iterator<Item = (Relation, &str)> {
        let constraints = self.graph[node].constraints.iter();
        let is_lapsed = move |target: &str| {
            let answers = self.answers.get(target);
            !answers.is_some_and(|answers| answers.iter().any(|other| *other != node))
        };
        constraints
            .filter(move |wish| is_lapsed(&wish.target))
            .map(|wish| (wish.relation, wish.target.as_str()))
    }
}

/// Puts the edge of one constraint in, between who asked and one whom it means.
fn link(
    graph: &mut StableDiGraph<Arc<Spec>, Cause>,
    relation: Relation,
    other: NodeIndex,
    cause: Cause,
) {
    match relation {
        Relation::Before => graph.add_edge(cause.asked_by, other, cause),
        Relation::After => graph.add_edge(other, cause.asked_by, cause),
    };
}

/// Takes what `is_gone` says out of one list, and the list with its last.
fn drop_from<T>(lists: &mut HashMap<String, Vec<T>>, key: &str, is_gone: impl Fn(&T) -> bool) {
    if let Some(list) = lists.get_mut(key) {
        list.retain(|item| !is_gone(item));
        if list.is_empty() {
            lists.remove(key);
        }
    }
}
