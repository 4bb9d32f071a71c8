//! `edit`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::edit::replace;
use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::WorktreePath;

/// Replaces a text in a file.
#[derive(Debug, Clone, Copy)]
pub struct EditTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    path: WorktreePath,
    /// The text to be replaced, exactly as it is in the file, without line numbers.
    old: String,
    /// What is put there.
    new: String,
    /// Whether all places are meant; default: there is to be one.
    #[serde(default)]
    all: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Edits {
    path: WorktreePath,
    replacements: usize,
    /// Where they were before, from 1.
    lines: Vec<usize>,
}

#[async_trait]
impl Tool for EditTool {
    type Input = Edit;
    type Output = Edits;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "edit",
            "Replaces a text that is in a file exactly once (or everywhere, with `all`). The file \
             has to have been read, and must not have changed since.",
            Effect::Compensatable,
        )
    }

    async fn call(&self, context: &ToolContext, edit: Edit) -> Result<Edits, ToolError> {
        let Edit { path, .. } = &edit;
        let text = context.worktree.read(path)?;
        context.seen.check(path, text.as_bytes())?;
        let edited = replace(path.as_str(), &text, &edit.old, &edit.new, edit.all)?;
        context.worktree.write(path, &edited.text)?;
        context.seen.note(path, edited.text.as_bytes());
        Ok(Edits {
            replacements: edited.lines.len(),
            lines: edited.lines,
            path: edit.path,
        })
    }
}
