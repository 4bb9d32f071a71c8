//! `read_output`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::ToolError;
use crate::outputs::Page;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};

/// Shows more of an answer that was too long.
#[derive(Debug, Clone, Copy)]
pub struct ReadOutputTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The `output` of the answer that was too long.
    output: String,
    /// Where to go on, in bytes: its `next`.
    #[serde(default)]
    offset: u64,
}

#[async_trait]
impl Tool for ReadOutputTool {
    type Input = Part;
    type Output = Page;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "read_output",
            "Shows a further part of an answer that was too long to be shown at once.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, part: Part) -> Result<Page, ToolError> {
        Ok(context.outputs.page(&part.output, part.offset)?)
    }
}
