//! What a registry knows under its lock: the hooks, their order, and counts of earlier plans.

use std::sync::Arc;

use petgraph::stable_graph::NodeIndex;

use crate::{
    Event, ExecutionPlan, HookStats, RegisterError, counts::PlanCounts, order::Order, plan::Entry,
};

/// A hook's place in the table. A place is used again, so the number says whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    node: NodeIndex,
    id: u64,
}

struct Slot<E: Event> {
    id: u64,
    entry: Arc<Entry<E>>,
    /// The calls under plans that nobody follows any more.
    calls: u64,
}

/// A plan's counts, and whose they are. It does not hold the hooks.
struct Tracked {
    keys: Vec<Key>,
    counts: Arc<PlanCounts>,
}

pub(crate) struct Table<E: Event> {
    order: Order,
    slots: Vec<Option<Slot<E>>>,
    next_id: u64,
    /// Of every plan that may still be followed; the current one is the last.
    tracked: Vec<Tracked>,
}

impl<E: Event> Table<E> {
    /// An empty table, and its plan.
    pub(crate) fn new() -> (Self, ExecutionPlan<E>) {
        let mut table = Self {
            order: Order::default(),
            slots: Vec::new(),
            next_id: 0,
            tracked: Vec::new(),
        };
        let plan = table.plan(&[]);
        (table, plan)
    }

    /// Takes all of these hooks in, or none.
    pub(crate) fn admit(
        &mut self,
        entries: &[Arc<Entry<E>>],
    ) -> Result<(Vec<Key>, ExecutionPlan<E>), RegisterError> {
        let mut nodes = Vec::with_capacity(entries.len());
        match self.insert(entries, &mut nodes) {
            Err(error) => {
                for node in nodes {
                    self.order.remove(node);
                }
                Err(error)
            }
            Ok(sorted) => {
                let keys = nodes.into_iter().zip(entries);
                let keys = keys.map(|(node, entry)| self.fill(node, entry)).collect();
                Ok((keys, self.plan(&sorted)))
            }
        }
    }

    /// Into the order alone. `nodes` are those that are in it when this fails.
    fn insert(
        &mut self,
        entries: &[Arc<Entry<E>>],
        nodes: &mut Vec<NodeIndex>,
    ) -> Result<Vec<NodeIndex>, RegisterError> {
        for entry in entries {
            if self.order.has_name(&entry.spec.name) {
                return Err(RegisterError::DuplicateName {
                    event: E::NAME,
                    hook: entry.spec.name.clone(),
                });
            }
            nodes.push(self.order.insert(&entry.spec));
        }
        for &node in &*nodes {
            self.order.check(E::NAME, node)?;
        }
        self.order.sorted().map_err(|cycles| RegisterError::Cycle {
            event: E::NAME,
            cycles,
        })
    }

    fn fill(&mut self, node: NodeIndex, entry: &Arc<Entry<E>>) -> Key {
        let id = self.next_id;
        self.next_id += 1;
        if self.slots.len() <= node.index() {
            self.slots.resize_with(node.index() + 1, || None);
        }
        self.slots[node.index()] = Some(Slot {
            id,
            entry: Arc::clone(entry),
            calls: 0,
        });
        Key { node, id }
    }

    /// Takes hooks out, and gives the plan of the others. Those that are not there any more are
    /// no matter.
    ///
    /// `removed` gets the hooks, for the caller to drop where no lock is held.
    pub(crate) fn remove(
        &mut self,
        keys: &[Key],
        removed: &mut Vec<Arc<Entry<E>>>,
    ) -> Option<ExecutionPlan<E>> {
        for key in keys {
            if self.slot(*key).is_some() {
                self.order.remove(key.node);
                removed.extend(self.slots[key.node.index()].take().map(|slot| slot.entry));
            }
        }
        if removed.is_empty() {
            return None;
        }
        let sorted = self.order.sorted();
        let sorted = sorted.expect("taking edges away closes no cycle");
        Some(self.plan(&sorted))
    }

    fn slot(&mut self, key: Key) -> Option<&mut Slot<E>> {
        let slot = self.slots.get_mut(key.node.index())?;
        slot.as_mut().filter(|slot| slot.id == key.id)
    }

    fn plan(&mut self, sorted: &[NodeIndex]) -> ExecutionPlan<E> {
        self.settle();
        let slots = sorted
            .iter()
            .filter_map(|node| self.slots[node.index()].as_ref());
        let (mut steps, mut keys) = (
            Vec::with_capacity(sorted.len()),
            Vec::with_capacity(sorted.len()),
        );
        for (&node, slot) in sorted.iter().zip(slots) {
            steps.push(Arc::clone(&slot.entry));
            keys.push(Key { node, id: slot.id });
        }
        let plan = ExecutionPlan::new(steps);
        let counts = Arc::clone(&plan.counts);
        self.tracked.push(Tracked { keys, counts });
        plan
    }

    /// Adds up the counts of plans that are gone.
    fn settle(&mut self) {
        for Tracked { keys, counts } in std::mem::take(&mut self.tracked) {
            match Arc::try_unwrap(counts) {
                // The handles of a plan that nobody holds have handed over what they counted.
                Ok(counts) if counts.is_empty() => {}
                Ok(counts) => {
                    for (key, calls) in keys.iter().rev().zip(counts.calls_from_last()) {
                        if let Some(slot) = self.slot(*key) {
                            slot.calls += calls;
                        }
                    }
                }
                Err(counts) => self.tracked.push(Tracked { keys, counts }),
            }
        }
    }

    /// What each hook has done, in the order of the current plan.
    pub(crate) fn stats(&mut self) -> Vec<HookStats> {
        self.settle();
        let slots = self.slots.iter();
        let mut calls: Vec<u64> = slots
            .map(|slot| slot.as_ref().map_or(0, |slot| slot.calls))
            .collect();
        let id = |key: Key| Some(self.slots[key.node.index()].as_ref()?.id);
        for Tracked { keys, counts } in &self.tracked {
            for (&key, more) in keys.iter().rev().zip(counts.calls_from_last()) {
                if id(key) == Some(key.id) {
                    calls[key.node.index()] += more;
                }
            }
        }
        let current = self.tracked.last().into_iter().flat_map(|plan| &plan.keys);
        let current = current.map(|key| key.node.index());
        current
            .filter_map(|at| {
                let entry = &self.slots[at].as_ref()?.entry;
                let is_disabled = entry.disabled().is_some();
                Some(entry.tally.stats(&entry.spec.name, calls[at], is_disabled))
            })
            .collect()
    }
}
