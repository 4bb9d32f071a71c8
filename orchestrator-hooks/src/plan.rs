//! The order in which hooks run, fixed once it is made.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{Event, Explanation, Hook, StepReason, order::Order};

/// A registered hook with its counts. Plans share it, so counts outlive a change of plan.
pub(crate) struct Entry<E: Event> {
    pub(crate) id: u64,
    pub(crate) hook: Hook<E>,
    pub(crate) calls: AtomicU64,
    pub(crate) panics: AtomicU64,
}

impl<E: Event> Entry<E> {
    pub(crate) fn new(id: u64, hook: Hook<E>) -> Self {
        Self {
            id,
            hook,
            calls: AtomicU64::new(0),
            panics: AtomicU64::new(0),
        }
    }
}

/// What one hook has done since it was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HookStats {
    /// The hook's name.
    pub name: String,
    /// How often it was called.
    pub calls: u64,
    /// How many of these calls ended in a panic.
    pub panics: u64,
}

/// The hooks of an event type in the order in which they run.
///
/// A plan never changes. Registering or dropping a hook makes a new one, and a dispatch that is
/// under way keeps the plan with which it began.
pub struct ExecutionPlan<E: Event> {
    steps: Vec<Arc<Entry<E>>>,
    reasons: Vec<StepReason>,
}

impl<E: Event> ExecutionPlan<E> {
    pub(crate) fn new(hooks: &[Arc<Entry<E>>], order: &Order<'_, E>) -> Self {
        let sorted = order.sorted();
        let reasons = sorted
            .iter()
            .map(|&index| StepReason::new(hooks, order, index))
            .collect();
        let steps = sorted
            .into_iter()
            .map(|index| Arc::clone(&hooks[index]))
            .collect();
        Self { steps, reasons }
    }

    pub(crate) fn empty() -> Self {
        Self {
            steps: Vec::new(),
            reasons: Vec::new(),
        }
    }

    pub(crate) fn steps(&self) -> &[Arc<Entry<E>>] {
        &self.steps
    }

    /// The names of the hooks, first to last.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.steps.iter().map(|entry| entry.hook.name())
    }

    /// How many hooks there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are no hooks.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Why each hook stands where it stands. The answer prints as a table.
    pub fn explain(&self) -> Explanation {
        Explanation {
            event: E::NAME,
            steps: self.reasons.clone(),
        }
    }

    /// The counts of the hooks, in the plan's order.
    ///
    /// They go on counting after the plan was taken, and across plans.
    pub fn stats(&self) -> Vec<HookStats> {
        self.steps
            .iter()
            .map(|entry| HookStats {
                name: entry.hook.name.clone(),
                calls: entry.calls.load(Ordering::Relaxed),
                panics: entry.panics.load(Ordering::Relaxed),
            })
            .collect()
    }
}

impl<E: Event> fmt::Debug for ExecutionPlan<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExecutionPlan")
            .field(&self.names().collect::<Vec<_>>())
            .finish()
    }
}
