//! Evidence: what the orchestrator saw when it ran a check itself.

use std::fmt;

use orchestrator_tools::{Ending, SandboxLevel};
use serde::{Deserialize, Serialize};

use crate::git::ObjectId;

/// When a check runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On the untouched repository, before anything else.
    Baseline,
    /// On one item's change.
    Unit,
    /// On the tree that a landing would make.
    Integration,
    /// On the whole result, in a clean checkout, before the seal.
    Mission,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Unit => "unit",
            Self::Integration => "integration",
            Self::Mission => "mission",
        })
    }
}

/// What one run of one check on one tree showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Numbers the receipts of a mission; names its files.
    pub id: u32,
    /// The check's name.
    pub check: String,
    /// The command that ran.
    pub command: String,
    /// When it ran.
    pub stage: Stage,
    /// The item that it judges, if one.
    pub task: Option<String>,
    /// The commit that was checked out.
    pub commit: ObjectId,
    /// Its tree: what the command saw.
    pub tree: ObjectId,
    /// How it ended.
    pub ending: Ending,
    /// BLAKE3 of all that it printed, without secrets.
    pub output_digest: String,
    /// The end of what it printed; whole in the receipt's file.
    pub tail: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What confined it.
    pub sandbox: SandboxLevel,
    /// The receipt of an earlier run on the very same tree, where that answered
    /// and the command was not run again.
    pub reused_from: Option<u32>,
}

impl Receipt {
    /// Whether the check passed.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.ending.is_success()
    }
}
