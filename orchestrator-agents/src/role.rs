//! The four roles.

use std::fmt;

use orchestrator_tools::{Effect, ToolSpec};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What an agent is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the mission: decides what happens next.
    Commander,
    /// Writes the plan.
    Planner,
    /// Carries out one item of the plan, in a worktree of its own.
    Worker,
    /// Judges one item's change. It can veto; it cannot wave anything through.
    Reviewer,
}

impl Role {
    /// The instructions that every session of this role starts with.
    #[must_use]
    pub const fn instructions(self) -> &'static str {
        match self {
            Self::Commander => include_str!("roles/commander.md"),
            Self::Planner => include_str!("roles/planner.md"),
            Self::Worker => include_str!("roles/worker.md"),
            Self::Reviewer => include_str!("roles/reviewer.md"),
        }
    }

    /// The tools that this role may call. Only a Worker gets tools that write.
    #[must_use]
    pub const fn tools(self) -> &'static [&'static str] {
        match self {
            Self::Commander => &[],
            Self::Planner => &[
                "ast_search",
                "identifier_search",
                "lint",
                "packages",
                "grep",
                "glob",
                "outline",
                "read",
                "git_log",
                "read_output",
            ],
            Self::Worker => &[
                "ast_search",
                "ast_rewrite",
                "identifier_search",
                "rename",
                "apply_suggestions",
                "grep",
                "glob",
                "outline",
                "read",
                "write",
                "edit",
                "apply_patch",
                "read_output",
            ],
            Self::Reviewer => &[
                "ast_search",
                "git_diff",
                "git_log",
                "identifier_search",
                "grep",
                "glob",
                "outline",
                "read",
                "read_output",
            ],
        }
    }

    /// Whether this role may change files.
    #[must_use]
    pub const fn may_write(self) -> bool {
        matches!(self, Self::Worker)
    }

    /// The tool by which this role ends its turn.
    #[must_use]
    pub fn report(self) -> ToolSpec {
        let (name, description, input_schema) = match self {
            Self::Commander => (
                "decide",
                "Ends your turn with the next step of the mission.",
                json!({
                    "type": "object",
                    "properties": {
                        "decision": {"enum": ["plan", "dispatch", "verify", "seal", "stop", "refuse"]},
                        "reason": {"type": "string"},
                    },
                    "required": ["decision", "reason"],
                    "additionalProperties": false,
                }),
            ),
            Self::Planner => (
                "submit_plan",
                "Ends your turn with the plan. An empty list says that nothing is left to do.",
                json!({
                    "type": "object",
                    "properties": {
                        "items": {"type": "array", "items": {
                            "type": "object",
                            "properties": {
                                "id": {"type": "string"},
                                "title": {"type": "string"},
                                "action": {"type": "object"},
                                "files": {"type": "array", "items": {"type": "string"}},
                                "depends": {"type": "array", "items": {"type": "string"}},
                                "checks": {"type": "array", "items": {"type": "string"}},
                            },
                            "required": ["id", "title", "action", "files", "checks"],
                        }},
                        "notes": {"type": "array", "items": {"type": "string"}},
                        "cannot": {"type": "string"},
                    },
                    "required": ["items"],
                    "additionalProperties": false,
                }),
            ),
            Self::Worker => (
                "submit_work",
                "Ends your turn. `cannot` says that the item cannot be done, and why.",
                json!({
                    "type": "object",
                    "properties": {
                        "summary": {"type": "string"},
                        "cannot": {"type": "string"},
                        "applied": {"type": "array", "items": {"type": "object"}},
                        "left_out": {"type": "array", "items": {"type": "object"}},
                    },
                    "required": ["summary"],
                    "additionalProperties": false,
                }),
            ),
            Self::Reviewer => (
                "submit_verdict",
                "Ends your turn with your verdict on the change.",
                json!({
                    "type": "object",
                    "properties": {
                        "approved": {"type": "boolean"},
                        "findings": {"type": "array", "items": {
                            "type": "object",
                            "properties": {
                                "file": {"type": "string"},
                                "text": {"type": "string"},
                            },
                            "required": ["text"],
                        }},
                    },
                    "required": ["approved", "findings"],
                    "additionalProperties": false,
                }),
            ),
        };
        ToolSpec {
            name: name.into(),
            description: description.into(),
            input_schema,
            effect: Effect::Pure,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commander => "commander",
            Self::Planner => "planner",
            Self::Worker => "worker",
            Self::Reviewer => "reviewer",
        })
    }
}
