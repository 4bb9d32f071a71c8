//! Running clippy and reading its JSON.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use rustfix::diagnostics::Diagnostic;
use rustfix::{Filter, Suggestion};
use serde::Deserialize;

use super::allowed::Manifests;
use super::{LintError, LintRequest, LintSuggestion, TextEdit};
use crate::command::{CommandLine, CommandSpec, run_command};
use crate::files::tracked_files;
use crate::tool::ToolContext;
use crate::worktree::{Worktree, WorktreePath};

/// Clippy's JSON is read whole; a larger answer than this is cut at its front.
const MAX_OUTPUT: usize = 256 * 1024 * 1024;

/// What one run of clippy found.
pub(super) struct Collected {
    pub(super) suggestions: Vec<LintSuggestion>,
    /// Why some targets could not be looked at, if so.
    pub(super) incomplete: Option<String>,
}

/// Runs clippy in every cargo workspace of the worktree, or for one package.
pub(super) async fn collect(
    context: &ToolContext,
    request: LintRequest,
    package: Option<&str>,
) -> Result<Collected, LintError> {
    let roots = cargo_roots(&context.worktree);
    if roots.is_empty() {
        return Err(LintError::NoPackage);
    }
    refresh(&context.worktree);
    let mut all = Collected {
        suggestions: Vec::new(),
        incomplete: None,
    };
    for root in &roots {
        let found = collect_in(context, request, package, root).await?;
        all.suggestions.extend(found.suggestions);
        all.incomplete = all.incomplete.or(found.incomplete);
    }
    Ok(all)
}

/// Makes every source newer than any build.
///
/// Cargo names what it builds by paths relative to the workspace, and tells what
/// is fresh by times. So in a build folder that worktrees share, it would take
/// what it built for another worktree for this one's, and replay that one's
/// diagnostics. The caller lets one worktree build at a time.
fn refresh(worktree: &Worktree) {
    let now = std::fs::FileTimes::new().set_modified(std::time::SystemTime::now());
    let walk = ignore::WalkBuilder::new(worktree.root())
        .standard_filters(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk.filter_map(Result::ok) {
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            // A file that cannot be touched was not written by us, and so was
            // never built in another form.
            let file = std::fs::File::options().write(true).open(entry.path());
            let _ = file.and_then(|file| file.set_times(now));
        }
    }
}

/// The folders, relative to the worktree, that hold a `Cargo.toml` with none
/// above it: `""`, or some folders below where the root has none.
fn cargo_roots(worktree: &Worktree) -> Vec<String> {
    if worktree.root().join("Cargo.toml").is_file() {
        return vec![String::new()];
    }
    let mut roots: Vec<String> = Vec::new();
    let walk = ignore::WalkBuilder::new(worktree.root())
        .parents(false)
        .require_git(false)
        .max_depth(Some(4))
        .sort_by_file_path(std::cmp::Ord::cmp)
        .build();
    for entry in walk
        .filter_map(Result::ok)
        .filter(|e| e.file_name() == "Cargo.toml")
    {
        let folder = entry
            .path()
            .parent()
            .and_then(|f| f.strip_prefix(worktree.root()).ok());
        let Some(folder) = folder.and_then(|folder| folder.to_str()) else {
            continue;
        };
        if !roots
            .iter()
            .any(|root| folder.starts_with(&format!("{root}/")))
        {
            roots.push(folder.to_owned());
        }
    }
    roots
}

