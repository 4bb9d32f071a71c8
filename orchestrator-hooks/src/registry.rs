//! The hooks of one event type, and the plan made of them.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use arc_swap::ArcSwap;

use crate::{
    Event, ExecutionPlan, Hook, HookRegistration, HookStats, RegisterError, order::Order,
    plan::Entry, registration::Unregister,
};

/// Holds the hooks of one event type and dispatches events to them.
///
/// Cloning gives another handle to the same registry. Dispatches never wait for each other or
/// for a registration; registrations wait for each other. Hooks may register, drop and dispatch
/// while they run.
pub struct HookRegistry<E: Event> {
    shared: Arc<Shared<E>>,
}

struct Shared<E: Event> {
    /// Written under the lock of `table`, read by anyone.
    plan: ArcSwap<ExecutionPlan<E>>,
    table: Mutex<Table<E>>,
}

struct Table<E: Event> {
    entries: Vec<Arc<Entry<E>>>,
    next_id: u64,
}

impl<E: Event> HookRegistry<E> {
    /// A registry without hooks.
    pub fn new() -> Self {
        let table = Table {
            entries: Vec::new(),
            next_id: 0,
        };
        let plan = ArcSwap::from_pointee(ExecutionPlan::empty());
        Self {
            shared: Arc::new(Shared {
                plan,
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
        let name = hook.name.clone();
        // Declared before the lock, so dropped after it: a hook may own a registration of this
        // very registry, and dropping that takes the lock.
        let (entry, old_plan);
        let mut table = self.shared.lock();
        if table.entries.iter().any(|entry| entry.hook.name == name) {
            // The hook is an argument and so dropped after every local, the lock included.
            return Err(RegisterError::DuplicateName {
                event: E::NAME,
                hook: name,
            });
        }
        let id = table.next_id;
        entry = Arc::new(Entry::new(id, hook));
        let mut entries = table.entries.clone();
        entries.push(Arc::clone(&entry));
        let order = Order::new(&entries);
        order.check(entries.len() - 1)?;
        let plan = ExecutionPlan::new(&entries, &order);

        table.entries = entries;
        table.next_id += 1;
        old_plan = self.shared.plan.swap(Arc::new(plan));
        drop(table);
        drop((entry, old_plan));
        let registry: Weak<Shared<E>> = Arc::downgrade(&self.shared);
        Ok(HookRegistration::new(name, id, registry))
    }

    /// The plan that a dispatch would follow now.
    pub fn plan(&self) -> Arc<ExecutionPlan<E>> {
        self.shared.plan.load_full()
    }

    /// Calls the hooks one after the other.
    ///
    /// Returns the action with which [`Event::apply`] broke off, or `None` when every hook has
    /// run. The dispatch follows the plan that is current when it is first polled, to its end:
    /// hooks that come later are not called, hooks that go meanwhile still are.
    ///
    /// A hook that panics is counted, and [`Event::on_panic`] decides what stands in its place.
    /// (In a program built with `panic = "abort"` nothing can be contained.)
    pub async fn dispatch(&self, event: &mut E) -> Option<E::Action> {
        self.plan().run(event).await
    }

    /// What each registered hook has done so far, in the order of the plan.
    pub fn stats(&self) -> Vec<HookStats> {
        self.plan().stats()
    }
}

impl<E: Event> Shared<E> {
    fn lock(&self) -> MutexGuard<'_, Table<E>> {
        // Nothing under the lock leaves the table half changed, so poison means nothing here.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Event> Unregister for Shared<E> {
    fn unregister(&self, id: u64) {
        let mut table = self.lock();
        let Some(index) = table.entries.iter().position(|entry| entry.id == id) else {
            return;
        };
        let removed = table.entries.remove(index);
        let plan = ExecutionPlan::new(&table.entries, &Order::new(&table.entries));
        let old_plan = self.plan.swap(Arc::new(plan));
        // Only now may the hook go: it may own a registration, whose drop takes the lock.
        drop(table);
        drop((removed, old_plan));
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
