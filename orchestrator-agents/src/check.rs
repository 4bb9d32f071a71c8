//! The commands that prove work, and how they are found in a repository.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One command that proves something about a tree by exiting with 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How plans and people name it.
    pub name: String,
    /// The line for the shell, run at the top of a checkout.
    pub command: String,
    /// What it covers.
    pub scope: Scope,
}

/// What a check covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole repository: run for every landing and before the seal.
    Repository,
    /// One package: run for items that stay inside it.
    Package(String),
}

impl Check {
    /// A check of the whole repository, named by its command.
    #[must_use]
    pub fn repository(command: impl Into<String>) -> Self {
        let command = command.into();
        Self {
            name: command.clone(),
            command,
            scope: Scope::Repository,
        }
    }
}

/// The checks that a repository brings along, found in a checkout of it:
/// `cargo test`, the test scripts of npm, pnpm or yarn, pytest or unittest, `go
/// test`; and, where there is none of these, `make test` or `make check`.
#[must_use]
pub fn find_checks(root: &Path) -> Vec<Check> {
    let mut checks: Vec<_> = [cargo(root), node(root), python(root), go(root)]
        .into_iter()
        .flatten()
        .map(Check::repository)
        .collect();
    if checks.is_empty() {
        checks.extend(make(root).map(Check::repository));
    }
    checks
}

/// Adds a check for each cargo package, for items that stay inside one, where a
/// workspace has several.
#[must_use]
pub(crate) fn with_package_checks(mut checks: Vec<Check>, packages: &[String]) -> Vec<Check> {
    let cargo = checks.iter().any(|check| check.command == CARGO_TEST);
    if cargo && packages.len() > 1 {
        checks.extend(packages.iter().map(|package| Check {
            name: format!("cargo test -p {package}"),
            command: format!("cargo test -p {package}"),
            scope: Scope::Package(package.clone()),
        }));
    }
    checks
}

const CARGO_TEST: &str = "cargo test --workspace";

fn cargo(root: &Path) -> Option<String> {
    root.join("Cargo.toml")
        .is_file()
        .then(|| CARGO_TEST.to_owned())
}

fn node(root: &Path) -> Option<String> {
    let manifest = std::fs::read_to_string(root.join("package.json")).ok()?;
    let manifest: Value = serde_json::from_str(&manifest).ok()?;
    let script = manifest.pointer("/scripts/test")?.as_str()?;
    // What `npm init` writes.
    if script.contains("no test specified") {
        return None;
    }
    let has = |file: &str| root.join(file).is_file();
    // A checkout has no node_modules: they are not committed.
    Some(if has("pnpm-lock.yaml") {
        "pnpm install --frozen-lockfile && pnpm test".to_owned()
    } else if has("yarn.lock") {
        "yarn install --frozen-lockfile && yarn test".to_owned()
    } else if has("package-lock.json") {
        "npm ci --no-audit --no-fund && npm test".to_owned()
    } else if manifest
        .get("dependencies")
        .or_else(|| manifest.get("devDependencies"))
        .is_some()
    {
        "npm install --no-audit --no-fund --no-package-lock && npm test".to_owned()
    } else {
        "npm test".to_owned()
    })
}

fn python(root: &Path) -> Option<String> {
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
    let has = |file: &str| root.join(file).is_file();
    let tests: Vec<(&str, String)> = ["", "tests", "test"]
        .iter()
        .flat_map(|folder| {
            test_files(&root.join(folder))
                .into_iter()
                .map(move |text| (*folder, text))
        })
        .collect();
    let settings = [
        "pyproject.toml",
        "setup.cfg",
        "tox.ini",
        "requirements.txt",
        "requirements-dev.txt",
    ];
    let pytest = has("pytest.ini")
        || has("conftest.py")
        || settings.iter().any(|file| read(file).contains("pytest"))
        || tests.iter().any(|(_, text)| text.contains("import pytest"));
    let (unittest, plain): (Vec<_>, Vec<_>) = tests
        .iter()
        .partition(|(_, text)| text.contains("unittest"));
    if pytest || unittest.is_empty() && plain.iter().any(|(_, text)| text.contains("def test_")) {
        return Some("python3 -m pytest -q".to_owned());
    }
    // unittest goes into packages only, and passes where it finds nothing.
    let (folder, _) = unittest.first()?;
    let package = folder.is_empty() || has(&format!("{folder}/__init__.py"));
    Some(match package {
        true => "python3 -m unittest discover".to_owned(),
        false => format!("python3 -m unittest discover -s {folder}"),
    })
}

/// The texts of the files in a folder that are named like Python tests.
fn test_files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.ends_with(".py") && (name.starts_with("test") || name.ends_with("_test.py"))
        })
        .filter_map(|entry| std::fs::read_to_string(entry.path()).ok())
        .collect()
}

fn go(root: &Path) -> Option<String> {
    root.join("go.mod")
        .is_file()
        .then(|| "go test ./...".to_owned())
}

fn make(root: &Path) -> Option<String> {
    let makefile = ["GNUmakefile", "makefile", "Makefile"]
        .iter()
        .find_map(|name| std::fs::read_to_string(root.join(name)).ok())?;
    ["test", "check"].into_iter().find_map(|target| {
        let rule = |line: &str| {
            line.strip_prefix(target).is_some_and(|rest| {
                let rest = rest.trim_start();
                rest.starts_with(':') && !rest.starts_with(":=")
            })
        };
        makefile.lines().any(rule).then(|| format!("make {target}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let full = folder.path().join(path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, text).unwrap();
        }
        let found: Vec<_> = find_checks(folder.path())
            .into_iter()
            .map(|c| c.command)
            .collect();
        assert_eq!(found, expected, "{files:?}");
    }

    #[test]
    fn checks_are_found() {
        check(
            &[("Cargo.toml", ""), ("Makefile", "test:\n")],
            &["cargo test --workspace"],
        );
        check(
            &[("Makefile", "build:\n\ncheck: build\n\techo\n")],
            &["make check"],
        );
        check(&[("Makefile", "test := x\n")], &[]);
        check(
            &[("go.mod", ""), ("pyproject.toml", "[tool.pytest]")],
            &["python3 -m pytest -q", "go test ./..."],
        );
        check(
            &[("setup.py", ""), ("tests/test_a.py", "import unittest")],
            &["python3 -m unittest discover -s tests"],
        );
        check(
            &[
                ("tests/__init__.py", ""),
                ("tests/test_a.py", "import unittest"),
            ],
            &["python3 -m unittest discover"],
        );
        check(
            &[("test_a.py", "import unittest")],
            &["python3 -m unittest discover"],
        );
        check(
            &[("test_a.py", "def test_x(): pass")],
            &["python3 -m pytest -q"],
        );
        check(&[("setup.py", "")], &[]);
        check(
            &[("package.json", r#"{"scripts":{"test":"node t.js"}}"#)],
            &["npm test"],
        );
        check(
            &[
                ("package.json", r#"{"scripts":{"test":"jest"}}"#),
                ("package-lock.json", ""),
            ],
            &["npm ci --no-audit --no-fund && npm test"],
        );
        check(
            &[(
                "package.json",
                r#"{"scripts":{"test":"echo \"Error: no test specified\""}}"#,
            )],
            &[],
        );
        check(&[("README.md", "")], &[]);
    }
}
