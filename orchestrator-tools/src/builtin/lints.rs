//! `lint` and `apply_suggestions`.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ToolError;
use crate::lint::{LintRequest, LintStore};
use crate::tool::{Effect, Tool, ToolContext, ToolSpec, arguments};
use crate::worktree::WorktreePath;

/// Runs clippy and lists what a machine may apply.
#[derive(Debug, Clone)]
pub struct LintTool {
    store: Arc<LintStore>,
}

impl LintTool {
    /// The tool, which remembers what it finds in `store`.
    #[must_use]
    pub const fn new(store: Arc<LintStore>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Tool for LintTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "lint".into(),
            description: "Runs cargo clippy over the workspace and lists its machine-applicable \
                          suggestions by package and lint."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "pedantic": {"type": "boolean"},
                    "include_tests": {"type": "boolean"},
                },
                "additionalProperties": false,
            }),
            // It builds, outside the worktree.
            effect: Effect::Pure,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let request: LintRequest = arguments("lint", args)?;
        let (groups, incomplete) = self.store.groups(context, request).await?;
        Ok(json!({"groups": groups, "incomplete": incomplete}))
    }
}

/// Applies the suggestions of one lint in one package.
#[derive(Debug, Clone)]
pub struct ApplySuggestionsTool {
    store: Arc<LintStore>,
}

impl ApplySuggestionsTool {
    /// The tool, which takes suggestions from `store` while they hold.
    #[must_use]
    pub const fn new(store: Arc<LintStore>) -> Self {
        Self { store }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apply {
    package: String,
    lint: String,
    files: Vec<WorktreePath>,
    #[serde(default)]
    request: LintRequest,
    #[serde(default)]
    skip: Vec<String>,
}

#[async_trait]
impl Tool for ApplySuggestionsTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "apply_suggestions".into(),
            description: "Applies clippy's machine-applicable suggestions of one lint in one \
                          package, in the named files, except those whose ids are in `skip`."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "package": {"type": "string"},
                    "lint": {"type": "string"},
                    "files": {"type": "array", "items": {"type": "string"}},
                    "request": {"type": "object", "properties": {
                        "pedantic": {"type": "boolean"},
                        "include_tests": {"type": "boolean"},
                    }},
                    "skip": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["package", "lint", "files"],
                "additionalProperties": false,
            }),
            effect: Effect::Compensatable,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let apply: Apply = arguments("apply_suggestions", args)?;
        let found = self
            .store
            .suggestions(
                context,
                apply.request,
                &apply.package,
                &apply.lint,
                &apply.files,
            )
            .await?;
        let (skipped, wanted): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|suggestion| apply.skip.contains(&suggestion.id));
        let done = self.store.apply(&context.worktree, &wanted)?;
        let places: Vec<_> = found
            .iter()
            .map(|s| json!({"id": s.id, "file": s.file, "line": s.line, "message": s.message}))
            .collect();
        Ok(json!({
            "found": places,
            "applied": done.applied,
            "overlapping": done.overlapping,
            "skipped": skipped.iter().map(|s| &s.id).collect::<Vec<_>>(),
            "changed": done.changed,
        }))
    }
}
