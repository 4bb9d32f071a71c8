//! Why a task has no result.

use std::any::Any;

use super::TaskId;
use crate::panics;

/// Why a task has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// It was aborted, or its parent or the scheduler was.
    #[error("task {task} was cancelled: spawn it again if its work is still wanted")]
    Cancelled {
        /// The task.
        task: TaskId,
    },

    /// Its code panicked.
    #[error("task {task} panicked: {message}: the lane lives on, mend the code of the task")]
    Panicked {
        /// The task.
        task: TaskId,
        /// What the panic said.
        message: String,
    },

    /// The runtime that drove it is gone, and the half-run task with it.
    #[error(
        "task {task} was lost: its runtime was dropped while it ran; \
         await `Scheduler::shutdown` before dropping the runtime"
    )]
    Lost {
        /// The task.
        task: TaskId,
    },
}

impl TaskError {
    pub(super) fn panicked(task: TaskId, payload: &(dyn Any + Send)) -> Self {
        Self::Panicked {
            task,
            message: panics::message(payload),
        }
    }

    /// The task that has no result.
    #[must_use]
    pub fn task(&self) -> TaskId {
        match self {
            Self::Cancelled { task } | Self::Panicked { task, .. } | Self::Lost { task } => *task,
        }
    }

    /// Whether someone asked for the end, so that nothing is wrong with the task itself.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }

    /// Whether the task's code panicked.
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self, Self::Panicked { .. })
    }
}
