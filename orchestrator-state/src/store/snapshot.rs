//! One version of the state, whole and unchanging.

use std::borrow::Borrow;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde::{Deserialize, Serialize};

/// Counts the commits of a store; 0 is the empty store.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(u64);

impl Version {
    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A value and the version that wrote it.
#[derive(Debug)]
pub(super) struct Slot<V> {
    pub(super) value: V,
    pub(super) version: Version,
}

/// All that one version consists of. The map shares its unchanged parts with the version before.
#[derive(Debug)]
pub(super) struct Inner<K, V> {
    pub(super) version: Version,
    pub(super) map: RedBlackTreeMapSync<K, Slot<V>>,
}

impl<K: Ord, V> Inner<K, V> {
    pub(super) fn empty() -> Self {
        Self {
            version: Version::default(),
            map: RedBlackTreeMapSync::new_sync(),
        }
    }

    pub(super) fn version_of<Q>(&self, key: &Q) -> Option<Version>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.get(key).map(|slot| slot.version)
    }
}

/// The state at one [`Version`]. Cheap to clone; later commits do not show in it.
#[derive(Debug)]
pub struct Snapshot<K, V>(pub(super) Arc<Inner<K, V>>);

impl<K, V> Clone for Snapshot<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord, V> Snapshot<K, V> {
    /// Which version it is.
    #[must_use]
    pub fn version(&self) -> Version {
        self.0.version
    }

    /// The value of a key.
    #[must_use]
    pub fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.map.get(key).map(|slot| &slot.value)
    }

    /// The version that wrote a key's value.
    #[must_use]
    pub fn version_of<Q>(&self, key: &Q) -> Option<Version>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.0.version_of(key)
    }

    /// All keys and values, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.map.iter().map(|(key, slot)| (key, &slot.value))
    }

    /// How many keys have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.map.size()
    }

    /// Whether no key has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.map.is_empty()
    }
}
