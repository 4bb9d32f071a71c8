//! How a task is to be run.

use super::Budget;
use crate::Priority;

/// How a task is to be run. The default: [`Priority::Normal`], the parent's budget.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct TaskOptions {
    /// How soon it is taken up, also after each wait.
    pub priority: Priority,
    /// What it may spend, with all below it; `None`: what its parent may.
    pub budget: Option<Budget>,
}

impl TaskOptions {
    /// Sets how soon the task is taken up.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    /// Sets what the task may spend.
    #[must_use]
    pub fn with_budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }
}

impl From<Priority> for TaskOptions {
    fn from(priority: Priority) -> Self {
        Self::default().with_priority(priority)
    }
}
