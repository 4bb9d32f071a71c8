//! How a graph is to be run.

use std::fmt;

use super::FailurePolicy;
use crate::task::TaskOptions;

/// Says how long a task takes.
type Weight<K> = Box<dyn Fn(&K) -> u64 + Send>;

/// How a graph is to be run. The default: what depends on a failed task is skipped, and ready tasks are
/// taken up as they come.
pub struct RunOptions<K> {
    /// What a failure means for the others.
    pub policy: FailurePolicy,
    /// How the tasks are taken up among the scheduler's other tasks, and what they may spend.
    pub task: TaskOptions,
    pub(super) weight: Option<Weight<K>>,
}

impl<K> Default for RunOptions<K> {
    fn default() -> Self {
        Self {
            policy: FailurePolicy::default(),
            task: TaskOptions::default(),
            weight: None,
        }
    }
}

impl<K> RunOptions<K> {
    /// Sets what a failure means for the others.
    #[must_use]
    pub fn with_policy(mut self, policy: FailurePolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how the tasks are taken up among the scheduler's other tasks.
    #[must_use]
    pub fn with_task(mut self, options: impl Into<TaskOptions>) -> Self {
        self.task = options.into();
        self
    }

    /// Of several ready tasks, takes up first the one with which the longest path begins: the one whose
    /// delay would delay the end of all. `weight` says how long a task takes, in any unit; tasks that are
    /// added while the graph runs count as short.
    #[must_use]
    pub fn with_critical_path(mut self, weight: impl Fn(&K) -> u64 + Send + 'static) -> Self {
        self.weight = Some(Box::new(weight));
        self
    }
}

impl<K> fmt::Debug for RunOptions<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("policy", &self.policy)
            .field("task", &self.task)
            .field("critical_path", &self.weight.is_some())
            .finish()
    }
}
