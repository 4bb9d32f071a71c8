//! The order in which hooks run, fixed once it is made.

use std::{fmt, sync::Arc, time::Duration};

use crate::{
    Event, Explanation, FailureKind, Hook, HookFailure, OnFailure, body::Body, counts::PlanCounts,
    spec::Spec, stats::Tally, streak::Streak,
};

/// A registered hook. Plans share it.
pub(crate) struct Entry<E: Event> {
    pub(crate) body: Body<E>,
    /// Where failures in a row disable it.
    pub(crate) streak: Option<Arc<Streak>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) stops: bool,
    pub(crate) spec: Arc<Spec>,
    pub(crate) tally: Tally,
}

impl<E: Event> Entry<E> {
    pub(crate) fn new(hook: Hook<E>) -> Self {
        let streak = match hook.on_failure {
            OnFailure::DisableAfter(failures) => Some(Arc::new(Streak::new(failures))),
            OnFailure::Continue | OnFailure::Stop => None,
        };
        Self {
            body: match &streak {
                Some(streak) => hook.body.watched(streak),
                None => hook.body,
            },
            streak,
            timeout: hook.timeout,
            stops: hook.on_failure == OnFailure::Stop,
            spec: Arc::new(hook.spec),
            tally: Tally::default(),
        }
    }

    /// The failure of a hook that is not called any more.
    pub(crate) fn disabled(&self) -> Option<FailureKind> {
        self.streak.as_ref()?.disabled()
    }

    pub(crate) fn failed(&self, failure: &HookFailure) {
        self.tally.failed(failure);
        if let Some(streak) = &self.streak
            && !matches!(failure.kind(), FailureKind::Disabled(_))
        {
            streak.failed();
        }
    }

    pub(crate) fn succeeded(&self) {
        if let Some(streak) = &self.streak {
            streak.succeeded();
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
