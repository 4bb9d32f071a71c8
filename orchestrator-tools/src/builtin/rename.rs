//! `identifier_search` and `rename`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Changed, Found, FoundInFile, change_files, language_of};
use crate::error::ToolError;
use crate::files::{FileFilter, source_files};
use crate::language::Language;
use crate::rename::{identifiers_in, rename_in_source};
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::WorktreePath;

/// Finds where a name is an identifier.
#[derive(Debug, Clone, Copy)]
pub struct IdentifierSearchTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// The identifier.
    name: String,
    /// Only these; default: all.
    #[serde(default)]
    languages: Vec<Language>,
    /// Only files that match one of these, such as `src/**/*.rs`; default: all that git tracks.
    #[serde(default)]
    globs: Vec<String>,
}

#[async_trait]
impl Tool for IdentifierSearchTool {
    type Input = Search;
    type Output = Found;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "identifier_search",
            "Finds every place where a name is an identifier in code, not in \
             comments or strings.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, search: Search) -> Result<Found, ToolError> {
        let filter = FileFilter::new(&search.globs, &search.languages)?;
        let mut found = Vec::new();
        let files = source_files(context, &filter).await?;
        let searched = files.len();
        for (path, language) in files {
            let Ok(source) = context.worktree.read(&path) else {
                continue;
            };
            let lines: Vec<_> = identifiers_in(language, &source, &search.name)
                .into_iter()
                .map(|place| place.line)
                .collect();
            if !lines.is_empty() {
                found.push(FoundInFile {
                    path,
                    language,
                    lines,
                });
            }
        }
        Ok(Found::new(found, searched))
    }
}

/// Renames an identifier in named files.
#[derive(Debug, Clone, Copy)]
pub struct RenameTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The identifier as it is.
    from: String,
    /// As it is to be.
    to: String,
    files: Vec<WorktreePath>,
}

#[async_trait]
impl Tool for RenameTool {
    type Input = Rename;
    type Output = Changed;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "rename",
            "Renames an identifier in the named files, by syntax tree. All files \
             are changed or none.",
            Effect::Compensatable,
        )
    }

    async fn call(&self, context: &ToolContext, rename: Rename) -> Result<Changed, ToolError> {
        change_files::<ToolError>(context, &rename.files, |path, source| {
            let renamed = rename_in_source(language_of(path)?, source, &rename.from, &rename.to)?;
            Ok((renamed.text, renamed.replacements))
        })
    }
}
