//! What the roles are told.
//!
//! A brief is a message with words for a model that reads them, and one JSON
//! block with the same facts, typed.

use orchestrator_tools::WorktreePath;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::check::{Check, Scope};
use crate::git::{FileChange, ObjectId};
use crate::mission::{Decision, MissionDigest};
use crate::plan::{Action, PlanItem};
use crate::report::Change;

/// What a Commander is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommanderBrief {
    /// What the user asked for.
    pub objective: String,
    /// How the mission stands.
    pub state: MissionDigest,
    /// What may be decided.
    pub possible: Vec<Decision>,
}

/// What a Planner is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannerBrief {
    /// What the user asked for.
    pub objective: String,
    /// How many plans there were before.
    pub iteration: u32,
    /// The number that the next item's id starts at.
    pub next_id: u32,
    /// The checks that items can name.
    pub checks: Vec<CheckName>,
    /// Only files that match one of these, where there are any.
    pub globs: Vec<String>,
    /// Only these languages, where there are any.
    pub languages: Vec<orchestrator_tools::Language>,
    /// What was given up, and must not be planned again.
    pub waived: Vec<WaivedPart>,
    /// What failed as a part of something larger, and should be tried apart.
    pub apart: Vec<String>,
}

/// A check, as a Planner names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckName {
    /// The name.
    pub name: String,
    /// What it covers.
    pub scope: Scope,
}

impl From<&Check> for CheckName {
    fn from(check: &Check) -> Self {
        Self {
            name: check.name.clone(),
            scope: check.scope.clone(),
        }
    }
}

/// Something that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaivedPart {
    /// The action of the item.
    pub action: Action,
    /// Its files.
    pub files: Vec<WorktreePath>,
}

/// What a Worker is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkerBrief {
    /// The item.
    pub item: PlanItem,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How the earlier ones failed.
    pub failures: Vec<Failure>,
}

/// How one attempt failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Which attempt.
    pub attempt: u32,
    /// Why.
    pub reason: String,
    /// The end of the failing check's output, if one failed.
    pub output: String,
    /// What had been applied.
    pub applied: Vec<Change>,
}

/// What a Reviewer is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReviewerBrief {
    /// The item.
    pub item: PlanItem,
    /// The commit before the change.
    pub from: ObjectId,
    /// The commit with the change.
    pub to: ObjectId,
    /// The files that it changes.
    pub files: Vec<FileChange>,
}

/// The message of a brief: `words`, and the facts.
pub(crate) fn message<T: Serialize>(words: &str, brief: &T) -> String {
    // A brief holds nothing that serde_json cannot write.
    let json = serde_json::to_string_pretty(brief).unwrap_or_default();
    format!("{words}\n\n```json\n{json}\n```\n")
}

/// Whether a message is a brief: what is remembered stands beside it, and may quote one.
pub(crate) fn is_brief(message: &str) -> bool {
    message.contains("\n\n```json\n") && message.ends_with("\n```\n")
}

/// Reads the facts out of a brief's message: its last JSON block.
pub(crate) fn facts<T: DeserializeOwned>(message: &str) -> Option<T> {
    let (_, block) = message.rsplit_once("```json\n")?;
    // JSON text holds no line that is a fence: its newlines are escaped.
    let (json, _) = block.rsplit_once("\n```")?;
    serde_json::from_str(json).ok()
}
