//! `git_diff`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::{CommandLine, CommandSpec, run_command};
use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};

/// Shows what changed between two commits.
#[derive(Debug, Clone, Copy)]
pub struct GitDiffTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The full id of the older commit.
    #[schemars(regex(pattern = "^[0-9a-f]{40,64}$"))]
    from: String,
    /// The full id of the newer commit.
    #[schemars(regex(pattern = "^[0-9a-f]{40,64}$"))]
    to: String,
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
        // Nothing else than an id comes through the schema: it could be read as an option.
        let files = git(
            context,
            &["--numstat", "-z", "--no-renames"],
            &diff,
            usize::MAX,
        )
        .await?;
        let text = git(context, &["--unified=3", "--no-renames"], &diff, MAX_DIFF).await?;
        Ok(Differences {
            files: numstat(&files.stdout),
            diff: String::from_utf8_lossy(&text.stdout).into_owned(),
            truncated: text.truncated,
        })
    }
}

async fn git(
    context: &ToolContext,
    options: &[&str],
    diff: &Diff,
    keep: usize,
) -> Result<crate::command::CommandOutput, ToolError> {
    // No external diff driver and no text conversion: what is shown is what is.
    let mut arguments = vec![
        "-c",
        "core.fsmonitor=false",
        "diff",
        "--text",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
    ];
    arguments.extend(options);
    arguments.extend([diff.from.as_str(), diff.to.as_str(), "--"]);
    let mut spec = CommandSpec::new(
        CommandLine::program("git", arguments),
        context.worktree.root(),
    );
    spec.keep = keep;
    let output = run_command(&spec, &context.cancel).await?;
    if output.ending.is_success() {
        Ok(output)
    } else {
        Err(ToolError::Arguments {
            tool: "git_diff".into(),
            reason: output.tail(3),
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
