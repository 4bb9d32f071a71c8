//! The tools that come with the crate.

mod ast;
mod files;
mod git;
mod lints;
mod outline;
mod outputs;
mod packages;
mod rename;
mod search;

pub use ast::{AstRewriteTool, AstSearchTool};
pub use files::{ApplyPatchTool, EditTool, ReadTool, WriteTool};
pub use git::{GitDiffTool, GitLogTool};
pub use lints::{ApplySuggestionsTool, LintTool, SuggestionsTool};
pub use outline::OutlineTool;
pub use outputs::ReadOutputTool;
pub use packages::PackagesTool;
pub use rename::{IdentifierSearchTool, RenameTool};
pub use search::{GlobTool, GrepTool};

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use crate::language::Language;
use crate::lint::LintStore;
use crate::registry::{RegistryError, ToolRegistry};
use crate::tool::ToolContext;
use crate::tree::Trees;
use crate::worktree::{PathError, WorktreePath};

impl ToolRegistry {
    /// Every tool of this crate, around one store of lint suggestions.
    ///
    /// # Errors
    /// Never in practice: the names are distinct.
    pub fn builtin(lints: &Arc<LintStore>) -> Result<Self, RegistryError> {
        let mut registry = Self::new();
        let trees = Trees::default();
        registry.register(GrepTool::new(trees.clone()))?;
        registry.register(GlobTool::new(trees.clone()))?;
        registry.register(OutlineTool::new(trees))?;
        registry.register(ReadTool)?;
        registry.register(WriteTool)?;
        registry.register(EditTool)?;
        registry.register(ApplyPatchTool)?;
        registry.register(AstSearchTool)?;
        registry.register(AstRewriteTool)?;
        registry.register(IdentifierSearchTool)?;
        registry.register(RenameTool)?;
        registry.register(GitDiffTool)?;
        registry.register(GitLogTool)?;
        registry.register(PackagesTool)?;
        registry.register(ReadOutputTool)?;
        registry.register(LintTool::new(Arc::clone(lints)))?;
        registry.register(SuggestionsTool::new(Arc::clone(lints)))?;
        registry.register(ApplySuggestionsTool::new(Arc::clone(lints)))?;
        Ok(registry)
    }
}

/// Where a search found something in one file.
#[derive(Debug, Serialize, JsonSchema)]
struct FoundInFile {
    path: WorktreePath,
    language: Language,
    /// From 1.
    lines: Vec<usize>,
}

/// What a search found.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Found {
    /// In all files together.
    matches: usize,
    files: Vec<FoundInFile>,
    /// How many files were looked at.
    searched: usize,
}

impl Found {
    fn new(files: Vec<FoundInFile>, searched: usize) -> Self {
        Self {
            matches: files.iter().map(|file| file.lines.len()).sum(),
            files,
            searched,
        }
    }
}

/// What a tool says it changed.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Changed {
    replacements: usize,
    changed: Vec<WorktreePath>,
}

/// Rewrites each of `files` by `change`, which gives the new text and how many
/// places changed. All files are changed or none, so that a bad call leaves the
/// worktree as it was.
fn change_files<E>(
    context: &ToolContext,
    files: &[WorktreePath],
    mut change: impl FnMut(&WorktreePath, &str) -> Result<(String, usize), E>,
) -> Result<Changed, E>
where
    E: From<PathError>,
{
    let mut pending = Vec::new();
    let mut result = Changed::default();
    for path in files {
        let source = context.worktree.read(path)?;
        let (text, replacements) = change(path, &source)?;
        result.replacements += replacements;
        if text != source {
            pending.push((path, text));
        }
    }
    let changes: Vec<_> = pending
        .iter()
        .map(|(path, text)| (*path, Some(text.as_str())))
        .collect();
    context.worktree.change(&changes)?;
    result
        .changed
        .extend(pending.into_iter().map(|(path, _)| path.clone()));
    Ok(result)
}

/// The language of a file that a call names.
fn language_of(path: &WorktreePath) -> Result<Language, crate::language::UnknownLanguage> {
    let name = Path::new(path.as_str())
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    Language::of_path(path.as_str()).map_or_else(|| name.parse(), Ok)
}
