//! Suggestions kept between calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use super::collect::{Collected, collect};
use super::{Applied, LintError, LintGroup, LintRequest, LintSuggestion, LintedFile, apply};
use crate::tool::ToolContext;
use crate::worktree::{Worktree, WorktreePath};

/// Runs clippy, and remembers what it said of each file's exact content.
///
/// A run of clippy costs seconds. So a worker whose files stand as they stood
/// when the plan was made applies the suggestions of that run; only where a
/// file has changed since is clippy run again. A suggestion can depend on
/// *other* files too (a type that changed its traits): applying it is never
/// proof of anything, the checks are.
#[derive(Debug, Default)]
pub struct LintStore {
    known: Mutex<HashMap<Key, Vec<LintSuggestion>>>,
    // Worktrees share a build folder: see `collect::refresh`.
    building: tokio::sync::Mutex<()>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    request: LintRequest,
    package: String,
    file: String,
    content: blake3::Hash,
}

impl LintStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs clippy over the whole worktree and groups what it suggests by
    /// package and lint. The second value tells why some targets could not be
    /// looked at, if so.
    ///
    /// # Errors
    /// [`LintError`] where there is nothing to lint or clippy fails.
    pub async fn groups(
        &self,
        context: &ToolContext,
        request: LintRequest,
    ) -> Result<(Vec<LintGroup>, Option<String>), LintError> {
        let Collected {
            suggestions,
            incomplete,
        } = self.run(context, request, None).await?;
        self.remember(&context.worktree, request, &suggestions);
        Ok((group(&suggestions), incomplete))
    }

    /// The suggestions of one lint in one package and some of its files.
    ///
    /// # Errors
    /// [`LintError`] where clippy has to be run again and fails.
    pub async fn suggestions(
        &self,
        context: &ToolContext,
        request: LintRequest,
        package: &str,
        lint: &str,
        files: &[WorktreePath],
    ) -> Result<Vec<LintSuggestion>, LintError> {
        let mut found = self.recall(&context.worktree, request, package, files);
        if found.is_none() {
            let fresh = self.run(context, request, Some(package)).await?;
            self.remember(&context.worktree, request, &fresh.suggestions);
            let wanted: BTreeSet<_> = files.iter().map(WorktreePath::as_str).collect();
            let in_files = |s: &LintSuggestion| wanted.contains(s.file.as_str());
            found = Some(
                fresh
                    .suggestions
                    .into_iter()
                    .filter(|s| s.package == package && in_files(s))
                    .collect(),
            );
        }
        let mut found = found.unwrap_or_default();
        found.retain(|suggestion| suggestion.lint == lint);
        Ok(found)
    }

    /// Applies `suggestions`, which [`suggestions`](Self::suggestions) gave for
    /// the same worktree. A file that was as rustfmt has it stays so.
    ///
    /// # Errors
    /// [`LintError::Path`] where a file cannot be read or written.
    pub async fn apply(
        &self,
        context: &ToolContext,
        suggestions: &[&LintSuggestion],
    ) -> Result<Applied, LintError> {
        apply::apply(context, suggestions).await
    }

    async fn run(
        &self,
        context: &ToolContext,
        request: LintRequest,
        package: Option<&str>,
    ) -> Result<Collected, LintError> {
        let _one_at_a_time = self.building.lock().await;
        collect(context, request, package).await
    }

    fn recall(
        &self,
        worktree: &Worktree,
        request: LintRequest,
        package: &str,
        files: &[WorktreePath],
    ) -> Option<Vec<LintSuggestion>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Vec::new();
        for file in files {
            let content = blake3::hash(worktree.read(file).ok()?.as_bytes());
            let key = Key {
                request,
                package: package.to_owned(),
                file: file.to_string(),
                content,
            };
            found.extend(known.get(&key)?.iter().cloned());
        }
        Some(found)
    }

    fn remember(&self, worktree: &Worktree, request: LintRequest, found: &[LintSuggestion]) {
        let mut by_file: BTreeMap<(&str, &str), Vec<LintSuggestion>> = BTreeMap::new();
        for suggestion in found {
            by_file
                .entry((&suggestion.package, &suggestion.file))
                .or_default()
                .push(suggestion.clone());
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for ((package, file), suggestions) in by_file {
            let text = WorktreePath::new(file).and_then(|path| worktree.read(&path));
            let Ok(text) = text else { continue };
            let content = blake3::hash(text.as_bytes());
            let key = Key {
                request,
                package: package.to_owned(),
                file: file.to_owned(),
                content,
            };
            known.insert(key, suggestions);
        }
    }
}

fn group(suggestions: &[LintSuggestion]) -> Vec<LintGroup> {
    let mut groups: BTreeMap<(&str, &str), LintGroup> = BTreeMap::new();
    for suggestion in suggestions {
        let group = groups
            .entry((&suggestion.package, &suggestion.lint))
            .or_insert_with(|| LintGroup {
                package: suggestion.package.clone(),
                lint: suggestion.lint.clone(),
                message: suggestion.message.clone(),
                files: Vec::new(),
            });
        let id = suggestion.id.clone();
        match group
            .files
            .iter_mut()
            .find(|file| file.path == suggestion.file)
        {
            Some(file) => file.ids.push(id),
            None => {
                group.files.push(LintedFile {
                    path: suggestion.file.clone(),
                    ids: vec![id],
                });
            }
        }
    }
    groups.into_values().collect()
}
