//! The hooks of one event type, and the plan made of them.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;

use crate::{
    DispatchResult, Dispatcher, Event, ExecutionPlan, Explanation, Hook, HookRegistration,
    HookStats, RegisterError,
    dispatch::Dispatch,
    plan::Entry,
    registration::Unregister,
    table::{Key, Table},
};

/// Holds the hooks of one event type and dispatches events to them.
///
/// Cloning gives another handle to the same registry. Dispatches never wait for each other or
/// for a registration; registrations wait for each other. Hooks may register, drop and dispatch
/// while they run.
#[doc = include_str!("docs/cost.md")]
pub struct HookRegistry<E: Event> {
    shared: Arc<Shared<E>>,
}

pub(crate) struct Shared<E: Event> {
    /// Written under the lock of `table`, read by anyone.
    pub(crate) plan: ArcSwap<ExecutionPlan<E>>,
    /// How often there has been another plan: told after the plan is there, so that one who sees
    /// the number finds that plan or a later one.
    pub(crate) changes: AtomicU64,
    table: Mutex<Table<E>>,
}

impl<E: Event> HookRegistry<E> {
    /// A registry without hooks.
    pub fn new() -> Self {
        let (table, plan) = Table::new();
        Self {
            shared: Arc::new(Shared {
                plan: ArcSwap::from_pointee(plan),
                changes: AtomicU64::new(0),
                table: Mutex::new(table),
            }),
        }
    }

    /// Takes a hook in. Dispatches that begin from now on call it, until the registration is
    /// dropped.
    ///
    /// # Errors
    ///
    /// When the name is taken, when a constraint names what no other hook answers to, or when
    /// the constraints of all hooks together contradict the phases or each other. The registry
    /// is then unchanged.
    pub fn register(&self, hook: Hook<E>) -> Result<HookRegistration, RegisterError> {
        self.register_all([hook])
    }

    /// Takes all of these hooks in at once, or none. They may name each other, in any order, and
    /// no dispatch sees some of them without the others.
    ///
    /// # Errors
    ///
    /// As for [`register`](Self::register), for the first hook that does not fit.
    pub fn register_all(
        &self,
        hooks: impl IntoIterator<Item = Hook<E>>,
    ) -> Result<HookRegistration, RegisterError> {
        // Declared before the lock, so dropped after it, also on an error: a hook may own a
        // registration of this very registry, and dropping that takes the lock.
        let mut entries = Vec::new();
        for hook in hooks {
            if hook.body.later.is_none() && hook.timeout.is_some() {
                return Err(RegisterError::TimeoutOnSync {
                    event: E::NAME,
                    hook: hook.spec.name,
                });
            }
            entries.push(Arc::new(Entry::new(hook)));
        }
        let old_plan;
        let mut table = self.shared.lock();
        let (keys, plan) = table.admit(&entries)?;
        old_plan = self.shared.replace(plan);
        drop(table);
        drop(old_plan);
        let names = entries.iter().map(|entry| entry.spec.name.clone());
        let registry: Weak<Shared<E>> = Arc::downgrade(&self.shared);
        Ok(HookRegistration::new(names.collect(), keys, registry))
    }

    /// The plan that a dispatch would follow now.
    pub fn plan(&self) -> Arc<ExecutionPlan<E>> {
        self.shared.plan.load_full()
    }

    /// Why each hook stands where it stands. The answer prints as a table, and as a graph.
    pub fn explain(&self) -> Explanation {
        self.plan().explain()
    }

    /// Calls the hooks one after the other.
    ///
    /// Returns the action with which [`Event::apply`] broke off, or `None` when every hook has
    /// run. The dispatch follows the plan that is current when it is first polled, to its end:
    /// hooks that come later are not called, hooks that go meanwhile still are.
    ///
    /// One who dispatches often does it faster through a [`Dispatcher`].
    ///
    /// # Errors
    ///
    /// When a hook failed whose policy is [`OnFailure::Stop`](crate::OnFailure::Stop). Other
    /// failures are counted, and [`Event::on_failure`] decides what stands in the hook's place.
    /// (In a program built with `panic = "abort"` no panic can be contained.)
    pub async fn dispatch(&self, event: &mut E) -> DispatchResult<E::Action> {
        // The guard is one of a few that a thread has, so it is not for keeping: where a hook
        // may wait, the plan is held in full.
        let plan = self.shared.plan.load();
        let mut dispatch = Dispatch::new(&plan, &*plan.counts);
        let next = dispatch.stretch(event);
        if let Some(end) = dispatch.after(event, next) {
            return end;
        }
        let held = Arc::clone(&plan);
        let dispatch = dispatch.with(&held, &*held.counts);
        drop(plan);
        dispatch.finish(event).await
    }

    /// A handle for one who dispatches often.
    pub fn dispatcher(&self) -> Dispatcher<E> {
        Dispatcher::new(Arc::clone(&self.shared))
    }

    /// What each registered hook has done so far, in the order of the plan.
    pub fn stats(&self) -> Vec<HookStats> {
        self.shared.lock().stats()
    }
}

impl<E: Event> Shared<E> {
    /// Puts another plan in the place of the current one, under the lock of the table.
    fn replace(&self, plan: ExecutionPlan<E>) -> Arc<ExecutionPlan<E>> {
        let old = self.plan.swap(Arc::new(plan));
        self.changes.fetch_add(1, Ordering::Release);
        old
    }

    fn lock(&self) -> MutexGuard<'_, Table<E>> {
        // Nothing under the lock leaves the table half changed, so poison means nothing here.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Event> Unregister for Shared<E> {
    fn unregister(&self, keys: &[Key]) {
        // Declared before the lock, so dropped after it: a hook may own a registration, whose
        // drop takes the lock.
        let (mut removed, old_plan);
        removed = Vec::new();
        let mut table = self.lock();
        let Some(plan) = table.remove(keys, &mut removed) else {
            return;
        };
        old_plan = self.replace(plan);
        drop(table);
        drop(old_plan);
    }
}

impl<E: Event> Clone for HookRegistry<E> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<E: Event> Default for HookRegistry<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: Event> fmt::Debug for HookRegistry<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookRegistry")
            .field("event", &E::NAME)
            .field("plan", &self.plan())
            .finish()
    }
}
