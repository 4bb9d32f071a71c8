//! `lint`, `suggestions` and `apply_suggestions`.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ToolError;
use crate::lint::{LintRequest, LintStore, LintSuggestion};
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
    /// Only these, where there are any.
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    skip: Vec<String>,
}

impl Apply {
    /// The suggestions that the call is about.
    async fn find(
        &self,
        store: &LintStore,
        context: &ToolContext,
    ) -> Result<Vec<LintSuggestion>, ToolError> {
        let mut found = store
            .suggestions(
                context,
                self.request,
                &self.package,
                &self.lint,
                &self.files,
            )
            .await?;
        found.retain(|suggestion| self.only.is_empty() || self.only.contains(&suggestion.id));
        Ok(found)
    }
}

fn apply_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "package": {"type": "string"},
            "lint": {"type": "string"},
            "files": {"type": "array", "items": {"type": "string"}},
            "request": {"type": "object", "properties": {
                "pedantic": {"type": "boolean"},
                "include_tests": {"type": "boolean"},
            }},
            "only": {"type": "array", "items": {"type": "string"}},
            "skip": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["package", "lint", "files"],
        "additionalProperties": false,
    })
}

#[async_trait]
impl Tool for ApplySuggestionsTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "apply_suggestions".into(),
            description: "Applies clippy's machine-applicable suggestions of one lint in one \
                          package, in the named files: all, or those whose ids are in `only`, \
                          and never those in `skip`."
                .into(),
            input_schema: apply_schema(),
            effect: Effect::Compensatable,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let apply: Apply = arguments("apply_suggestions", args)?;
        let found = apply.find(&self.store, context).await?;
        let (skipped, wanted): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|suggestion| apply.skip.contains(&suggestion.id));
        let done = self.store.apply(context, &wanted).await?;
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

/// Lists the suggestions of one lint in one package.
#[derive(Debug, Clone)]
pub struct SuggestionsTool {
    store: Arc<LintStore>,
}

impl SuggestionsTool {
    /// The tool, which takes suggestions from `store` while they hold.
    #[must_use]
    pub const fn new(store: Arc<LintStore>) -> Self {
        Self { store }
    }
}

#[async_trait]
impl Tool for SuggestionsTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "suggestions".into(),
            description: "Lists clippy's machine-applicable suggestions of one lint in one \
                          package, in the named files."
                .into(),
            input_schema: apply_schema(),
            effect: Effect::Pure,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let apply: Apply = arguments("suggestions", args)?;
        let found = apply.find(&self.store, context).await?;
        Ok(json!({"matches": found.len(), "suggestions": found}))
    }
}
