//! `outline`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::search::blocking;
use crate::error::ToolError;
use crate::filter::Filter;
use crate::grep::GrepError;
use crate::language::Language;
use crate::outline::outline;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::tree::{TreeOptions, Trees};
use crate::worktree::WorktreePath;

/// Lists what files define.
#[derive(Debug, Clone, Default)]
pub struct OutlineTool {
    trees: Trees,
}

impl OutlineTool {
    /// The tool, which keeps what it knows of worktrees in `trees`.
    #[must_use]
    pub const fn new(trees: Trees) -> Self {
        Self { trees }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutlineInput {
    /// This file, or the files in this folder; default: all.
    path: Option<WorktreePath>,
    /// Only files that match one of these, as in `.gitignore`; with `!` in front, others.
    #[serde(default)]
    globs: Vec<String>,
    /// Only symbols that are in so many others at most; default: 1, for methods but not what is in them.
    #[serde(default = "depth")]
    depth: usize,
    /// So many symbols are shown at most; default: 500.
    #[serde(default = "most")]
    #[schemars(range(min = 1, max = 10_000))]
    most: usize,
}

const fn depth() -> usize {
    1
}

const fn most() -> usize {
    500
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Outline {
    files: Vec<FileOutline>,
    /// How many symbols there are, in all.
    symbols: usize,
    /// Whether there are symbols that are not shown.
    truncated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileOutline {
    path: String,
    language: Language,
    /// `12-20 function name`, further in where it is in another symbol.
    symbols: Vec<String>,
}

#[async_trait]
impl Tool for OutlineTool {
    type Input = OutlineInput;
    type Output = Outline;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "outline",
            "Lists what source files define, with lines: functions, types, classes, methods. For a \
             file, a folder or all.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, input: OutlineInput) -> Result<Outline, ToolError> {
        let filter = Filter::new(&input.globs, &[]).map_err(GrepError::from)?;
        if let Some(path) = &input.path
            && !context.worktree.is_folder(path)?
        {
            super::language_of(path)?;
        }
        let tree = self.trees.of(&context.worktree, TreeOptions::default());
        Ok(blocking(move || {
            let mut outlined = Outline {
                files: Vec::new(),
                symbols: 0,
                truncated: false,
            };
            let mut left = input.most;
            let files = tree.files();
            let mut reader = tree.reader();
            for file in files.iter() {
                let path = file.path();
                let is_wanted = input
                    .path
                    .as_ref()
                    .is_none_or(|wanted| path.starts_with(wanted));
                let language = path.to_str().and_then(Language::of_path);
                let (true, Some(language)) = (is_wanted && filter.accepts(path), language) else {
                    continue;
                };
                let Some(content) = reader.read(file) else {
                    continue;
                };
                let Ok(text) = std::str::from_utf8(&content) else {
                    continue;
                };
                let mut symbols = outline(language, text);
                symbols.retain(|symbol| symbol.depth <= input.depth);
                outlined.symbols += symbols.len();
                outlined.truncated |= symbols.len() > left;
                symbols.truncate(left);
                left -= symbols.len();
                if !symbols.is_empty() {
                    let lines = symbols.iter().map(|symbol| {
                        let further_in = "  ".repeat(symbol.depth);
                        let (line, end) = (symbol.line, symbol.end);
                        format!("{further_in}{line}-{end} {} {}", symbol.kind, symbol.name)
                    });
                    outlined.files.push(FileOutline {
                        path: path.to_string_lossy().into_owned(),
                        language,
                        symbols: lines.collect(),
                    });
                }
            }
            outlined
        })
        .await)
    }
}