async fn collect_in(
    context: &ToolContext,
    request: LintRequest,
    package: Option<&str>,
    root: &str,
) -> Result<Collected, LintError> {
    let mut arguments = vec!["clippy", "--message-format=json", "--keep-going"];
    match package {
        Some(package) => arguments.extend(["--package", package]),
        None => arguments.push("--workspace"),
    }
    if request.include_tests {
        arguments.push("--all-targets");
    }
    // Without the cap, one denied lint would hide every package that depends
    // on the one it stands in.
    arguments.extend(["--", "--cap-lints", "warn"]);
    if request.pedantic {
        arguments.extend(["-W", "clippy::pedantic"]);
    }
    let folder = context.worktree.root().join(root);
    let mut spec = CommandSpec::new(CommandLine::program("cargo", arguments), folder)
        .variable("CARGO_TARGET_DIR", &context.build_folder);
    spec.keep = MAX_OUTPUT;
    let output = run_command(&spec, &context.cancel).await?;

    let tracked = tracked_files(context).await?;
    let mut reader = Reader::new(&context.worktree, root, tracked);
    for line in output.stdout.split(|byte| *byte == b'\n') {
        reader.line(line);
    }
    let incomplete = (!output.ending.is_success()).then(|| {
        let errors = String::from_utf8_lossy(&output.stderr);
        last_lines(&errors, 12)
    });
    match incomplete {
        // Another workspace of the repository has the package.
        Some(tail) if package.is_some() && tail.contains("did not match any packages") => {
            Ok(Collected {
                suggestions: Vec::new(),
                incomplete: None,
            })
        }
        Some(tail) if !reader.built_something => Err(LintError::Failed {
            command: spec.line.to_string(),
            tail,
        }),
        incomplete => Ok(Collected {
            suggestions: reader.finish(),
            incomplete,
        }),
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[derive(Deserialize)]
struct CargoMessage {
    reason: String,
    package_id: Option<String>,
    manifest_path: Option<PathBuf>,
    message: Option<serde_json::Value>,
}

/// Turns cargo's messages into suggestions, each once.
struct Reader<'a> {
    worktree: &'a Worktree,
    root: &'a str,
    tracked: BTreeSet<String>,
    sources: HashMap<String, Option<String>>,
    found: BTreeMap<(String, usize, String), LintSuggestion>,
    seen: HashSet<(String, Vec<TextEdit>)>,
    manifests: Manifests,
    built_something: bool,
}

impl<'a> Reader<'a> {
    fn new(worktree: &'a Worktree, root: &'a str, tracked: BTreeSet<String>) -> Self {
        Self {
            worktree,
            root,
            tracked,
            sources: HashMap::new(),
            found: BTreeMap::new(),
            seen: HashSet::new(),
            manifests: Manifests::default(),
            built_something: false,
        }
    }

    fn line(&mut self, line: &[u8]) {
        // Build scripts may print anything between cargo's own lines.
        let Ok(message) = serde_json::from_slice::<CargoMessage>(line) else {
            return;
        };
        let local = message
            .package_id
            .as_deref()
            .is_some_and(|id| id.starts_with("path+"));
        if !local {
            return;
        }
        self.built_something |= message.reason == "compiler-artifact";
        if message.reason != "compiler-message" {
            return;
        }
        let diagnostic = message
            .message
            .and_then(|value| serde_json::from_value(value).ok());
        let manifest = message.manifest_path.unwrap_or_default();
        if let (Some(id), Some(diagnostic)) = (&message.package_id, diagnostic) {
            self.diagnostic(package_name(id), &manifest, &diagnostic);
        }
    }

    fn diagnostic(&mut self, package: &str, manifest: &Path, diagnostic: &Diagnostic) {
        let Some(code) = &diagnostic.code else { return };
        if self.manifests.allow(manifest, &code.code) {
            return;
        }
        let none = HashSet::<String>::new();
        let filter = Filter::MachineApplicableOnly;
        let Some(found) = rustfix::collect_suggestions(diagnostic, &none, filter) else {
            return;
        };
        // Several solutions are alternatives: a person has to choose.
        let [solution] = &found.solutions[..] else {
            return;
        };
        // A hint of which only some parts are machine-applicable is not.
        if has_other_parts(diagnostic, &found) {
            return;
        }
        let Some(first) = solution.replacements.first() else {
            return;
        };
        let name = &first.snippet.file_name;
        if solution
            .replacements
            .iter()
            .any(|r| &r.snippet.file_name != name)
        {
            return;
        }
        let joined = if self.root.is_empty() {
            name.clone()
        } else {
            format!("{}/{name}", self.root)
        };
        let Ok(path) = WorktreePath::new(joined) else {
            return;
        };
        // What a build generated is mended where it is generated.
        if !self.tracked.contains(path.as_str()) {
            return;
        }
        let edits: Vec<_> = solution
            .replacements
            .iter()
            .map(|r| TextEdit {
                start: r.snippet.range.start,
                end: r.snippet.range.end,
                replacement: r.replacement.clone(),
            })
            .collect();
        if !self.seen.insert((path.to_string(), edits.clone())) {
            return;
        }
        let worktree = self.worktree;
        let source = self
            .sources
            .entry(path.to_string())
            .or_insert_with(|| worktree.read(&path).ok())
            .as_deref();
        let Some(source) = source else { return };
        let start = edits
            .iter()
            .map(|edit| edit.start)
            .min()
            .unwrap_or_default();
        let mut suggestion = LintSuggestion {
            id: String::new(),
            package: package.to_owned(),
            lint: code.code.clone(),
            line: first.snippet.line_range.start.line,
            message: found.message.clone(),
            file: path.to_string(),
            edits,
        };
        suggestion.id = identity(&suggestion, source);
        self.found
            .insert((path.to_string(), start, suggestion.id.clone()), suggestion);
    }

    /// The suggestions by file and place, each with its id: a hash of what
    /// changes into what, and of how many alike stand above it.
    fn finish(self) -> Vec<LintSuggestion> {
        let mut alike: HashMap<String, usize> = HashMap::new();
        self.found
            .into_iter()
            .map(|((_, _, content), mut suggestion)| {
                let nth = alike.entry(content.clone()).or_default();
                suggestion.id =
                    blake3::hash(format!("{content}\0{nth}").as_bytes()).to_hex()[..12].to_owned();
                *nth += 1;
                suggestion
            })
            .collect()
    }
}

fn has_other_parts(diagnostic: &Diagnostic, found: &Suggestion) -> bool {
    let applicable: usize = found.solutions.iter().map(|s| s.replacements.len()).sum();
    let all: usize = diagnostic
        .children
        .iter()
        .filter(|child| {
            child.spans.iter().any(|span| {
                matches!(
                    span.suggestion_applicability,
                    Some(rustfix::diagnostics::Applicability::MachineApplicable)
                )
            })
        })
        .map(|child| {
            child
                .spans
                .iter()
                .filter(|s| s.suggested_replacement.is_some())
                .count()
        })
        .sum();
    applicable != all
}

/// A hash of the lines that change and of what stands in them instead: the same
/// wherever the lines have moved to, and for lines that are alike.
fn identity(suggestion: &LintSuggestion, source: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        hasher
            .update(&(text.len() as u64).to_le_bytes())
            .update(text.as_bytes());
    };
    part(&suggestion.package);
    part(&suggestion.lint);
    part(&suggestion.file);
    for edit in &suggestion.edits {
        let before = source.get(..edit.start).unwrap_or_default();
        let after = source.get(edit.end..).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = edit.end + after.find('\n').unwrap_or(after.len());
        part(source.get(line_start..line_end).unwrap_or_default());
        part(&(edit.start - line_start).to_string());
        part(&edit.replacement);
    }
    hasher.finalize().to_hex()[..12].to_owned()
}

/// The name in cargo's package id: `path+file:///a/b#name@1.0.0`, or
/// `path+file:///a/name#1.0.0` where folder and package share it.
fn package_name(id: &str) -> &str {
    let (url, fragment) = id.split_once('#').unwrap_or((id, ""));
    match fragment.split_once('@') {
        Some((name, _version)) => name,
        None => url.rsplit('/').next().unwrap_or(url),
    }
}

#[cfg(test)]
mod tests {
    use super::package_name;

    #[test]
    fn package_ids_have_two_forms() {
        assert_eq!(package_name("path+file:///a/dir#name@1.0.0"), "name");
        assert_eq!(package_name("path+file:///a/name#1.0.0"), "name");
    }
}
