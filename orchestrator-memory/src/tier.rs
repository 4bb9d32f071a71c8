//! How long something stays true.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long something stays true, the longest first. That is also the order in a prompt, so that
/// what changes least comes first and prefixes stay the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Rules and facts that always hold. Always recalled, never gated.
    System,
    /// What is known of the project, over all missions.
    Project,
    /// What was decided and learned in this mission.
    Mission,
    /// What matters to one task.
    Task,
}

impl Tier {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::System, Self::Project, Self::Mission, Self::Task];

    /// Its place in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::System => 0,
            Self::Project => 1,
            Self::Mission => 2,
            Self::Task => 3,
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::System => "System",
            Self::Project => "Project",
            Self::Mission => "Mission",
            Self::Task => "Task",
        })
    }
}
