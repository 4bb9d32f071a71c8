//! How many values are in memory: to show that what nobody can reach is freed.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts the values that it was asked to count. Cheap to clone; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Census(Arc<AtomicUsize>);

impl Census {
    /// One that counts nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts a value until it is dropped. Clones of it are counted too.
    #[must_use]
    pub fn admit<T>(&self, value: T) -> Counted<T> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Counted {
            value,
            census: self.clone(),
        }
    }

    /// How many of them are in memory.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A value that is counted for as long as it lives.
pub struct Counted<T> {
    value: T,
    census: Census,
}

impl<T> Deref for Counted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Clone for Counted<T> {
    fn clone(&self) -> Self {
        self.census.admit(self.value.clone())
    }
}

impl<T> Drop for Counted<T> {
    fn drop(&mut self) {
        self.census.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl<T: fmt::Debug> fmt::Debug for Counted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl<T: PartialEq> PartialEq for Counted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Serialize> Serialize for Counted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value.serialize(serializer)
    }
}

/// What was read back from somewhere is counted by nobody who asked.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Counted<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(|value| Census::new().admit(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_counts_until_it_is_dropped() {
        let census = Census::new();
        let one = census.admit(1);
        let same = one.clone();
        let other = census.clone().admit(2);
        assert_eq!((census.alive(), *other), (3, 2));
        assert_eq!(one, same);
        drop(one);
        assert_eq!(census.alive(), 2);
        drop((same, other));
        assert_eq!(census.alive(), 0);
    }

    #[test]
    fn what_is_read_back_is_not_counted() {
        let census = Census::new();
        let text = serde_json::to_string(&census.admit(7)).unwrap();
        let back: Counted<u64> = serde_json::from_str(&text).unwrap();
        assert_eq!((text.as_str(), *back, census.alive()), ("7", 7, 0));
    }
}
