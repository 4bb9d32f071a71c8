//! From constraints to an order.
//!
//! Names and labels are looked up once, when a hook comes; the edges stay. So a new hook costs
//! its own look-ups and one pass over the graph.

use std::{collections::HashMap, sync::Arc};

use petgraph::{
    Direction,
    algo::tarjan_scc,
    stable_graph::{NodeIndex, StableDiGraph},
    visit::{EdgeRef, NodeIndexable},
};

use crate::{RegisterError, Relation, ready::Ready, spec::Spec};

/// Why one hook runs before another: who asked, and in which of its constraints.
#[derive(Debug, Clone, Copy)]
struct Cause {
    asked_by: NodeIndex,
    // Narrow, so that more edges fit a cache.
    constraint: u32,
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
    wishes: HashMap<String, Vec<(NodeIndex, u32)>>,
    /// All hooks by phase, priority and name.
    ranked: Vec<NodeIndex>,
    /// For how many edges each hook waits. Two constraints may ask for the same pair: each counts.
    waits: Vec<u32>,
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
        self.waits.resize(self.graph.node_bound(), 0);
        // Its own constraints first: while it answers to nothing it cannot mean itself.
        for (constraint, wish) in (0..).zip(&spec.constraints) {
            for &other in self.answers.get(&wish.target).into_iter().flatten() {
                let cause = Cause {
                    asked_by: node,
                    constraint,
                };
                let (first, second) = wish.relation.ordered(node, other);
                self.graph.add_edge(first, second, cause);
                self.waits[second.index()] += 1;
            }
        }
        for identity in spec.identities() {
            for &(asked_by, constraint) in self.wishes.get(identity).into_iter().flatten() {
                let relation = self.graph[asked_by].constraints[constraint as usize].relation;
                let cause = Cause {
                    asked_by,
                    constraint,
                };
                let (first, second) = relation.ordered(asked_by, node);
                self.graph.add_edge(first, second, cause);
                self.waits[second.index()] += 1;
            }
        }
        for identity in spec.identities() {
            let answers = self.answers.entry(identity.to_owned()).or_default();
            answers.push(node);
        }
        for (constraint, wish) in (0..).zip(&spec.constraints) {
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
        for next in self.graph.neighbors(node) {
            self.waits[next.index()] -= 1;
        }
        let Some(spec) = self.graph.remove_node(node) else {
            return;
        };
        self.waits[node.index()] = 0;
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
        let mut waits = self.waits.clone();
        let mut rank_of = vec![0_u32; waits.len()];
        let mut ready = Ready::new(self.ranked.len());
        for (rank, node) in self.ranked.iter().enumerate() {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "nodes are numbered in 32 bits"
            )]
            let narrow = rank as u32;
            rank_of[node.index()] = narrow;
            if waits[node.index()] == 0 {
                ready.insert(rank);
            }
        }
        let mut sorted = Vec::with_capacity(self.ranked.len());
        while let Some(first) = ready.pop_first() {
            let node = self.ranked[first];
            sorted.push(node);
            for next in self.graph.neighbors(node) {
                let waits = &mut waits[next.index()];
                *waits -= 1;
                if *waits == 0 {
                    ready.insert(rank_of[next.index()] as usize);
                }
            }
        }
        if sorted.len() == self.ranked.len() {
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
                    target: &asked_by.constraints[edge.weight().constraint as usize].target,
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

/// Takes what `is_gone` says out of one list, and the list with its last.
fn drop_from<T>(lists: &mut HashMap<String, Vec<T>>, key: &str, is_gone: impl Fn(&T) -> bool) {
    if let Some(list) = lists.get_mut(key) {
        list.retain(|item| !is_gone(item));
        if list.is_empty() {
            lists.remove(key);
        }
    }
}
