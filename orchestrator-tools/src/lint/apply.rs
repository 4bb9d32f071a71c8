//! Applying suggestions to a worktree.

use std::collections::BTreeMap;

use rustfix::{CodeFix, LinePosition, LineRange, Replacement, Snippet, Solution, Suggestion};
use serde::{Deserialize, Serialize};

use super::format::keep_formatted;
use super::{LintError, LintSuggestion};
use crate::tool::ToolContext;
use crate::worktree::WorktreePath;

/// What was applied and what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Applied {
    /// Ids of the suggestions that were applied.
    pub applied: Vec<String>,
    /// Ids of those left out because they overlap an applied one; a later run
    /// finds them again if they still hold.
    pub overlapping: Vec<String>,
    /// The files that changed.
    pub changed: Vec<String>,
}

/// Applies `suggestions` to the files of `worktree`, each file as a whole.
pub(super) async fn apply(
    context: &ToolContext,
    suggestions: &[&LintSuggestion],
) -> Result<Applied, LintError> {
    let worktree = &context.worktree;
    let mut by_file: BTreeMap<&str, Vec<&LintSuggestion>> = BTreeMap::new();
    for suggestion in suggestions {
        by_file
            .entry(&suggestion.file)
            .or_default()
            .push(suggestion);
    }
    let mut result = Applied::default();
    for (file, suggestions) in by_file {
        let path = WorktreePath::new(file)?;
        let source = worktree.read(&path)?;
        let Some(fixed) = splice(&source, suggestions, &mut result) else {
            continue;
        };
        if fixed != source {
            let path_folder = worktree.root().join(file);
            let folder = path_folder.parent().unwrap_or(worktree.root());
            let fixed = keep_formatted(folder, &source, fixed, &context.cancel).await;
            worktree.write(&path, &fixed)?;
            result.changed.push(file.to_owned());
        }
    }
    Ok(result)
}

/// The text with every suggestion in it that fits beside the others.
fn splice(source: &str, suggestions: Vec<&LintSuggestion>, result: &mut Applied) -> Option<String> {
    let mut fix = CodeFix::new(source);
    for suggestion in suggestions {
        let inside = suggestion
            .edits
            .iter()
            .all(|edit| source.get(edit.start..edit.end).is_some());
        let fits = inside && fix.apply(&to_rustfix(suggestion)).is_ok();
        let list = if fits {
            &mut result.applied
        } else {
            &mut result.overlapping
        };
        list.push(suggestion.id.clone());
    }
    fix.finish().ok()
}

/// rustfix does the splicing, and finds overlaps; it looks at byte ranges only.
fn to_rustfix(suggestion: &LintSuggestion) -> Suggestion {
    let nowhere = LinePosition {
        line: suggestion.line,
        column: 1,
    };
    let replacements = suggestion
        .edits
        .iter()
        .map(|edit| Replacement {
            snippet: Snippet {
                file_name: suggestion.file.clone(),
                line_range: LineRange {
                    start: nowhere,
                    end: nowhere,
                },
                range: edit.start..edit.end,
            },
            replacement: edit.replacement.clone(),
        })
        .collect();
    Suggestion {
        message: suggestion.message.clone(),
        snippets: Vec::new(),
        solutions: vec![Solution {
            message: suggestion.message.clone(),
            replacements,
        }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::TextEdit;

    fn suggestion(id: &str, start: usize, end: usize, replacement: &str) -> LintSuggestion {
        LintSuggestion {
            id: id.into(),
            package: "p".into(),
            lint: "l".into(),
            file: "a.rs".into(),
            line: 1,
            message: String::new(),
            edits: vec![TextEdit {
                start,
                end,
                replacement: replacement.into(),
            }],
        }
    }

    #[tokio::test]
    async fn overlapping_suggestions_wait() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "0123456789").unwrap();
        let context = ToolContext::new(
            crate::worktree::Worktree::new(folder.path()),
            folder.path().join("build"),
            tokio_util::sync::CancellationToken::new(),
        );
        let all = [
            suggestion("one", 1, 4, "ONE"),
            suggestion("two", 2, 6, "TWO"),
            suggestion("three", 8, 10, ""),
            suggestion("beyond", 9, 99, "x"),
        ];
        let applied = apply(&context, &all.iter().collect::<Vec<_>>())
            .await
            .unwrap();
        assert_eq!(applied.applied, ["one", "three"]);
        assert_eq!(applied.overlapping, ["two", "beyond"]);
        assert_eq!(
            std::fs::read_to_string(folder.path().join("a.rs")).unwrap(),
            "0ONE4567"
        );
    }
}
