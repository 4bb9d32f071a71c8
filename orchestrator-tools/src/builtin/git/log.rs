//! `git_log`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommitId, git};
use crate::error::ToolError;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::WorktreePath;

/// Lists commits.
#[derive(Debug, Clone, Copy)]
pub struct GitLogTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The full id of the newest commit that is listed; default: the worktree's.
    from: Option<CommitId>,
    /// Only commits that changed this file or folder.
    path: Option<WorktreePath>,
    /// Only commits in whose message this text is, in any case.
    message: Option<String>,
    /// So many at most; default: 20.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 1_000))]
    most: usize,
}

const fn most() -> usize {
    20
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Commits {
    /// The newest first.
    commits: Vec<Commit>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Commit {
    id: String,
    author: String,
    /// When it was written, as RFC 3339 has it.
    time: String,
    subject: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    body: String,
}

/// How much of a log is kept.
const MAX_LOG: usize = 1024 * 1024;

#[async_trait]
impl Tool for GitLogTool {
    type Input = Log;
    type Output = Commits;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "git_log",
            "Lists commits with author, time and message, the newest first: all, or those that \
             changed a file or folder, or say something in their message.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, log: Log) -> Result<Commits, ToolError> {
        let most = format!("--max-count={}", log.most);
        let message = log.message.map(|message| format!("--grep={message}"));
        let mut arguments = vec!["log", "-z", "--no-show-signature", "--no-color", &most];
        arguments.push("--format=%H%x1f%an%x1f%aI%x1f%s%x1f%b");
        if let Some(message) = &message {
            arguments.extend(["--fixed-strings", "--regexp-ignore-case", message]);
        }
        arguments.push(log.from.as_ref().map_or("HEAD", CommitId::as_str));
        arguments.push("--");
        // A name, not a pattern of git's.
        let path = log.path.map(|path| format!(":(literal){path}"));
        arguments.extend(path.as_deref());
        let output = git("git_log", context, &arguments, MAX_LOG).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let commit = |entry: &str| {
            let mut fields = entry
                .trim_start_matches('\n')
                .splitn(5, '\u{1f}')
                .map(str::to_owned);
            Some(Commit {
                id: fields.next().filter(|id| !id.is_empty())?,
                author: fields.next()?,
                time: fields.next()?,
                subject: fields.next()?,
                body: fields.next()?.trim_end().to_owned(),
            })
        };
        Ok(Commits {
            commits: text.split('\0').filter_map(commit).collect(),
        })
    }
}
