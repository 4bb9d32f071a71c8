//! `git_diff` and `git_log`.

mod diff;
mod log;

pub use diff::GitDiffTool;
pub use log::GitLogTool;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use crate::command::{CommandLine, CommandOutput, CommandSpec, run_command};
use crate::error::ToolError;
use crate::tool::ToolContext;

/// The full id of a commit. Anything else could be read as an option.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct CommitId(String);

impl JsonSchema for CommitId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "CommitId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-9a-f]{40,64}$"})
    }
}

impl CommitId {
    fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CommitId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        let is_hex = id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match (40..=64).contains(&id.len()) && is_hex {
            true => Ok(Self(id)),
            false => Err(format!("`{id}` is not a full commit id")),
        }
    }
}

/// Asks git about the worktree, and keeps so many bytes of what it answers.
async fn git(
    tool: &str,
    context: &ToolContext,
    arguments: &[&str],
    keep: usize,
) -> Result<CommandOutput, ToolError> {
    let arguments = ["-c", "core.fsmonitor=false"]
        .iter()
        .chain(arguments)
        .copied();
    let line = CommandLine::program("git", arguments);
    let mut spec = CommandSpec::new(line, context.worktree.root());
    spec.keep = keep;
    let output = run_command(&spec, &context.cancel).await?;
    match output.ending.is_success() {
        true => Ok(output),
        false => Err(ToolError::Arguments {
            tool: tool.to_owned(),
            reason: output.tail(3),
        }),
    }
}

#[cfg(test)]
mod tests;
