//! What is wrong with a graph, or with a step that was asked of it.

use std::fmt::Display;

use super::NodeStatus;

/// Why a graph is not sound.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError<K> {
    /// There is a task of that name.
    #[error("there is a task `{task}` already: give this one another name")]
    Duplicate {
        /// The name that is taken.
        task: K,
    },

    /// A task waits for one that is not there.
    #[error(
        "task `{task}` depends on `{dependency}`, which is not there: add it, or correct the name"
    )]
    UnknownDependency {
        /// The task that waits.
        task: K,
        /// What it waits for.
        dependency: K,
    },

    /// Tasks wait for each other.
    #[error(
        "tasks wait for each other in circles, so none of them can start: {}: \
         take a dependency out of each",
        circles(.0)
    )]
    Cycles(
        /// Each task depends on the next, the last one on the first. Every dependency that is
        /// part of a circle is in one of them.
        Vec<Vec<K>>,
    ),

    /// A task was to be added to a run that is over.
    #[error("task `{task}` comes too late: nothing of the graph runs any more; run it by itself")]
    Ended {
        /// The task that was to be added.
        task: K,
    },
}

fn circles<K: Display>(cycles: &[Vec<K>]) -> String {
    let circle = |cycle: &Vec<K>| {
        let round = cycle.iter().chain(cycle.first());
        let names: Vec<_> = round.map(|task| format!("`{task}`")).collect();
        names.join(" needs ")
    };
    cycles.iter().map(circle).collect::<Vec<_>>().join("; ")
}

/// Why a task could not take a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransitionError<K> {
    /// There is no such task.
    #[error("there is no task `{task}`: add it first, or correct the name")]
    UnknownTask {
        /// The name that nobody has.
        task: K,
    },

    /// The task is not where that step begins.
    #[error("cannot {step} task `{task}`, which is {status}: it must be {wanted}")]
    WrongStatus {
        /// The task.
        task: K,
        /// What was asked.
        step: &'static str,
        /// Where the task stands.
        status: NodeStatus,
        /// Where it would have to stand.
        wanted: &'static str,
    },
}
