//! A handle for one who dispatches often.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

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
    shared: Arc<Shared<E>>,
    /// How often the registry had changed when the plan was taken.
    changes: u64,
    plan: Arc<ExecutionPlan<E>>,
    count: HandleCount,
}

impl<E: Event> Dispatcher<E> {
    pub(crate) fn new(shared: Arc<Shared<E>>) -> Self {
        let changes = shared.changes.load(Ordering::Acquire);
        let plan = shared.plan.load_full();
        let count = HandleCount::new(&plan.counts);
        Self {
            shared,
            changes,
            plan,
            count,
        }
    }

    /// Calls the hooks one after the other, as
    /// [`HookRegistry::dispatch`](crate::HookRegistry::dispatch) does.
    ///
    /// # Errors
    ///
    /// When a hook failed whose policy is [`OnFailure::Stop`](crate::OnFailure::Stop).
    pub async fn dispatch(&mut self, event: &mut E) -> DispatchResult<E::Action> {
        if self.shared.changes.load(Ordering::Acquire) != self.changes {
            self.renew();
        }
        let mut dispatch = Dispatch::new(&*self.plan, self.count.alone());
        let next = dispatch.stretch(event);
        if let Some(end) = dispatch.after(event, next) {
            return end;
        }
        dispatch.finish(event).await
    }

    #[cold]
    fn renew(&mut self) {
        *self = Self::new(Arc::clone(&self.shared));
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
