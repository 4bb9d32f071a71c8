//! The guard that keeps hooks registered.

use std::{fmt, sync::Weak};

use crate::table::Key;

/// The side of a registry that a registration needs, whatever the event type.
pub(crate) trait Unregister: Send + Sync {
    fn unregister(&self, keys: &[Key]);
}

/// Keeps one hook registered, or those that came together; dropping it takes them out.
///
/// A dispatch that is under way has its plan and may still call a hook once after that. The
/// registration does not keep the registry alive, and it is the same type for every event, so
/// that an owner may hold the registrations of many in one list.
// Not `Clone`: the hooks would go with the first copy.
#[must_use = "dropping the registration takes the hooks out again; use `keep` to leave them in"]
pub struct HookRegistration {
    names: Vec<String>,
    keys: Vec<Key>,
    registry: Option<Weak<dyn Unregister>>,
}

impl HookRegistration {
    pub(crate) fn new(names: Vec<String>, keys: Vec<Key>, registry: Weak<dyn Unregister>) -> Self {
        Self {
            names,
            keys,
            registry: Some(registry),
        }
    }

    /// The hooks' names, in the order in which they were given.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Leaves the hooks in for as long as the registry lives.
    pub fn keep(mut self) {
        self.registry = None;
    }
}

impl Drop for HookRegistration {
    fn drop(&mut self) {
        if let Some(registry) = self.registry.take().and_then(|registry| registry.upgrade()) {
            registry.unregister(&self.keys);
        }
    }
}

impl fmt::Debug for HookRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookRegistration")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
