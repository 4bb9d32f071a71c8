//! The tools that come with the crate.

mod ast;
mod diff;
mod lints;
mod packages;
mod rename;

pub use ast::{AstRewriteTool, AstSearchTool};
pub use diff::GitDiffTool;
pub use lints::{ApplySuggestionsTool, LintTool, SuggestionsTool};
pub use packages::PackagesTool;
pub use rename::{IdentifierSearchTool, RenameTool};

use std::path::Path;
use std::sync::Arc;

use crate::language::Language;
use crate::lint::LintStore;
use crate::registry::{RegistryError, ToolRegistry};
use crate::tool::ToolContext;
use crate::worktree::{PathError, WorktreePath};

impl ToolRegistry {
    /// Every tool of this crate, around one store of lint suggestions.
    ///
    /// # Errors
    /// Never in practice: the names are distinct.
    pub fn builtin(lints: &Arc<LintStore>) -> Result<Self, RegistryError> {
        let mut registry = Self::new();
        registry.register(Arc::new(AstSearchTool))?;
        registry.register(Arc::new(AstRewriteTool))?;
        registry.register(Arc::new(IdentifierSearchTool))?;
        registry.register(Arc::new(RenameTool))?;
        registry.register(Arc::new(GitDiffTool))?;
        registry.register(Arc::new(PackagesTool))?;
        registry.register(Arc::new(LintTool::new(Arc::clone(lints))))?;
        registry.register(Arc::new(SuggestionsTool::new(Arc::clone(lints))))?;
        registry.register(Arc::new(ApplySuggestionsTool::new(Arc::clone(lints))))?;
        Ok(registry)
    }
}

/// Where a search found something in one file.
#[derive(Debug, serde::Serialize)]
struct Found {
    path: WorktreePath,
    language: Language,
    lines: Vec<usize>,
}

/// The answer of a search: how many places, in which files, of how many that
/// were looked at.
fn found_answer(found: &[Found], searched: usize) -> serde_json::Value {
    let matches: usize = found.iter().map(|file| file.lines.len()).sum();
    serde_json::json!({"matches": matches, "files": found, "searched": searched})
}

/// What a tool says it changed.
#[derive(Debug, Default, serde::Serialize)]
struct Changed {
    replacements: usize,
    changed: Vec<WorktreePath>,
}

/// Rewrites each of `files` by `change`, which gives the new text and how many
/// places changed. Nothing is written unless every file could be read and
/// changed, so that a bad call leaves the worktree as it was.
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
    for (path, text) in pending {
        context.worktree.write(path, &text)?;
        result.changed.push(path.clone());
    }
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
