//! Where a hook wants to stand, apart from what it runs.

use std::cmp::Reverse;

use crate::{Phase, Relation};

/// A hook's wish to stand before or after what it names.
#[derive(Debug, Clone)]
pub(crate) struct Constraint {
    pub(crate) relation: Relation,
    pub(crate) target: String,
}

/// Everything about a hook that decides its place.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: String,
    pub(crate) phase: Phase,
    pub(crate) priority: i32,
    pub(crate) labels: Vec<String>,
    pub(crate) constraints: Vec<Constraint>,
}

impl Spec {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            phase: Phase::default(),
            priority: 0,
            labels: Vec::new(),
            constraints: Vec::new(),
        }
    }

    /// What orders hooks that no constraint orders. Names are unique, so it is total.
    pub(crate) fn rank(&self) -> (Phase, Reverse<i32>, &str) {
        (self.phase, Reverse(self.priority), &self.name)
    }

    /// The name and the labels, each once.
    pub(crate) fn identities(&self) -> Vec<&str> {
        let labels = self.labels.iter().map(String::as_str);
        let mut identities: Vec<&str> = labels.chain([self.name.as_str()]).collect();
        identities.sort_unstable();
        identities.dedup();
        identities
    }
}
