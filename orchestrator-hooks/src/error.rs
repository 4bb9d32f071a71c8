//! Why a hook was not registered.

use std::fmt;

use crate::Phase;

/// Which side of its target a hook asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The hook runs before its target.
    Before,
    /// The hook runs after its target.
    After,
}

impl Relation {
    /// Who asks and whom that means, in the order in which they have to run.
    pub(crate) fn ordered<T>(self, asks: T, other: T) -> (T, T) {
        match self {
            Self::Before => (asks, other),
            Self::After => (other, asks),
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}

/// Why [`HookRegistry::register`](crate::HookRegistry::register) refused a hook, or
/// [`register_all`](crate::HookRegistry::register_all) a set of them.
///
/// The registry is then as it was: the hooks that stood in it stand there still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// A hook of this name is registered already.
    #[error(
        "event `{event}` has a hook named `{hook}` already: \
         choose another name, or drop the registration of the first"
    )]
    DuplicateName {
        /// The event's name.
        event: &'static str,
        /// The name that is taken.
        hook: String,
    },

    /// A constraint names what no other hook of the registry is called.
    #[error(
        "hook `{hook}` asks to run {relation} `{target}`, but no other hook of event `{event}` \
         has that name or label: register the target first or with it, or correct the name"
    )]
    UnknownTarget {
        /// The event's name.
        event: &'static str,
        /// The hook that was to be registered.
        hook: String,
        /// The side that it asked for.
        relation: Relation,
        /// The name or label that nobody answers to.
        target: String,
    },

    /// A constraint would take a hook out of its phase.
    #[error(
        "in event `{event}`, hook `{asked_by}` asks that `{first}` ({first_phase}) run before \
         `{second}` ({second_phase}), but phase {second_phase} is over when {first_phase} \
         begins: drop the constraint, or move one of the two to another phase"
    )]
    PhaseConflict {
        /// The event's name.
        event: &'static str,
        /// The hook that declares the constraint.
        asked_by: String,
        /// The hook that would have to run first.
        first: String,
        /// Its phase, the later one.
        first_phase: Phase,
        /// The hook that would have to run second.
        second: String,
        /// Its phase, the earlier one.
        second_phase: Phase,
    },

    /// The constraints run in circles.
    #[error(
        "in event `{event}`, {} wait for each other: remove one `before` or `after` {}",
        groups(cycles),
        if cycles.len() == 1 { "among them" } else { "in each group" }
    )]
    Cycle {
        /// The event's name.
        event: &'static str,
        /// For each group of hooks that can all be reached from each other, its names, sorted.
        /// There was no cycle before, so each leads through a new hook.
        cycles: Vec<Vec<String>>,
    },

    /// A sync hook cannot be interrupted, so it cannot have a time limit.
    #[error(
        "hook `{hook}` of event `{event}` is sync, and nothing can interrupt it when its \
         time-out is over: drop the time-out, or make the hook async"
    )]
    TimeoutOnSync {
        /// The event's name.
        event: &'static str,
        /// The hook that was to be registered.
        hook: String,
    },
}

fn groups(cycles: &[Vec<String>]) -> String {
    let groups = cycles
        .iter()
        .map(|hooks| format!("`{}`", hooks.join("`, `")));
    groups
        .collect::<Vec<_>>()
        .join(" wait for each other, and ")
}
