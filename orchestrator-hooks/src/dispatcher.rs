//! A handle for one who dispatches often.

use std::{fmt, ops::Deref, sync::Arc};

use arc_swap::{ArcSwap, Cache};

use crate::{
    DispatchResult, Event, ExecutionPlan, counts::HandleCount, dispatch::Dispatch, registry::Shared,
};

/// Dispatches events of one registry, and remembers the plan.
///
/// A dispatch only looks whether the plan is still the current one, which costs a fraction of
/// taking hold of it. Every agent, connection or loop has a handle of its own, and a clone is
/// one.
///
/// The handle keeps the plan that it last followed. So what a dropped hook has captured lives
/// until this handle dispatches again, or is dropped.
pub struct Dispatcher<E: Event> {
    plan: Cache<Plans<E>, Arc<ExecutionPlan<E>>>,
    count: HandleCount,
    shared: Arc<Shared<E>>,
}

impl<E: Event> Dispatcher<E> {
    pub(crate) fn new(shared: Arc<Shared<E>>) -> Self {
        let mut plan = Cache::new(Plans(Arc::clone(&shared)));
        let count = HandleCount::new(&plan.load().counts);
        Self {
            plan,
            count,
            shared,
        }
    }

    /// Calls the hooks one after the other, as
    /// [`HookRegistry::dispatch`](crate::HookRegistry::dispatch) does.
    ///
    /// # Errors
    ///
    /// When a hook failed whose policy is [`OnFailure::Stop`](crate::OnFailure::Stop).
    pub async fn dispatch(&mut self, event: &mut E) -> DispatchResult<E::Action> {
        let plan = self.plan.load();
        if !self.count.is_of(&plan.counts) {
            self.count = HandleCount::new(&plan.counts);
        }
        let mut dispatch = Dispatch::new(plan, self.count.alone());
        let next = dispatch.stretch(event);
        if let Some(end) = dispatch.after(event, next) {
            return end;
        }
        dispatch.finish(event).await
    }
}

impl<E: Event> Clone for Dispatcher<E> {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl<E: Event> fmt::Debug for Dispatcher<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("event", &E::NAME)
            .finish_non_exhaustive()
    }
}

/// Where the current plan is.
struct Plans<E: Event>(Arc<Shared<E>>);

impl<E: Event> Deref for Plans<E> {
    type Target = ArcSwap<ExecutionPlan<E>>;

    fn deref(&self) -> &Self::Target {
        &self.0.plan
    }
}
