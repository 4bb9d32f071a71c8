//! `apply_patch`.

use std::collections::BTreeMap;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::ToolError;
use crate::patch::parse;
use crate::tool::{Effect, Tool, ToolContext, ToolInfo};
use crate::worktree::{PathError, WorktreePath};

/// Applies a unified diff.
#[derive(Debug, Clone, Copy)]
pub struct ApplyPatchTool;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// A unified diff of one or more files, with `--- a/path`, `+++ b/path` (`/dev/null` for what is not
    /// there) and hunks with a few lines around each change.
    patch: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Patched {
    changed: Vec<WorktreePath>,
    added: Vec<WorktreePath>,
    removed: Vec<WorktreePath>,
}

#[async_trait]
impl Tool for ApplyPatchTool {
    type Input = Patch;
    type Output = Patched;

    fn info(&self) -> ToolInfo {
        ToolInfo::new(
            "apply_patch",
            "Applies a unified diff to one or more files: all of it or nothing. A hunk goes where \
             its lines are, so that line numbers need not be right.",
            Effect::Compensatable,
        )
    }

    async fn call(&self, context: &ToolContext, input: Patch) -> Result<Patched, ToolError> {
        // What the files will be; `None`: not there.
        let mut after: BTreeMap<WorktreePath, Option<String>> = BTreeMap::new();
        let mut before: BTreeMap<WorktreePath, Option<String>> = BTreeMap::new();
        for file in parse(&input.patch)? {
            for path in [&file.from, &file.to].into_iter().flatten() {
                if !before.contains_key(path) {
                    let text = match context.worktree.read(path) {
                        Ok(text) => Some(text),
                        Err(PathError::NotFound { .. }) => None,
                        Err(error) => return Err(error.into()),
                    };
                    after.insert(path.clone(), text.clone());
                    before.insert(path.clone(), text);
                }
            }
            let there = |path: &WorktreePath| after.get(path).and_then(Option::as_deref);
            let not_found = |path: &WorktreePath| PathError::NotFound {
                path: path.to_string(),
            };
            let old = match &file.from {
                Some(path) => there(path).ok_or_else(|| not_found(path))?,
                None => "",
            };
            let new = file.apply(old)?;
            match (&file.from, &file.to) {
                (from, Some(to)) if from.as_ref() != Some(to) && there(to).is_some() => {
                    return Err(ToolError::Arguments {
                        tool: "apply_patch".into(),
                        reason: format!("`{to}` is to be new, but it is there already"),
                    });
                }
                (Some(from), None) if !new.is_empty() => {
                    return Err(ToolError::Arguments {
                        tool: "apply_patch".into(),
                        reason: format!(
                            "`{from}` is to go, but the patch does not take all its lines"
                        ),
                    });
                }
                _ => {}
            }
            if let Some(from) = file.from {
                after.insert(from, None);
            }
            if let Some(to) = file.to {
                after.insert(to, Some(new));
            }
        }
        let differs = |(path, text): &(&WorktreePath, Option<&str>)| {
            before.get(*path).map(Option::as_deref) != Some(*text)
        };
        let changes = after.iter().map(|(path, text)| (path, text.as_deref()));
        let changes: Vec<(&WorktreePath, Option<&str>)> = changes.filter(differs).collect();
        context.worktree.change(&changes)?;
        let mut patched = Patched {
            changed: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
        };
        for (path, text) in changes {
            let was_there = before.get(path).is_some_and(Option::is_some);
            let list = match text {
                None => &mut patched.removed,
                Some(_) if was_there => &mut patched.changed,
                Some(_) => &mut patched.added,
            };
            list.push(path.clone());
            if let Some(text) = text {
                context.seen.note(path, text.as_bytes());
            }
        }
        Ok(patched)
    }
}
