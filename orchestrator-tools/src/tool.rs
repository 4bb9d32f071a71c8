//! What a tool is.

use std::fmt;
use std::path::PathBuf;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::error::ToolError;
use crate::worktree::Worktree;

/// What repeating a call does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Changes nothing.
    Pure,
    /// Changes something, and repeating it changes nothing more.
    Idempotent,
    /// Can be undone by another call.
    Compensatable,
    /// Can be neither repeated nor undone.
    Unsafe,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pure => "pure",
            Self::Idempotent => "idempotent",
            Self::Compensatable => "compensatable",
            Self::Unsafe => "unsafe",
        })
    }
}

/// How a tool is shown to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// The name that a call uses.
    pub name: String,
    /// What it does, in a sentence or two.
    pub description: String,
    /// JSON schema of the arguments object.
    pub input_schema: Value,
    /// What repeating a call does.
    pub effect: Effect,
}

/// Where and under what conditions a call runs.
#[derive(Debug, Clone)]
pub struct ToolContext {
    /// The worktree that the call sees.
    pub worktree: Worktree,
    /// Where build tools put their output: outside the worktree, so that it
    /// holds nothing but work.
    pub build_folder: PathBuf,
    /// Ends the call early.
    pub cancel: CancellationToken,
}

/// One capability that a model can call.
///
/// A call must stay beneath [`ToolContext::worktree`], must end soon after
/// [`ToolContext::cancel`], and must either have its whole effect or none
/// where it returns an error.
#[async_trait]
pub trait Tool: Send + Sync {
    /// Name, description, schema and effect. The same on every call.
    fn spec(&self) -> ToolSpec;

    /// Does it. The answer is JSON that a model reads.
    ///
    /// # Errors
    /// [`ToolError`], in words that tell the model what to change.
    async fn call(&self, context: &ToolContext, arguments: Value) -> Result<Value, ToolError>;
}

/// Reads a tool's arguments.
pub(crate) fn arguments<T: DeserializeOwned>(tool: &str, value: Value) -> Result<T, ToolError> {
    serde_json::from_value(value).map_err(|error| ToolError::Arguments {
        tool: tool.to_owned(),
        reason: error.to_string(),
    })
}
