//! The guard that keeps a hook registered.

use std::{fmt, sync::Weak};

/// The side of a registry that a registration needs, whatever the event type.
pub(crate) trait Unregister: Send + Sync {
    fn unregister(&self, id: u64);
}

/// Keeps one hook registered; dropping it takes the hook out.
///
/// A dispatch that is under way has its plan and may still call the hook once after that. It
/// does not keep the registry alive, and it is the same type for every event, so that an owner
/// may hold the registrations of many in one list.
// Not `Clone`: the hook would go with the first copy.
#[must_use = "dropping the registration takes the hook out again; use `keep` to leave it in"]
pub struct HookRegistration {
    name: String,
    id: u64,
    registry: Option<Weak<dyn Unregister>>,
}

impl HookRegistration {
    pub(crate) fn new(name: String, id: u64, registry: Weak<dyn Unregister>) -> Self {
        Self {
            name,
            id,
            registry: Some(registry),
        }
    }

    /// The hook's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Leaves the hook in for as long as the registry lives.
    pub fn keep(mut self) {
        self.registry = None;
    }
}

impl Drop for HookRegistration {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.take().and_then(|registry| registry.upgrade()) {
            registry.unregister(self.id);
        }
    }
}

impl fmt::Debug for HookRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookRegistration")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
