//! `git_diff`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::{CommandLine, CommandSpec, run_command};
use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolSpec, arguments};

/// Shows what changed between two commits.
#[derive(Debug, Clone, Copy)]
pub struct GitDiffTool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Diff {
    from: String,
    to: String,
}

/// How much of a diff a model is shown.
const MAX_DIFF: usize = 256 * 1024;

#[async_trait]
impl Tool for GitDiffTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "git_diff".into(),
            description: "Shows the unified diff between two commits, and the changed files with \
                          added and removed lines."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "from": {"type": "string", "pattern": "^[0-9a-f]{40,64}$"},
                    "to": {"type": "string", "pattern": "^[0-9a-f]{40,64}$"},
                },
                "required": ["from", "to"],
                "additionalProperties": false,
            }),
            effect: Effect::Pure,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let diff: Diff = arguments("git_diff", args)?;
        for id in [&diff.from, &diff.to] {
            // Anything else could be read as an option.
            if id.len() < 40 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(ToolError::Arguments {
                    tool: "git_diff".into(),
                    reason: format!("`{id}` is not a full commit id"),
                });
            }
        }
        let files = git(
            context,
            &["--numstat", "-z", "--no-renames"],
            &diff,
            usize::MAX,
        )
        .await?;
        let text = git(context, &["--unified=3", "--no-renames"], &diff, MAX_DIFF).await?;
        Ok(json!({
            "files": numstat(&files.stdout),
            "diff": String::from_utf8_lossy(&text.stdout),
            "truncated": text.truncated,
        }))
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

fn numstat(output: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(output);
    text.split('\0')
        .filter_map(|entry| {
            let mut fields = entry.splitn(3, '\t');
            let added = fields.next()?.parse::<usize>().ok()?;
            let removed = fields.next()?.parse::<usize>().ok()?;
            Some(json!({"path": fields.next()?, "added": added, "removed": removed}))
        })
        .collect()
}
