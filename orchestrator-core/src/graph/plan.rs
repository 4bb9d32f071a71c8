//! A graph laid out to be run: dependents in one array, and an order that shows that there is no circle.

use std::fmt::Display;
use std::hash::Hash;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::{GraphError, NodeStatus, TaskGraph};

/// A task of a run.
#[derive(Debug)]
pub(super) struct Slot<K> {
    pub(super) key: K,
    /// How many of those that it depends on are not done.
    pub(super) unmet: AtomicU32,
    stage: AtomicU8,
    /// Its part of the dependents.
    first: u32,
    end: u32,
}

const WAITING: u8 = 0;
const READY: u8 = 1;
const RUNNING: u8 = 2;
const DONE: u8 = 3;
const FAILED: u8 = 4;
const SKIPPED: u8 = 5;

/// What a run goes by.
pub(super) struct Layout<K> {
    pub(super) slots: Box<[Slot<K>]>,
    dependents: Box<[u32]>,
    /// For each task, the weight of the heaviest path that begins with it.
    pub(super) ranks: Box<[u64]>,
}

impl<K> Slot<K> {
    /// A task that is added while the others run.
    pub(super) fn late(key: K) -> Self {
        Self {
            key,
            unmet: AtomicU32::new(0),
            stage: AtomicU8::new(WAITING),
            first: 0,
            end: 0,
        }
    }

    /// One of those that it depends on is done. Says whether it was the last.
    pub(super) fn meet_one(&self) -> bool {
        self.unmet.fetch_sub(1, Ordering::AcqRel) == 1 && self.step(WAITING, READY)
    }

    /// Nothing is in its way, or something was never in its way.
    pub(super) fn make_ready(&self) -> bool {
        self.step(WAITING, READY)
    }

    pub(super) fn begin(&self) -> bool {
        self.step(READY, RUNNING)
    }

    pub(super) fn done(&self) {
        // Before the look at what was added: see `Run::grown`.
        self.stage.store(DONE, Ordering::SeqCst);
    }

    pub(super) fn failed(&self) {
        self.stage.store(FAILED, Ordering::SeqCst);
    }

    /// It will not run. `false` if it was begun, or was skipped before.
    pub(super) fn skip(&self) -> bool {
        self.step(WAITING, SKIPPED) || self.step(READY, SKIPPED)
    }

    fn step(&self, from: u8, to: u8) -> bool {
        let stepped = self
            .stage
            .compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
        stepped.is_ok()
    }

    pub(super) fn status(&self) -> NodeStatus {
        match self.stage.load(Ordering::SeqCst) {
            WAITING => NodeStatus::Waiting,
            READY => NodeStatus::Ready,
            RUNNING => NodeStatus::Running,
            DONE => NodeStatus::Done,
            FAILED => NodeStatus::Failed,
            _ => NodeStatus::Skipped,
        }
    }
}

impl<K: Ord + Hash + Clone + Display> Layout<K> {
    /// Lays a graph out. `weight` says how long a task takes, in any unit.
    pub(super) fn of(
        graph: &TaskGraph<K>,
        weight: Option<&dyn Fn(&K) -> u64>,
    ) -> Result<Self, GraphError<K>> {
        let nodes = &graph.nodes;
        // Counted, summed up, filled in: the dependents of all tasks one after the other.
        let mut ends = vec![0_u32; nodes.len()];
        for on in nodes.iter().flat_map(|node| &node.needs) {
            ends[*on as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum - *end;
        }
        let mut dependents = vec![0; sum as usize].into_boxed_slice();
        for (node, at) in nodes.iter().zip(0_u32..) {
            for on in &node.needs {
                let end = &mut ends[*on as usize];
                dependents[*end as usize] = at;
                *end += 1;
            }
        }
        let mut slots = Vec::with_capacity(nodes.len());
        let mut first = 0;
        for (at, node) in nodes.iter().enumerate() {
            let stage = match graph.status_at(at) {
                NodeStatus::Done => DONE,
                NodeStatus::Failed => FAILED,
                NodeStatus::Skipped => SKIPPED,
                // A task that somebody is at, who will say how it ends: not this run.
                NodeStatus::Running => RUNNING,
                NodeStatus::Waiting | NodeStatus::Ready => WAITING,
            };
            slots.push(Slot {
                key: node.key.clone(),
                unmet: AtomicU32::new(node.unmet),
                stage: AtomicU8::new(stage),
                first,
                end: ends[at],
            });
            first = ends[at];
        }
        let mut layout = Self {
            slots: slots.into(),
            dependents,
            ranks: Box::default(),
        };
        let order = layout.order(nodes);
        if order.len() < nodes.len() || !graph.awaited.is_empty() {
            graph.validate()?;
        }
        if let Some(weight) = weight {
            layout.ranks = layout.rank(&order, weight);
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
        let mut ranks = vec![0_u64; self.slots.len()].into_boxed_slice();
        for at in order.iter().rev().map(|at| *at as usize) {
            let below = self.dependents_of(at).iter();
            let heaviest = below.map(|below| ranks[*below as usize]).max();
            let own = weight(&self.slots[at].key);
            ranks[at] = own.saturating_add(heaviest.unwrap_or(0));
        }
        ranks
    }
}

impl<K> Layout<K> {
    /// Those that depend on a task. One that is added later has none here.
    pub(super) fn dependents_of(&self, at: usize) -> &[u32] {
        match self.slots.get(at) {
            Some(slot) => &self.dependents[slot.first as usize..slot.end as usize],
            None => &[],
        }
    }
}

/// A graph of more tasks than this does not fit into memory.
pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
