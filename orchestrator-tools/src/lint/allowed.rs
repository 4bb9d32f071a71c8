//! Lints that a manifest allows.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// What manifests say about single lints.
///
/// A group on clippy's command line (`-W clippy::pedantic`) comes after what
/// cargo passes on from `[lints]`, and so overrides the very exceptions that a
/// project has made from that group. They are put back here.
#[derive(Debug, Default)]
pub(super) struct Manifests {
    allowed: HashMap<PathBuf, HashSet<String>>,
}

impl Manifests {
    /// Whether the manifest of a package allows a lint by its own name.
    pub(super) fn allow(&mut self, manifest: &Path, lint: &str) -> bool {
        let allowed = self.allowed.entry(manifest.to_owned()).or_insert_with(|| {
            lints_of(manifest)
                .map(|lints| allowed_in(&lints))
                .unwrap_or_default()
        });
        allowed.contains(lint)
    }
}

/// The `[lints]` of a package: its own, or its workspace's where it inherits
/// them. What cannot be read allows nothing; cargo complains about it itself.
fn lints_of(manifest: &Path) -> Option<Table> {
    let own = read(manifest)?.get("lints")?.as_table()?.clone();
    if own.get("workspace").and_then(Value::as_bool) != Some(true) {
        return Some(own);
    }
    let folders = manifest.parent()?.ancestors();
    folders
        .filter_map(|folder| read(&folder.join("Cargo.toml")))
        .find_map(|manifest| Some(manifest.get("workspace")?.get("lints")?.as_table()?.clone()))
}

fn read(manifest: &Path) -> Option<Table> {
    std::fs::read_to_string(manifest).ok()?.parse().ok()
}

/// The names of allowed lints, as diagnostics have them.
fn allowed_in(lints: &Table) -> HashSet<String> {
    let mut names = HashSet::new();
    for (tool, lints) in lints
        .iter()
        .filter_map(|(tool, lints)| Some((tool, lints.as_table()?)))
    {
        for (name, level) in lints {
            let level = level
                .as_str()
                .or_else(|| level.get("level").and_then(Value::as_str));
            if level == Some("allow") {
                let name = name.replace('-', "_");
                names.insert(if tool == "rust" {
                    name
                } else {
                    format!("{tool}::{name}")
                });
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_are_found_in_the_package_and_in_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            path
        };
        write(
            "Cargo.toml",
            "[workspace.lints.clippy]\npedantic = { level = \"warn\", priority = -1 }\n\
             must-use-candidate = \"allow\"\n[workspace.lints.rust]\nunused_mut = \"allow\"\n",
        );
        let own = write(
            "a/Cargo.toml",
            "[lints.clippy]\nneedless_return = { level = \"allow\" }\n",
        );
        let inherits = write("b/Cargo.toml", "[lints]\nworkspace = true\n");
        let none = write("c/Cargo.toml", "");
        let mut manifests = Manifests::default();
        assert!(manifests.allow(&own, "clippy::needless_return"));
        assert!(!manifests.allow(&own, "clippy::must_use_candidate"));
        assert!(manifests.allow(&inherits, "clippy::must_use_candidate"));
        assert!(manifests.allow(&inherits, "unused_mut"));
        assert!(!manifests.allow(&inherits, "clippy::pedantic"));
        assert!(!manifests.allow(&none, "unused_mut"));
    }
}
