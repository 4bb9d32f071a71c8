//! The order in which hooks run, fixed once it is made.

use std::{fmt, num::NonZeroU32, sync::Arc, time::Duration};

use crate::{
    Event, Explanation, Hook, OnFailure, body::Body, counts::PlanCounts, spec::Spec, stats::Tally,
};

/// A registered hook. Plans share it.
pub(crate) struct Entry<E: Event> {
    pub(crate) body: Body<E>,
    /// After how many failures in a row it is disabled.
    pub(crate) disable_after: Option<NonZeroU32>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) on_failure: OnFailure,
    pub(crate) spec: Arc<Spec>,
    pub(crate) tally: Tally,
}

impl<E: Event> Entry<E> {
    pub(crate) fn new(hook: Hook<E>) -> Self {
        let disable_after = match hook.on_failure {
            OnFailure::DisableAfter(failures) => Some(failures),
            OnFailure::Continue | OnFailure::Stop => None,
        };
        Self {
            body: hook.body,
            disable_after,
            timeout: hook.timeout,
            on_failure: hook.on_failure,
            spec: Arc::new(hook.spec),
            tally: Tally::default(),
        }
    }
}

/// The hooks of an event type in the order in which they run.
///
/// A plan never changes. Registering or dropping a hook makes a new one, and a dispatch that is
/// under way keeps the plan with which it began.
pub struct ExecutionPlan<E: Event> {
    pub(crate) steps: Vec<Arc<Entry<E>>>,
    pub(crate) counts: Arc<PlanCounts>,
}

impl<E: Event> ExecutionPlan<E> {
    pub(crate) fn new(steps: Vec<Arc<Entry<E>>>) -> Self {
        let counts = Arc::new(PlanCounts::new(steps.len()));
        Self { steps, counts }
    }

    /// The names of the hooks, first to last.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.steps.iter().map(|entry| entry.spec.name.as_str())
    }

    /// How many hooks there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are no hooks.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Why each hook stands where it stands. The answer prints as a table, and as a graph.
    pub fn explain(&self) -> Explanation {
        Explanation::new(E::NAME, self.steps.iter().map(|entry| &entry.spec))
    }
}

impl<E: Event> fmt::Debug for ExecutionPlan<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExecutionPlan")
            .field(&self.names().collect::<Vec<_>>())
            .finish()
    }
}
