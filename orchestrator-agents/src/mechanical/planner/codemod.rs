//! Planning rewrites, file group by file group, and renames, whole by whole.

use std::collections::{BTreeMap, BTreeSet};

use orchestrator_tools::{FileFilter, Language, WorktreePath, is_name};
use serde::Deserialize;
use serde_json::Value;

use super::packages::{self, Package};
use super::{checks_for, counted, numbered};
use crate::brief::PlannerBrief;
use crate::plan::{Action, Plan, PlanItem};

/// A group of files larger than this is split.
const FILES_PER_ITEM: usize = 8;

#[derive(Debug, Clone, Deserialize)]
struct Found {
    path: WorktreePath,
    language: Language,
    lines: Vec<usize>,
}

fn read(answer: &Value) -> Vec<Found> {
    serde_json::from_value(answer["files"].clone()).unwrap_or_default()
}

pub(super) fn plan_rewrite(
    brief: &PlannerBrief,
    pattern: &str,
    rewrite: &str,
    found: &Value,
    members: &Value,
    place: &FileFilter,
) -> Plan {
    let filter = |file: &Found| place.accepts(file.path.as_str()).is_some();
    let members = packages::read(members);
    let mut groups: BTreeMap<(String, Option<String>), Vec<Found>> = BTreeMap::new();
    for file in read(found) {
        // A rewrite may match what it has written. So a later plan is only of
        // what was left out of an earlier one.
        let left_out = brief.apart.iter().any(|id| id == file.path.as_str());
        if is_waived(brief, &file.path) || brief.iteration > 0 && !left_out || !filter(&file) {
            continue;
        }
        let package = package_of(&members, &file).map(str::to_owned);
        let place = package
            .clone()
            .unwrap_or_else(|| folder_of(file.path.as_str()));
        groups.entry((place, package)).or_default().push(file);
    }
    let mut items = Vec::new();
    for ((place, package), files) in groups {
        // Files that broke a check together are tried one by one.
        let (apart, together): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|file| brief.apart.iter().any(|id| id == file.path.as_str()));
        let chunks = together.chunks(FILES_PER_ITEM).chain(apart.chunks(1));
        items.extend(chunks.map(|files| {
            let matches: usize = files.iter().map(|file| file.lines.len()).sum();
            PlanItem {
                id: String::new(),
                title: format!(
                    "replace `{pattern}` in {place} ({} in {})",
                    counted(matches, "place", "places"),
                    counted(files.len(), "file", "files")
                ),
                action: Action::Rewrite {
                    pattern: pattern.to_owned(),
                    rewrite: rewrite.to_owned(),
                },
                files: files.iter().map(|file| file.path.clone()).collect(),
                depends: Vec::new(),
                checks: checks_for(brief, package.as_deref()),
            }
        }));
    }
    let notes = match items.is_empty() && brief.iteration == 0 {
        true => vec![format!("`{pattern}` matches nowhere")],
        false => Vec::new(),
    };
    Plan {
        items: numbered(brief, items),
        notes,
        cannot: None,
    }
}

pub(super) fn plan_rename(
    brief: &PlannerBrief,
    from: &str,
    to: &str,
    old: &Value,
    new: &Value,
    members: &Value,
    place: &FileFilter,
) -> Result<Plan, String> {
    let inside = |file: &Found| place.accepts(file.path.as_str()).is_some();
    let found: Vec<_> = read(old).into_iter().filter(inside).collect();
    let taken: Vec<_> = read(new).into_iter().filter(inside).collect();
    if let Some(file) = found.iter().find(|file| !is_name(file.language, to)) {
        return Err(format!("`{to}` cannot be a name in {}", file.language));
    }
    if found.is_empty() {
        return match taken.is_empty() {
            true => Err(format!("`{from}` is no identifier in this repository")),
            false => Ok(Plan {
                notes: vec![format!("`{from}` is gone already, and `{to}` is there")],
                ..Plan::default()
            }),
        };
    }
    if brief.iteration == 0
        && let Some(there) = taken
            .iter()
            .find(|t| found.iter().any(|f| f.language == t.language))
    {
        let line = there.lines.first().copied().unwrap_or(1);
        return Err(format!(
            "`{to}` is an identifier already, at {}:{line}; renaming `{from}` to it could make two \
             things one. Choose another name, or narrow the search with --glob",
            there.path
        ));
    }
    let members = packages::read(members);
    let items = wholes(&members, found)
        .into_iter()
        .filter(|(_, files)| !files.iter().any(|file| is_waived(brief, &file.path)))
        .map(|(package, files)| {
            let matches: usize = files.iter().map(|file| file.lines.len()).sum();
            PlanItem {
                id: String::new(),
                title: format!(
                    "rename `{from}` to `{to}` ({} in {})",
                    counted(matches, "place", "places"),
                    counted(files.len(), "file", "files")
                ),
                action: Action::Rename {
                    from: from.to_owned(),
                    to: to.to_owned(),
                },
                files: files.into_iter().map(|file| file.path).collect(),
                depends: Vec::new(),
                checks: checks_for(brief, package.as_deref()),
            }
        })
        .collect();
    Ok(Plan {
        items: numbered(brief, items),
        ..Plan::default()
    })
}

/// The files that have to change together for the code to build: Rust packages
/// that depend on each other; all files of any other language.
fn wholes(members: &[Package], found: Vec<Found>) -> Vec<(Option<String>, Vec<Found>)> {
    let in_packages: BTreeSet<&str> = found
        .iter()
        .filter_map(|file| package_of(members, file))
        .collect();
    let components = packages::components(members, &in_packages);
    let mut groups: BTreeMap<String, (Option<String>, Vec<Found>)> = BTreeMap::new();
    for file in found {
        let component = package_of(members, &file)
            .and_then(|name| components.iter().find(|component| component.contains(name)));
        let (key, package) = match component {
            Some(component) => {
                let names: Vec<_> = component.iter().cloned().collect();
                let only = (names.len() == 1).then(|| names[0].clone());
                (format!("packages {}", names.join(" ")), only)
            }
            None => (format!("language {}", family(file.language)), None),
        };
        groups
            .entry(key)
            .or_insert_with(|| (package, Vec::new()))
            .1
            .push(file);
    }
    groups.into_values().collect()
}

/// Languages that call each other by name.
fn family(language: Language) -> String {
    match language {
        Language::TypeScript | Language::Tsx => Language::JavaScript.to_string(),
        other => other.to_string(),
    }
}

fn package_of<'a>(members: &'a [Package], file: &Found) -> Option<&'a str> {
    (file.language == Language::Rust)
        .then(|| packages::package_of(members, file.path.as_str()))
        .flatten()
}

/// The folder of a file, two levels deep at most; what people would call it.
fn folder_of(path: &str) -> String {
    let parts: Vec<_> = path.split('/').collect();
    match parts.len() {
        0 | 1 => "the top folder".to_owned(),
        n => parts[..(n - 1).min(2)].join("/"),
    }
}

fn is_waived(brief: &PlannerBrief, path: &WorktreePath) -> bool {
    brief.waived.iter().any(|part| part.files.contains(path))
}
