//! Random graphs: who needs whom, what a node does, and whether all went in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use orchestrator_bench::{Result, Rng};

use crate::load::spin;

/// A node needs at most so many earlier ones.
pub(crate) const MOST: u64 = 3;

/// Who needs whom.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Where in `needs` those of a node begin, and the end.
    first: Vec<u32>,
    needs: Vec<u32>,
}

impl Shape {
    /// Each node needs up to three random earlier ones, all different.
    pub(crate) fn random(count: u32) -> Arc<Self> {
        let mut rng = Rng::of(u64::from(count));
        let mut shape = Self {
            first: vec![0],
            needs: Vec::new(),
        };
        for node in 0..count {
            let from = shape.needs.len();
            for _ in 0..rng.below(MOST + 1) {
                let needed = rng.below(u64::from(node.max(1))) as u32;
                if needed < node && !shape.needs[from..].contains(&needed) {
                    shape.needs.push(needed);
                }
            }
            shape.first.push(shape.needs.len() as u32);
        }
        Arc::new(shape)
    }

    pub(crate) fn count(&self) -> u32 {
        self.first.len() as u32 - 1
    }

    /// What a node needs.
    pub(crate) fn needs(&self, node: u32) -> &[u32] {
        let at = |node: u32| self.first[node as usize] as usize;
        &self.needs[at(node)..at(node + 1)]
    }

    /// The same arrows from the other end: who needs a node. Where those of a node begin, with the
    /// end, and they themselves.
    pub(crate) fn needed_by(&self) -> (Vec<u32>, Vec<u32>) {
        let mut first = vec![0_u32; self.first.len() + 1];
        for needed in &self.needs {
            first[*needed as usize + 2] += 1;
        }
        for at in 1..first.len() {
            first[at] += first[at - 1];
        }
        let mut by = vec![0; self.needs.len()];
        for node in 0..self.count() {
            for needed in self.needs(node) {
                let place = &mut first[*needed as usize + 1];
                by[*place as usize] = node;
                *place += 1;
            }
        }
        first.pop();
        (first, by)
    }
}

/// What a node does. To clone it costs nothing where time is taken.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Nothing,
    /// So many rounds of [`spin`].
    Spin(u32),
    Checked(Arc<Log>),
}

impl Work {
    pub(crate) fn run(&self, node: u32) {
        match self {
            Self::Nothing => {}
            Self::Spin(rounds) => _ = std::hint::black_box(spin(node, *rounds)),
            Self::Checked(log) => log.note(node),
        }
    }
}

/// Which nodes have run.
#[derive(Debug)]
pub(crate) struct Log {
    shape: Arc<Shape>,
    ran: Vec<AtomicBool>,
    early: AtomicU32,
    again: AtomicU32,
}

impl Log {
    pub(crate) fn new(shape: &Arc<Shape>) -> Arc<Self> {
        Arc::new(Self {
            shape: Arc::clone(shape),
            ran: (0..shape.count()).map(|_| AtomicBool::new(false)).collect(),
            early: AtomicU32::new(0),
            again: AtomicU32::new(0),
        })
    }

    fn note(&self, node: u32) {
        // Relaxed where it looks back: a runner that does not itself order a node after those that
        // it needs is wrong.
        let ran = |node: &u32| self.ran[*node as usize].load(Ordering::Relaxed);
        if !self.shape.needs(node).iter().all(ran) {
            self.early.fetch_add(1, Ordering::Relaxed);
        }
        if self.ran[node as usize].swap(true, Ordering::Relaxed) {
            self.again.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether every node ran once, and after all that it needs.
    pub(crate) fn verify(&self) -> Result {
        let never = self.ran.iter().filter(|ran| !ran.load(Ordering::SeqCst));
        let never = never.count();
        let early = self.early.load(Ordering::SeqCst);
        let again = self.again.load(Ordering::SeqCst);
        if (never, early, again) == (0, 0, 0) {
            return Ok(());
        }
        let count = self.ran.len();
        Err(
            format!("of {count} nodes {never} never ran, {early} ran too early, {again} once more")
                .into(),
        )
    }
}
