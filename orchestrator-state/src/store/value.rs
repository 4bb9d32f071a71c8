//! A value as a reader holds it.

use std::fmt;
use std::ops::Deref;

use sdd::Shared;

use super::Version;
use super::chain::Revision;

/// A value that was read. It stays what it is, and in memory, for as long as it is held, whatever
/// happens to its key. Cheap to clone.
pub struct Value<V: 'static>(Shared<Revision<V>>);

impl<V> Value<V> {
    /// Nothing, if the revision is the absence of a value.
    pub(super) fn new(revision: Shared<Revision<V>>) -> Option<Self> {
        revision.value.is_some().then_some(Self(revision))
    }

    /// The version that wrote it. In a transaction that has written it itself, version 0.
    #[must_use]
    pub fn version(&self) -> Version {
        Version(self.0.version())
    }
}

impl<V> Clone for Value<V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<V> Deref for Value<V> {
    type Target = V;

    fn deref(&self) -> &V {
        match &self.0.value {
            Some(value) => value,
            None => unreachable!("`new` has seen that there is one, and it never changes"),
        }
    }
}

impl<V: fmt::Debug> fmt::Debug for Value<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<V: PartialEq> PartialEq for Value<V> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<V: PartialEq> PartialEq<V> for Value<V> {
    fn eq(&self, other: &V) -> bool {
        **self == *other
    }
}
