//! `git_diff`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommitId, git};
use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};

/// Shows what changed between two commits.
#[derive(Debug, Clone, Copy)]
pub struct GitDiffTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The full id of the older commit.
    from: CommitId,
    /// The full id of the newer commit.
    to: CommitId,
}

/// What changed between two commits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Differences {
    files: Vec<FileDifference>,
    /// Unified, with three lines of context.
    diff: String,
    /// Whether the diff is longer than what is shown of it.
    truncated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileDifference {
    path: String,
    /// In lines.
    added: usize,
    removed: usize,
}

/// How much of a diff a model is shown.
const MAX_DIFF: usize = 256 * 1024;

#[async_trait]
impl Tool for GitDiffTool {
    type Input = Diff;
    type Output = Differences;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "git_diff",
            "Shows the unified diff between two commits, and the changed files with \
             added and removed lines.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, diff: Diff) -> Result<Differences, ToolError> {
        let ask = async |options: &[&str], keep| {
            // No external diff driver and no text conversion: what is shown is what is.
            let mut arguments = vec!["diff", "--text", "--no-ext-diff", "--no-textconv"];
            arguments.extend(["--no-color", "--no-renames"]);
            arguments.extend(options);
            arguments.extend([diff.from.as_str(), diff.to.as_str(), "--"]);
            git("git_diff", context, &arguments, keep).await
        };
        let files = ask(&["--numstat", "-z"], usize::MAX).await?;
        let text = ask(&["--unified=3"], MAX_DIFF).await?;
        Ok(Differences {
            files: numstat(&files.stdout),
            diff: String::from_utf8_lossy(&text.stdout).into_owned(),
            truncated: text.truncated,
        })
    }
}

fn numstat(output: &[u8]) -> Vec<FileDifference> {
    let text = String::from_utf8_lossy(output);
    text.split('\0')
        .filter_map(|entry| {
            let mut fields = entry.splitn(3, '\t');
            let added = fields.next()?.parse::<usize>().ok()?;
            let removed = fields.next()?.parse::<usize>().ok()?;
            Some(FileDifference {
                path: fields.next()?.to_owned(),
                added,
                removed,
            })
        })
        .collect()
}
