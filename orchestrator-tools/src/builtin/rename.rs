//! `identifier_search` and `rename`.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Found, change_files, found_answer, language_of};
use crate::error::ToolError;
use crate::files::{FileFilter, source_files};
use crate::language::Language;
use crate::rename::{identifiers_in, rename_in_source};
use crate::tool::{Effect, Tool, ToolContext, ToolSpec, arguments};
use crate::worktree::WorktreePath;

/// Finds where a name is an identifier.
#[derive(Debug, Clone, Copy)]
pub struct IdentifierSearchTool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    name: String,
    #[serde(default)]
    languages: Vec<Language>,
    #[serde(default)]
    globs: Vec<String>,
}

#[async_trait]
impl Tool for IdentifierSearchTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "identifier_search".into(),
            description: "Finds every place where a name is an identifier in code, not in \
                          comments or strings."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "languages": {"type": "array", "items": {"enum": Language::ALL}},
                    "globs": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["name"],
                "additionalProperties": false,
            }),
            effect: Effect::Pure,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let search: Search = arguments("identifier_search", args)?;
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
                found.push(Found {
                    path,
                    language,
                    lines,
                });
            }
        }
        Ok(found_answer(&found, searched))
    }
}

/// Renames an identifier in named files.
#[derive(Debug, Clone, Copy)]
pub struct RenameTool;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    from: String,
    to: String,
    files: Vec<WorktreePath>,
}

#[async_trait]
impl Tool for RenameTool {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "rename".into(),
            description: "Renames an identifier in the named files, by syntax tree. All files \
                          are changed or none."
                .into(),
            input_schema: json!({
                "type": "object",
                "properties": {
                    "from": {"type": "string"},
                    "to": {"type": "string"},
                    "files": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["from", "to", "files"],
                "additionalProperties": false,
            }),
            effect: Effect::Compensatable,
        }
    }

    async fn call(&self, context: &ToolContext, args: Value) -> Result<Value, ToolError> {
        let rename: Rename = arguments("rename", args)?;
        let changed = change_files::<ToolError>(context, &rename.files, |path, source| {
            let renamed = rename_in_source(language_of(path)?, source, &rename.from, &rename.to)?;
            Ok((renamed.text, renamed.replacements))
        })?;
        Ok(json!(changed))
    }
}
