//! `ast_search` and `ast_rewrite`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Changed, Found, FoundInFile, change_files, language_of};
use crate::error::ToolError;
use crate::files::{FileFilter, source_files};
use crate::language::Language;
use crate::rewrite::{PatternError, Rewriter, matching_lines};
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::WorktreePath;

/// Finds where a pattern matches.
#[derive(Debug, Clone, Copy)]
pub struct AstSearchTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// Code with metavariables: `$A` is one node, `$$$A` are several.
    pattern: String,
    /// Checked against the pattern in every language that is searched.
    rewrite: Option<String>,
    /// Only these; default: all in which the pattern is valid.
    #[serde(default)]
    languages: Vec<Language>,
    /// Only files that match one of these, such as `src/**/*.rs`; default: all that git tracks.
    #[serde(default)]
    globs: Vec<String>,
}

#[async_trait]
impl Tool for AstSearchTool {
    type Input = Search;
    type Output = Found;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "ast_search",
            "Finds code by a pattern with metavariables ($A one node, $$$A several). \
             Give `rewrite` to have it checked against the pattern as well.",
            Effect::Pure,
        )
    }

    async fn call(&self, context: &ToolContext, search: Search) -> Result<Found, ToolError> {
        let filter = FileFilter::new(&search.globs, &search.languages)?;
        let files = source_files(context, &filter).await?;
        let searched = files.len();
        // A pattern is seldom valid in every language: without a choice of
        // languages, those in which it is not are passed over; if it is valid
        // in none, the first reason is the answer.
        let mut valid = Vec::new();
        let mut invalid: Vec<(Language, PatternError)> = Vec::new();
        let mut found = Vec::new();
        for (path, language) in files {
            if invalid.iter().any(|(known, _)| *known == language) {
                continue;
            }
            if !valid.contains(&language) {
                let rewrite = search.rewrite.as_deref().unwrap_or("");
                match Rewriter::new(language, &search.pattern, rewrite) {
                    Ok(_) => valid.push(language),
                    Err(error) => {
                        invalid.push((language, error));
                        continue;
                    }
                }
            }
            let Ok(source) = context.worktree.read(&path) else {
                continue;
            };
            let lines = matching_lines(language, &search.pattern, &source)?;
            if !lines.is_empty() {
                found.push(FoundInFile {
                    path,
                    language,
                    lines,
                });
            }
        }
        if valid.is_empty()
            && let Some((_, error)) = invalid.into_iter().next()
        {
            return Err(error.into());
        }
        Ok(Found::new(found, searched))
    }
}

/// Replaces what a pattern matches, in named files.
#[derive(Debug, Clone, Copy)]
pub struct AstRewriteTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rewrite {
    /// Code with metavariables: `$A` is one node, `$$$A` are several.
    pattern: String,
    /// What is put there, with the same metavariables.
    rewrite: String,
    files: Vec<WorktreePath>,
}

#[async_trait]
impl Tool for AstRewriteTool {
    type Input = Rewrite;
    type Output = Changed;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "ast_rewrite",
            "Replaces what a pattern matches by `rewrite`, in the named files. All \
             files are changed or none.",
            Effect::Compensatable,
        )
    }

    async fn call(&self, context: &ToolContext, rewrite: Rewrite) -> Result<Changed, ToolError> {
        change_files::<ToolError>(context, &rewrite.files, |path, source| {
            let language = language_of(path)?;
            let rewriter = Rewriter::new(language, &rewrite.pattern, &rewrite.rewrite)?;
            let rewritten = rewriter.rewrite(source);
            Ok((rewritten.text, rewritten.replacements))
        })
    }
}
