//! The order of the house, as far as no other tool keeps it.

use std::fs;
use std::path::{Path, PathBuf};

use orchestrator_tests::workspace_root;

/// The folders of the workspace's packages.
fn packages() -> Vec<PathBuf> {
    let root = workspace_root();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let list = manifest.split_once("\nmembers = [").unwrap().1;
    let list = list.split_once(']').unwrap().0;
    let folders: Vec<_> = list
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|name| root.join(name))
        .collect();
    assert!(folders.len() >= 10, "{folders:?}");
    folders
}

/// Every Rust file in a folder; but for the sample, which is data.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "sample"].contains(&name.as_str()) && !name.starts_with('.') {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// Whether a module says at its top what it is.
fn opens_with_a_purpose(text: &str) -> bool {
    text.lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "))
        .is_some_and(|purpose| !purpose.trim().is_empty())
}

/// Whether a package takes over the workspace's lints.
fn has_the_lints(manifest: &str) -> bool {
    manifest
        .split_once("[lints]\n")
        .is_some_and(|(_, rest)| rest.starts_with("workspace = true\n"))
}

/// Whether a changelog has a section for a version.
fn has_a_section(changelog: &str, version: &str) -> bool {
    changelog
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .any(|title| {
            title
                .split([' ', '[', ']', '(', ')'])
                .any(|word| word == version)
        })
}

#[test]
fn every_module_opens_with_its_purpose() {
    let mut files = Vec::new();
    for package in packages() {
        sources(&package, &mut files);
    }
    assert!(files.len() > 100, "only {} files were found", files.len());
    // A file that is taken in as text is no module.
    let texts: Vec<_> = files
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let included = |path: &Path| {
        let name = path.file_name().unwrap().to_string_lossy();
        texts.iter().any(|text| {
            text.match_indices("include_str!(\"").any(|(at, start)| {
                let rest = &text[at + start.len()..];
                rest.split('"')
                    .next()
                    .is_some_and(|file| file.ends_with(&*name))
            })
        })
    };
    let silent: Vec<_> = files
        .iter()
        .zip(&texts)
        .filter(|(path, text)| !opens_with_a_purpose(text) && !included(path))
        .map(|(path, _)| path.strip_prefix(workspace_root()).unwrap())
        .collect();
    assert!(silent.is_empty(), "without a purpose: {silent:?}");
}

#[test]
fn the_changelog_names_the_version() {
    let text = fs::read_to_string(workspace_root().join("CHANGELOG.md"));
    let text = text.unwrap_or_else(|error| panic!("CHANGELOG.md: {error}"));
    let version = env!("CARGO_PKG_VERSION");
    assert!(
        has_a_section(&text, version),
        "CHANGELOG.md has no section `## {version}`"
    );
}

#[test]
fn every_package_takes_over_the_lints() {
    for package in packages() {
        let manifest = fs::read_to_string(package.join("Cargo.toml")).unwrap();
        assert!(has_the_lints(&manifest), "{}", package.display());
    }
}

#[test]
fn what_is_untidy_is_seen() {
    assert!(opens_with_a_purpose("//! A purpose.\nuse x;\n"));
    for text in [
        "",
        "use x;\n//! late\n",
        "//!\n",
        "// A comment.\n",
        "\n//! x\n",
    ] {
        assert!(!opens_with_a_purpose(text), "{text:?}");
    }
    assert!(has_the_lints("[package]\n[lints]\nworkspace = true\n"));
    for text in ["[package]\n", "[lints]\n[lints.rust]\nworkspace = true\n"] {
        assert!(!has_the_lints(text), "{text:?}");
    }
    assert!(has_a_section("# C\n\n## 0.1.0 - today\n", "0.1.0"));
    assert!(has_a_section("# C\n\n## [0.1.0] (today)\n", "0.1.0"));
    for text in ["", "## 0.1.01\n", "0.1.0\n", "## Unreleased\n"] {
        assert!(!has_a_section(text, "0.1.0"), "{text:?}");
    }
}
