//! A task of the scheduler: its name, where it stands, and the parts that run and await it.

use std::fmt;

mod cell;
mod context;
mod error;
mod handle;

pub(crate) use cell::{Job, TaskCell};
pub use context::TaskContext;
pub use error::TaskError;
pub use handle::TaskHandle;

/// The name of a task, unique within its scheduler and never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub(crate) u64);

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Where a task stands. The last three are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// No lane has taken it up.
    Queued,
    /// A lane is driving it.
    Running,
    /// It returned.
    Completed,
    /// It was cancelled: before it began, or at one of its `.await`s.
    Cancelled,
    /// It panicked.
    Panicked,
}

impl TaskStatus {
    /// Whether the task has come to its end.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Panicked)
    }
}
