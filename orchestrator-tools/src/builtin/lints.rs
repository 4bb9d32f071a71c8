//! `lint`, `suggestions` and `apply_suggestions`.

use std::sync::Arc;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ToolError;
use crate::lint::{LintGroup, LintRequest, LintStore, LintSuggestion};
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
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
    type Input = LintRequest;
    type Output = Groups;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "lint",
            "Runs cargo clippy over the workspace and lists its machine-applicable \
             suggestions by package and lint.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, request: LintRequest) -> Result<Groups, ToolError> {
        let (groups, incomplete) = self.store.groups(context, request).await?;
        Ok(Groups { groups, incomplete })
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

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// The cargo package.
    package: String,
    /// Its name, such as `clippy::needless_return`.
    lint: String,
    files: Vec<WorktreePath>,
    #[serde(default)]
    request: LintRequest,
    /// Only these, where there are any.
    #[serde(default)]
    only: Vec<String>,
    /// Never these.
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

/// What clippy found for a machine, by package and lint.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Groups {
    groups: Vec<LintGroup>,
    /// Why there may be more: something did not compile.
    incomplete: Option<String>,
}

/// The suggestions of one lint in one package.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Suggestions {
    matches: usize,
    suggestions: Vec<LintSuggestion>,
}

/// What became of the suggestions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AppliedSuggestions {
    found: Vec<SuggestionPlace>,
    /// By their ids.
    applied: Vec<String>,
    /// Those that are in the way of others; a further call applies them, if they still hold.
    overlapping: Vec<String>,
    skipped: Vec<String>,
    changed: Vec<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct SuggestionPlace {
    id: String,
    file: String,
    /// From 1.
    line: usize,
    message: String,
}

#[async_trait]
impl Tool for ApplySuggestionsTool {
    type Input = Apply;
    type Output = AppliedSuggestions;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "apply_suggestions",
            "Applies clippy's machine-applicable suggestions of one lint in one \
             package, in the named files: all, or those whose ids are in `only`, \
             and never those in `skip`.",
            Effect::Compensatable,
        )
    }

    async fn call(
        &self,
        context: &ToolContext,
        apply: Apply,
    ) -> Result<AppliedSuggestions, ToolError> {
        let found = apply.find(&self.store, context).await?;
        let (skipped, wanted): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|suggestion| apply.skip.contains(&suggestion.id));
        let done = self.store.apply(context, &wanted).await?;
        let places = found.iter().map(|suggestion| SuggestionPlace {
            id: suggestion.id.clone(),
            file: suggestion.file.clone(),
            line: suggestion.line,
            message: suggestion.message.clone(),
        });
        Ok(AppliedSuggestions {
            found: places.collect(),
            applied: done.applied,
            overlapping: done.overlapping,
            skipped: skipped.iter().map(|skipped| skipped.id.clone()).collect(),
            changed: done.changed,
        })
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
    type Input = Apply;
    type Output = Suggestions;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "suggestions",
            "Lists clippy's machine-applicable suggestions of one lint in one \
             package, in the named files.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, apply: Apply) -> Result<Suggestions, ToolError> {
        let found = apply.find(&self.store, context).await?;
        Ok(Suggestions {
            matches: found.len(),
            suggestions: found,
        })
    }
}
