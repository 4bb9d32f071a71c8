//! The steps of a graph's tasks, and what each means for the others.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::hash::Hash;

use super::{FailurePolicy, NodeStatus, Stage, TaskGraph, TransitionError};

impl<K: Ord + Hash + Clone + Display> TaskGraph<K> {
    /// A ready task begins to run.
    ///
    /// # Errors
    ///
    /// [`TransitionError`] if there is no such task or it is not ready.
    pub fn start(&mut self, key: &K) -> Result<(), TransitionError<K>> {
        let at = self.find(key, "start", "ready", |status| status == NodeStatus::Ready)?;
        self.enter(at, Stage::Running);
        Ok(())
    }

    /// A running task is done.
    ///
    /// # Errors
    ///
    /// [`TransitionError`] if there is no such task or it is not running.
    pub fn complete(&mut self, key: &K) -> Result<(), TransitionError<K>> {
        let at = self.find(key, "complete", "running", |status| {
            status == NodeStatus::Running
        })?;
        self.enter(at, Stage::Done);
        Ok(())
    }

    /// A running task has failed. Gives the tasks that are skipped now and were not before, in
    /// the order in which they were added.
    ///
    /// # Errors
    ///
    /// [`TransitionError`] if there is no such task or it is not running.
    pub fn fail(&mut self, key: &K, policy: FailurePolicy) -> Result<Vec<K>, TransitionError<K>> {
        let at = self.find(key, "fail", "running", |status| {
            status == NodeStatus::Running
        })?;
        self.enter(at, Stage::Failed(policy));
        let held = match policy {
            FailurePolicy::Continue => BTreeSet::new(),
            FailurePolicy::SkipDependents => self.unstarted_below(at),
            FailurePolicy::FailFast => (0..self.nodes.len())
                .filter(|&other| self.nodes[other].stage == Stage::Unstarted)
                .collect(),
        };
        let mut skipped = Vec::new();
        for other in held {
            if !self.nodes[other].held {
                skipped.push(self.key(other));
            }
            self.hold(other, [at]);
        }
        Ok(skipped)
    }

    /// A running or failed task is to run again. Gives the tasks that are no longer skipped, in
    /// the order in which they were added.
    ///
    /// A task that was skipped for several failures stays so until each of them is requeued. One
    /// that was completed stays done.
    ///
    /// # Errors
    ///
    /// [`TransitionError`] if there is no such task or it is neither running nor failed.
    pub fn requeue(&mut self, key: &K) -> Result<Vec<K>, TransitionError<K>> {
        let at = self.find(key, "requeue", "running or failed", |status| {
            matches!(status, NodeStatus::Running | NodeStatus::Failed)
        })?;
        self.enter(at, Stage::Unstarted);
        let mut freed = Vec::new();
        self.holds.retain(|other, holds| {
            holds.remove(&at);
            if holds.is_empty() {
                freed.push(*other);
            }
            !holds.is_empty()
        });
        for other in &freed {
            self.nodes[*other].held = false;
        }
        // While it ran, what it depends on may have been requeued too, and failed.
        self.inherit_holds(at);
        self.refresh(at);
        for other in &freed {
            self.refresh(*other);
        }
        // What it depends on may hold some of them again.
        freed.retain(|other| !self.nodes[*other].held);
        Ok(freed.into_iter().map(|other| self.key(other)).collect())
    }

    fn find(
        &self,
        key: &K,
        step: &'static str,
        wanted: &'static str,
        fits: impl Fn(NodeStatus) -> bool,
    ) -> Result<usize, TransitionError<K>> {
        let Some(&at) = self.index.get(key) else {
            return Err(TransitionError::UnknownTask { task: key.clone() });
        };
        let at = at as usize;
        let status = self.status_at(at);
        if fits(status) {
            Ok(at)
        } else {
            Err(TransitionError::WrongStatus {
                task: key.clone(),
                step,
                status,
                wanted,
            })
        }
    }

    /// Changes a task's stage, and the counts of those that depend on it.
    fn enter(&mut self, at: usize, stage: Stage) {
        if !self.touched {
            self.ready = self.unmet_by_none().collect();
            self.touched = true;
        }
        let before = self.nodes[at].stage.satisfies();
        self.nodes[at].stage = stage;
        self.refresh(at);
        let after = stage.satisfies();
        if before == after {
            return;
        }
        let dependents: Vec<u32> = self.arrows.dependents().of(at).collect();
        for dependent in dependents.into_iter().map(|at| at as usize) {
            let unmet = &mut self.nodes[dependent].unmet;
            if after {
                *unmet -= 1
            } else {
                *unmet += 1
            }
            self.refresh(dependent);
        }
    }

    /// Skips a task, because of failed ones.
    fn hold(&mut self, at: usize, failed: impl IntoIterator<Item = usize>) {
        self.holds.entry(at).or_default().extend(failed);
        self.nodes[at].held = true;
        self.refresh(at);
    }

    /// Skips a task that is new or back in line, and what hangs on it, if something that it
    /// depends on is blocked.
    pub(super) fn inherit_holds(&mut self, at: usize) {
        let mut holds = BTreeSet::new();
        for on in self.arrows.needs_of(at).map(|on| on as usize) {
            holds.extend(self.holds.get(&on).into_iter().flatten());
            holds.extend(self.nodes[on].stage.blocks().then_some(on));
        }
        if holds.is_empty() {
            return;
        }
        let mut held = self.unstarted_below(at);
        held.insert(at);
        for other in held {
            self.hold(other, holds.iter().copied());
        }
    }

    /// What depends on a task, at whatever distance. A task that was started answers for those
    /// behind it by its own outcome, so the walk does not pass it.
    fn unstarted_below(&self, at: usize) -> BTreeSet<usize> {
        let mut below = BTreeSet::new();
        let mut walk = vec![at];
        while let Some(next) = walk.pop() {
            for dependent in self.arrows.dependents().of(next).map(|at| at as usize) {
                if self.nodes[dependent].stage == Stage::Unstarted && below.insert(dependent) {
                    walk.push(dependent);
                }
            }
        }
        below
    }

    pub(super) fn refresh(&mut self, at: usize) {
        if self.status_at(at) == NodeStatus::Ready {
            self.ready.insert(at);
        } else {
            self.ready.remove(&at);
        }
    }
}
