//! `write`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::{PathError, WorktreePath};

/// Writes a file whole.
#[derive(Debug, Clone, Copy)]
pub struct WriteTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    path: WorktreePath,
    /// All that is to be in the file.
    text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Written {
    path: WorktreePath,
    /// Whether there was no such file before.
    is_new: bool,
    lines: usize,
}

#[async_trait]
impl Tool for WriteTool {
    type Input = Write;
    type Output = Written;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "write",
            "Writes a file whole: a new one, with the folders that it needs, or one that has been \
             read before. To change a part of a file, use edit.",
            Effect::Compensatable,
        )
    }

    async fn call(&self, context: &ToolContext, write: Write) -> Result<Written, ToolError> {
        let Write { path, text } = write;
        let is_new = match context.worktree.read_bytes(&path) {
            Ok(before) => {
                context.seen.check(&path, &before)?;
                false
            }
            Err(PathError::NotFound { .. }) => true,
            Err(error) => return Err(error.into()),
        };
        context.worktree.write(&path, &text)?;
        context.seen.note(&path, text.as_bytes());
        Ok(Written {
            path,
            is_new,
            lines: text.lines().count(),
        })
    }
}
