//! Where the tasks of a graph stand.

use std::fmt;

/// Where a task of a [`TaskGraph`](crate::TaskGraph) stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeStatus {
    /// Something that it depends on is not done.
    Waiting,
    /// Nothing is in its way.
    Ready,
    /// It was started.
    Running,
    /// It was completed.
    Done,
    /// It failed.
    Failed,
    /// It will not run, because of another's failure.
    Skipped,
}

impl NodeStatus {
    /// Whether the task rests: done, failed or skipped.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Skipped)
    }
}

impl fmt::Display for NodeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Waiting => "waiting",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        })
    }
}

/// What a failure means for the others. Tasks that run are never touched: cancelling them is the
/// caller's affair.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum FailurePolicy {
    /// Whatever depends on the failed task, at whatever distance, is skipped.
    #[default]
    SkipDependents,
    /// The failed task counts as done for those that depend on it.
    Continue,
    /// Everything that has not been started is skipped. What is added later is not, unless it
    /// depends on the failed task or on one that was skipped.
    FailFast,
}

/// How many tasks of a graph stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphCounts {
    /// See [`NodeStatus::Waiting`].
    pub waiting: usize,
    /// See [`NodeStatus::Ready`].
    pub ready: usize,
    /// See [`NodeStatus::Running`].
    pub running: usize,
    /// See [`NodeStatus::Done`].
    pub done: usize,
    /// See [`NodeStatus::Failed`].
    pub failed: usize,
    /// See [`NodeStatus::Skipped`].
    pub skipped: usize,
}

impl GraphCounts {
    /// How many tasks there are.
    #[must_use]
    pub fn total(&self) -> usize {
        self.waiting + self.ready + self.running + self.done + self.failed + self.skipped
    }

    pub(super) fn count(&mut self, status: NodeStatus) {
        *match status {
            NodeStatus::Waiting => &mut self.waiting,
            NodeStatus::Ready => &mut self.ready,
            NodeStatus::Running => &mut self.running,
            NodeStatus::Done => &mut self.done,
            NodeStatus::Failed => &mut self.failed,
            NodeStatus::Skipped => &mut self.skipped,
        } += 1;
    }
}
