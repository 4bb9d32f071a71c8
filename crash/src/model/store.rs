//! The model: every version in a map, one lock around it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Bug, ModelOpen, ModelView};
use crate::history::{Key, Value};
use crate::subject::{Open, Refused, Steps, Subject};

/// Each key with its value and the version that wrote it.
pub(super) type Slots = BTreeMap<Key, (Value, u64)>;

/// A store that keeps every version and takes its lock for everything.
#[derive(Debug, Default)]
pub struct ModelStore {
    bug: Option<Bug>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
pub(super) struct Inner {
    /// Version 0 is not in it, and is empty.
    pub(super) versions: BTreeMap<u64, Arc<Slots>>,
    current: u64,
    /// How often something was asked for, for the bugs that come now and then.
    calls: u64,
    /// How many views still do not see the last commit.
    late: u64,
}

impl Inner {
    pub(super) fn at(&self, version: u64) -> Arc<Slots> {
        self.versions.get(&version).cloned().unwrap_or_default()
    }

    fn publish(&mut self, slots: Slots) -> u64 {
        self.current += 1;
        self.versions.insert(self.current, Arc::new(slots));
        self.current
    }
}

impl ModelStore {
    /// An empty store that is right.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store with a mistake.
    #[must_use]
    pub fn with_bug(bug: Bug) -> Self {
        Self {
            bug: Some(bug),
            ..Self::default()
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has(&self, bug: Bug) -> bool {
        self.bug == Some(bug)
    }

    /// The version that a reader is given.
    fn visible(&self, inner: &mut Inner) -> u64 {
        inner.calls += 1;
        if self.has(Bug::LatePublish) && inner.late > 0 {
            inner.late -= 1;
            return inner.current.saturating_sub(1);
        }
        if self.has(Bug::StaleSnapshot) && inner.calls.is_multiple_of(7) {
            return inner.current.saturating_sub(1);
        }
        inner.current
    }

    pub(super) fn commit(&self, open: &ModelOpen<'_>) -> Result<u64, Refused> {
        if open.writes.is_empty() {
            return Ok(open.base);
        }
        let mut inner = self.lock();
        inner.calls += 1;
        let now = inner.at(inner.current);
        let valid = self.has(Bug::DropValidation) || open.still_valid(&now);
        if !valid && !self.has(Bug::EarlyPublish) {
            return Err(Refused);
        }
        let next = inner.current + 1;
        let mut writes: Vec<_> = open.writes.iter().collect();
        if self.has(Bug::LostWriteUnderContention) && inner.current != open.base {
            writes.pop();
        }
        let after = |writes: &[(&Key, &Option<Value>)], mut slots: Slots| {
            for (key, value) in writes {
                match value {
                    Some(value) => slots.insert(**key, (*value, next)),
                    None => slots.remove(key),
                };
            }
            slots
        };
        if self.has(Bug::TornMultiKey) && writes.len() > 1 {
            let (first, rest) = writes.split_at(1);
            let version = inner.publish(after(first, (*now).clone()));
            drop(inner);
            std::thread::yield_now();
            let mut inner = self.lock();
            for (_, slots) in inner.versions.range_mut(version..) {
                *slots = Arc::new(after(rest, (**slots).clone()));
            }
            return Ok(version);
        }
        let slots = after(&writes, (*now).clone());
        if self.has(Bug::RepeatCommit) && inner.calls.is_multiple_of(5) {
            inner.publish(slots.clone());
        }
        inner.late = 2;
        let version = inner.publish(slots);
        if self.has(Bug::UnpinnedGc) {
            inner.versions = inner.versions.split_off(&version.saturating_sub(1));
        }
        if valid {
            return Ok(version);
        }
        drop(inner);
        std::thread::yield_now();
        // Taken back, unless others have built on it already.
        let mut inner = self.lock();
        if inner.current == version {
            inner.versions.remove(&version);
            inner.current -= 1;
        }
        Err(Refused)
    }
}

impl Subject for ModelStore {
    type Open<'s> = ModelOpen<'s>;
    type View<'s> = ModelView<'s>;

    fn begin(&self) -> ModelOpen<'_> {
        let mut inner = self.lock();
        let base = self.visible(&mut inner);
        ModelOpen {
            store: self,
            base,
            slots: inner.at(base),
            reads: BTreeMap::new(),
            ranges: Vec::new(),
            writes: BTreeMap::new(),
        }
    }

    fn view(&self) -> ModelView<'_> {
        let version = self.visible(&mut self.lock());
        ModelView {
            store: self,
            version,
        }
    }

    fn update(&self, change: &mut dyn FnMut(&mut dyn Steps)) -> Result<u64, Refused> {
        for _ in 0..10_000 {
            let mut open = self.begin();
            change(&mut open);
            if let Ok(version) = open.commit() {
                return Ok(version);
            }
            std::thread::yield_now();
        }
        Err(Refused)
    }
}
