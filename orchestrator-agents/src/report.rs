//! What the roles report at the end of a turn.

use serde::{Deserialize, Serialize};

use crate::mission::Decision;

/// A Commander's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionReport {
    /// The next step.
    pub decision: Decision,
    /// Why.
    pub reason: String,
}

/// A Worker's report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkReport {
    /// What was done, in a sentence.
    pub summary: String,
    /// Why the item cannot be done, if so. It is then waived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot: Option<String>,
    /// The parts of the item that were done.
    #[serde(default)]
    pub applied: Vec<Change>,
    /// The parts of the item that were left out.
    #[serde(default)]
    pub left_out: Vec<Change>,
}

/// One part of an item: a suggestion of a linter, a file of a rewrite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Names it: a suggestion's id, a file.
    pub id: String,
    /// The file.
    pub file: String,
    /// The line, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// A Reviewer's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verdict {
    /// Whether the change may land. A Reviewer can veto; it cannot make a
    /// failed check pass.
    pub approved: bool,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// One thing that a Reviewer found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The file, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What is wrong.
    pub text: String,
}
