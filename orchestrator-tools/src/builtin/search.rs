//! `grep` and `glob`.

use std::path::Path;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ToolError;
use crate::filter::Filter;
use crate::grep::{Grep, GrepError, GrepLine, GrepOptions};
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::tree::{Tree, TreeOptions, Trees};
use crate::worktree::WorktreePath;

/// Searches files by a regular expression.
#[derive(Debug, Clone, Default)]
pub struct GrepTool {
    trees: Trees,
}

impl GrepTool {
    /// The tool, which keeps what it knows of worktrees in `trees`.
    #[must_use]
    pub const fn new(trees: Trees) -> Self {
        Self { trees }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrepInput {
    /// A regular expression, as ripgrep takes it.
    pattern: String,
    /// Only in this file or folder.
    path: Option<WorktreePath>,
    /// Only files that match one of these, as in `.gitignore`: `*.rs`, `src/**`; with `!` in front, others.
    #[serde(default)]
    globs: Vec<String>,
    /// Only files of these types, by ripgrep's names: `rust`, `py`, `ts`.
    #[serde(default)]
    types: Vec<String>,
    /// The pattern is a text, not a regular expression.
    #[serde(default)]
    fixed: bool,
    #[serde(default)]
    ignore_case: bool,
    /// Only whole words.
    #[serde(default)]
    word: bool,
    /// A match may go over several lines.
    #[serde(default)]
    multiline: bool,
    /// So many lines around each match are shown too.
    #[serde(default)]
    #[schemars(range(max = 50))]
    context: usize,
    /// Hidden files too.
    #[serde(default)]
    hidden: bool,
    /// Files that git ignores, too.
    #[serde(default)]
    ignored: bool,
    /// So many lines are shown at most; default: 500.
    #[serde(default = "most_lines")]
    #[schemars(range(min = 1, max = 10_000))]
    most: usize,
}

const fn most_lines() -> usize {
    500
}

/// Of longer lines so many characters are shown.
const WIDEST: usize = 500;

#[derive(Debug, Serialize, JsonSchema)]
pub struct GrepOutput {
    /// How many lines match, in all.
    matches: usize,
    /// In how many files.
    matched_files: usize,
    files: Vec<FileLines>,
    /// Whether there are lines that are not shown.
    truncated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileLines {
    path: String,
    /// `12:` is before a line that matches, `12-` before one that is near it.
    lines: Vec<String>,
}

#[async_trait]
impl Tool for GrepTool {
    type Input = GrepInput;
    type Output = GrepOutput;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "grep",
            "Searches the files of the worktree by a regular expression, as ripgrep does: hidden \
             and ignored files only if asked for. All matches are counted, the first are shown.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, input: GrepInput) -> Result<GrepOutput, ToolError> {
        if let Some(path) = &input.path {
            // Else nothing would be found in it, as in one that is there.
            context.worktree.is_folder(path)?;
        }
        let tree = tree(&self.trees, context, input.hidden, input.ignored);
        let options = GrepOptions {
            fixed: input.fixed,
            ignore_case: input.ignore_case,
            word: input.word,
            multiline: input.multiline,
            before: input.context,
            after: input.context,
            globs: input.globs,
            types: input.types,
            beneath: input
                .path
                .as_ref()
                .map(|path| AsRef::<Path>::as_ref(path).into()),
            most: input.most,
        };
        let grep = Grep::new(&input.pattern, options)?;
        let found = blocking(move || grep.search(&tree)).await;
        let files = found.files.iter().map(|file| FileLines {
            path: file.path.to_string_lossy().into_owned(),
            lines: file.lines.iter().map(shown).collect(),
        });
        Ok(GrepOutput {
            files: files.collect(),
            matches: found.matches,
            matched_files: found.matched_files,
            truncated: found.is_cut,
        })
    }
}

fn shown(line: &GrepLine) -> String {
    let mark = if line.is_match { ':' } else { '-' };
    let text = String::from_utf8_lossy(&line.bytes);
    let text = text.trim_end_matches('\r');
    match text.char_indices().nth(WIDEST) {
        None => format!("{}{mark}{text}", line.number),
        Some((end, _)) => {
            let more = text[end..].chars().count();
            let text = &text[..end];
            format!("{}{mark}{text} ... and {more} characters more", line.number)
        }
    }
}

/// Lists files by a glob.
#[derive(Debug, Clone, Default)]
pub struct GlobTool {
    trees: Trees,
}

impl GlobTool {
    /// The tool, which keeps what it knows of worktrees in `trees`.
    #[must_use]
    pub const fn new(trees: Trees) -> Self {
        Self { trees }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GlobInput {
    /// As in `.gitignore`: `*.rs` in any folder, `src/**/*.ts`; with `!` in front, others. None: all files.
    #[serde(default)]
    globs: Vec<String>,
    /// Hidden files too.
    #[serde(default)]
    hidden: bool,
    /// Files that git ignores, too.
    #[serde(default)]
    ignored: bool,
    /// So many are shown at most; default: 1000.
    #[serde(default = "most_files")]
    #[schemars(range(min = 1, max = 100_000))]
    most: usize,
}

const fn most_files() -> usize {
    1_000
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct GlobOutput {
    /// How many files match, in all.
    matches: usize,
    /// In the order of their paths.
    files: Vec<String>,
    /// Whether there are files that are not shown.
    truncated: bool,
}

#[async_trait]
impl Tool for GlobTool {
    type Input = GlobInput;
    type Output = GlobOutput;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "glob",
            "Lists the files of the worktree, or those that match a glob: hidden and ignored files \
             only if asked for. All are counted, the first are shown.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, input: GlobInput) -> Result<GlobOutput, ToolError> {
        let tree = tree(&self.trees, context, input.hidden, input.ignored);
        let filter = Filter::new(&input.globs, &[]).map_err(GrepError::from)?;
        let most = input.most;
        let (matches, files) = blocking(move || {
            let (mut matches, mut files) = (0, Vec::new());
            let all = tree.files();
            for path in all
                .iter()
                .map(|file| file.path())
                .filter(|path| filter.accepts(path))
            {
                matches += 1;
                if files.len() < most {
                    files.push(path.to_string_lossy().into_owned());
                }
            }
            (matches, files)
        })
        .await;
        Ok(GlobOutput {
            truncated: matches > files.len(),
            matches,
            files,
        })
    }
}

fn tree(trees: &Trees, context: &ToolContext, hidden: bool, ignored: bool) -> std::sync::Arc<Tree> {
    let mut options = TreeOptions::default();
    (options.hidden, options.ignored) = (hidden, ignored);
    trees.of(&context.worktree, options)
}

/// Work that waits for files, away from the threads of tasks.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends, and this task with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests;
