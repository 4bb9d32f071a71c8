//! Missions: an objective on a repository, from the first look to the seal.

mod admission;
mod dispatch;
mod driver;
mod error;
mod folder;
mod land;
mod learned;
mod lock;
mod options;
mod planning;
mod project_memory;
mod prompts;
mod seal;
mod shared;
mod state;
mod stop;
mod task;
mod todo;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use driver::{MissionSummary, run_mission};
pub use error::MissionError;
pub use options::MissionOptions;
pub use project_memory::{JournalMemory, JournalMemoryError, ProjectMemory};
pub use state::{AfterRejection, ItemState, ItemStatus, MissionCheck, MissionState};
pub use stop::StopSignal;
pub use todo::TODO_FILE;

/// A step of a mission, as the Commander chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Have the Planner write items.
    Plan,
    /// Have Workers carry items out.
    Dispatch,
    /// Check the whole result in a clean checkout.
    Verify,
    /// End with a seal.
    Seal,
    /// End without one.
    Stop,
    /// The objective cannot be mapped to work.
    Refuse,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plan => "plan",
            Self::Dispatch => "dispatch",
            Self::Verify => "verify",
            Self::Seal => "seal",
            Self::Stop => "stop",
            Self::Refuse => "refuse",
        })
    }
}

/// How a mission stands, as far as the Commander has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissionDigest {
    /// Plans made.
    pub plans: u32,
    /// Items that are to be done.
    pub pending: usize,
    /// Items that landed.
    pub landed: usize,
    /// Items that landed since the last plan.
    pub landed_since_plan: usize,
    /// Items that needed nothing.
    pub unneeded: usize,
    /// Items that were given up.
    pub waived: usize,
    /// Parts that were left out of landed items.
    pub left_out: usize,
    /// Whether the whole result passed its checks, once they ran.
    pub verified: Option<bool>,
    /// Whether a waiver forbids the seal.
    pub strict: bool,
}
