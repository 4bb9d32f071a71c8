//! `ast_search` and `ast_rewrite`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Found, change_files, found_answer, language_of};
use crate::error::ToolError;
use crate::files::{FileFilter, source_files};
use crate::language::Language;
use crate::rewrite::{PatternError, Rewriter, matching_lines};
use crate::tool::{Effect, Tool, ToolContext, ToolSpec, arguments};
use crate::worktree::WorktreePath;

/// Finds where a pattern matches.
#[derive(Debug, Clone, Copy)]
pub struct AstSearchTool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    pattern: String,
    /// Checked against the pattern in every language that is searched.
    rewrite: Option<String>,
    #[serde(default)]
    languages: Vec<Language>,
    #[serde(default)]
    globs: Vec<String>,
}

#[async_trait]
impl Tool for AstSearchTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "ast_search".into(),
            description: "Finds code by a pattern with metavariables ($A one node, $$$A several). \
                          Give `rewrite` to have it checked against the pattern as well."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "pattern": {"type": "string"},
                    "rewrite": {"type": "string"},
                    "languages": {"type": "array", "items": {"enum": Language::ALL}},
                    "globs": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["pattern"],
                "additionalProperties": false,
            }),
            effect: Effect::Pure,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let search: Search = arguments("ast_search", args)?;
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
                found.push(Found {
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
        Ok(found_answer(&found, searched))
    }
}

/// Replaces what a pattern matches, in named files.
#[derive(Debug, Clone, Copy)]
pub struct AstRewriteTool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rewrite {
    pattern: String,
    rewrite: String,
    files: Vec<WorktreePath>,
}

#[async_trait]
impl Tool for AstRewriteTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "ast_rewrite".into(),
            description: "Replaces what a pattern matches by `rewrite`, in the named files. All \
                          files are changed or none."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "pattern": {"type": "string"},
                    "rewrite": {"type": "string"},
                    "files": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["pattern", "rewrite", "files"],
                "additionalProperties": false,
            }),
            effect: Effect::Compensatable,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let rewrite: Rewrite = arguments("ast_rewrite", args)?;
        let changed = change_files::<ToolError>(context, &rewrite.files, |path, source| {
            let language = language_of(path)?;
            let rewriter = Rewriter::new(language, &rewrite.pattern, &rewrite.rewrite)?;
            let rewritten = rewriter.rewrite(source);
            Ok((rewritten.text, rewritten.replacements))
        })?;
        Ok(json!(changed))
    }
}
