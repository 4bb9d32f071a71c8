//! Planning clippy's suggestions: an item for each lint in each package.

use std::collections::BTreeSet;

use orchestrator_tools::{FileFilter, LintGroup, LintRequest, LintedFile, WorktreePath};
use serde_json::Value;

use super::{checks_for, counted, numbered};
use crate::brief::PlannerBrief;
use crate::locked::holds_checks;
use crate::plan::{Action, Plan, PlanItem};

/// An item names at most this many files; a lint in more is split.
const FILES_PER_ITEM: usize = 20;

/// At most this many suggestions of one lint are tried apart, one an item.
const APART: usize = 8;

pub(super) const fn request(pedantic: bool, include_tests: bool) -> LintRequest {
    LintRequest {
        pedantic,
        include_tests,
    }
}

pub(super) fn plan(
    brief: &PlannerBrief,
    request: LintRequest,
    answer: &Value,
) -> Result<Plan, String> {
    let filter =
        FileFilter::new(&brief.globs, &brief.languages).map_err(|error| error.to_string())?;
    let groups: Vec<LintGroup> =
        serde_json::from_value(answer["groups"].clone()).unwrap_or_default();
    let any = !groups.is_empty();
    let mut items = Vec::new();
    let mut locked = 0;
    for mut group in groups {
        group
            .files
            .retain(|file| filter.accepts(&file.path).is_some());
        for file in &mut group.files {
            file.ids
                .retain(|id| !is_waived(brief, &group.package, &group.lint, &file.path, id));
            if holds_checks(&file.path) && !request.include_tests {
                locked += file.ids.len();
                file.ids.clear();
            }
        }
        group.files.retain(|file| !file.ids.is_empty());
        items.extend(items_of(brief, request, &group));
    }
    let mut notes = Vec::new();
    if any && items.is_empty() && !(brief.globs.is_empty() && brief.languages.is_empty()) {
        notes.push("no suggestion stands in a file that matches --glob and --lang".to_owned());
    }
    if locked > 0 {
        notes.push(format!(
            "{} in files that hold checks left alone; name tests in the objective to include them",
            counted(locked, "suggestion", "suggestions")
        ));
    }
    if let Some(reason) = answer["incomplete"].as_str() {
        notes.push(format!("some targets could not be linted:\n{reason}"));
    }
    Ok(Plan {
        items: numbered(brief, items),
        notes,
        cannot: None,
    })
}

fn is_waived(brief: &PlannerBrief, package: &str, lint: &str, path: &str, id: &str) -> bool {
    brief.waived.iter().any(|part| {
        let Action::ApplySuggestions {
            package: p,
            lint: l,
            only,
            ..
        } = &part.action
        else {
            return false;
        };
        p == package
            && l == lint
            && part.files.iter().any(|file| file.as_str() == path)
            && (only.is_empty() || only.iter().any(|waived| waived == id))
    })
}

fn items_of(brief: &PlannerBrief, request: LintRequest, group: &LintGroup) -> Vec<PlanItem> {
    let apart: BTreeSet<&String> = group
        .files
        .iter()
        .flat_map(|file| &file.ids)
        .filter(|id| brief.apart.contains(id))
        .collect();
    if apart.is_empty() {
        return group
            .files
            .chunks(FILES_PER_ITEM)
            .map(|files| item(brief, request, group, files, Vec::new()))
            .collect();
    }
    // Some of these broke a check together: each gets an item of its own, as
    // far as that goes, and the others share one.
    let apart: Vec<&String> = apart.into_iter().collect();
    let size = apart.len().div_ceil(APART);
    let mut sets: Vec<Vec<String>> = apart
        .chunks(size)
        .map(|ids| ids.iter().copied().cloned().collect())
        .collect();
    let rest: BTreeSet<&String> = group
        .files
        .iter()
        .flat_map(|f| &f.ids)
        .filter(|id| !apart.contains(id))
        .collect();
    if !rest.is_empty() {
        sets.push(rest.into_iter().cloned().collect());
    }
    sets.into_iter()
        .map(|only| {
            let files: Vec<_> = group
                .files
                .iter()
                .map(|file| LintedFile {
                    path: file.path.clone(),
                    ids: file
                        .ids
                        .iter()
                        .filter(|id| only.contains(id))
                        .cloned()
                        .collect(),
                })
                .filter(|file| !file.ids.is_empty())
                .collect();
            item(brief, request, group, &files, only)
        })
        .collect()
}

fn item(
    brief: &PlannerBrief,
    request: LintRequest,
    group: &LintGroup,
    files: &[LintedFile],
    only: Vec<String>,
) -> PlanItem {
    let count = files.iter().map(|file| file.ids.len()).sum();
    PlanItem {
        id: String::new(),
        title: format!(
            "apply {} in {} ({})",
            group.lint,
            group.package,
            counted(count, "suggestion", "suggestions")
        ),
        action: Action::ApplySuggestions {
            package: group.package.clone(),
            lint: group.lint.clone(),
            request,
            only,
        },
        // The tool gave them as such paths.
        files: files
            .iter()
            .filter_map(|file| WorktreePath::new(&file.path).ok())
            .collect(),
        depends: Vec::new(),
        checks: checks_for(brief, Some(&group.package)),
    }
}
