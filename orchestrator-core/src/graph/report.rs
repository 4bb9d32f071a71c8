//! How a run of a graph has ended.

use super::{GraphCounts, NodeStatus};
use crate::TaskError;

/// Why a job has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError<E> {
    /// It says so itself.
    #[error("{0}")]
    Failed(E),
    /// Its code panicked.
    #[error("the job panicked: {0}: mend its code")]
    Panicked(String),
}

/// How a run of a graph has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphReport<K, E> {
    /// Where each task stands, in the order in which they were added. `Running` are those whose job was
    /// cancelled, or which somebody was at before the run; `Waiting` and `Ready` those that were not
    /// begun when the run was ended, or the first even before it had begun.
    pub tasks: Vec<(K, NodeStatus)>,
    /// Why which tasks have failed, in the order in which they did.
    pub failures: Vec<(K, JobError<E>)>,
    /// Why the run did not come to its end: it was aborted, or its scheduler was.
    pub ended: Option<TaskError>,
}

impl<K, E> GraphReport<K, E> {
    pub(super) fn new(
        tasks: Vec<(K, NodeStatus)>,
        failures: Vec<(K, JobError<E>)>,
        ended: Option<TaskError>,
    ) -> Self {
        Self {
            tasks,
            failures,
            ended,
        }
    }

    /// Whether every task is done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        let done = |(_, status): &(K, NodeStatus)| *status == NodeStatus::Done;
        self.ended.is_none() && self.tasks.iter().all(done)
    }

    /// How many tasks stand where.
    #[must_use]
    pub fn counts(&self) -> GraphCounts {
        let mut counts = GraphCounts::default();
        for (_, status) in &self.tasks {
            counts.count(*status);
        }
        counts
    }
}
