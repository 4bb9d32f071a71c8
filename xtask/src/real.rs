//! Missions on published crates: the main job on real input.
//!
//! The sources come out of cargo's own cache, where cargo puts them when it is
//! asked for a package by name and version. They are copied into fresh
//! repositories in a temporary folder and never committed here.

mod crates;
mod mission;
mod report;
mod sequential;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Result, cargo, read, root, show};
use crates::{CRATES, Published};
use mission::Ran;

/// The codemod that is run where a crate has none of its own: as many places as
/// real code has, and a meaning that stays.
const CODEMOD: &str = "replace `$A.unwrap()` with `$A.expect(\"checked by the caller\")`";
const CLIPPY: &str = "apply clippy suggestions pedantic";

/// Runs the missions and writes `docs/real-runs.md`.
pub(crate) fn real(arguments: &[String]) -> Result {
    let json = arguments.iter().any(|word| word == "--json");
    let only = arguments
        .iter()
        .position(|word| word == "--only")
        .and_then(|at| arguments.get(at + 1));
    let chosen: Vec<&Published> = CRATES
        .iter()
        .filter(|krate| only.is_none_or(|name| name == krate.name))
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "--only {}: not one of the crates",
            only.map_or("", String::as_str)
        ));
    }
    show(cargo().args(["build", "--release", "--package", "orchestrator-cli"]))?;
    let program = program()?;
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let sources = fetch(&chosen, folder.path())?;
    let mut rows = Vec::new();
    for (krate, source) in chosen.iter().zip(&sources) {
        for objective in [CLIPPY, krate.codemod.unwrap_or(CODEMOD)] {
            let place = folder.path().join(format!("{}-{}", krate.name, rows.len()));
            let repository = Repository::create(&place, source)?;
            println!("\n== {} {}: {objective}", krate.name, krate.version);
            let ran = mission::run(&program, &repository, objective)?;
            println!("{}", ran.line());
            if json {
                println!("{}", ran.json(krate));
            }
            rows.push((**krate, ran));
            // Builds are large.
            std::fs::remove_dir_all(&place).map_err(|error| format!("cannot clean up: {error}"))?;
        }
    }
    if only.is_none() {
        let path = root().join("docs/real-runs.md");
        std::fs::write(&path, report::page(&rows))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        println!("\nwrote {}", path.display());
    }
    broken(&rows)
}

/// An error that names every crate that passed before and does not after.
fn broken(rows: &[(Published, Ran)]) -> Result {
    let broken: Vec<_> = rows
        .iter()
        .filter(|(_, ran)| ran.passes_before && !ran.passes_after)
        .map(|(krate, _)| krate.name)
        .collect();
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "passed before and not after: {}",
            broken.join(", ")
        ))
    }
}

fn program() -> Result<PathBuf> {
    let metadata = read(cargo().args(["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let target = metadata["target_directory"]
        .as_str()
        .ok_or("no target folder")?;
    Ok(Path::new(target)
        .join("release")
        .join(format!("orchestrator{}", std::env::consts::EXE_SUFFIX)))
}

/// Has cargo fetch the crates, and says where it put them.
fn fetch(chosen: &[&Published], folder: &Path) -> Result<Vec<PathBuf>> {
    let project = folder.join("fetch");
    let write = |path: &Path, text: &str| {
        std::fs::write(path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    std::fs::create_dir_all(project.join("src")).map_err(|error| error.to_string())?;
    let mut manifest = String::from(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n[dependencies]\n",
    );
    for krate in chosen {
        manifest.push_str(&format!("{} = \"={}\"\n", krate.name, krate.version));
    }
    write(&project.join("Cargo.toml"), &manifest)?;
    write(&project.join("src/lib.rs"), "")?;
    let metadata = read(
        cargo()
            .args(["metadata", "--format-version=1"])
            .current_dir(&project),
    )?;
    let metadata: serde_json::Value =
        serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    chosen
        .iter()
        .map(|krate| {
            metadata["packages"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|package| {
                    package["name"] == krate.name && package["version"] == krate.version
                })
                .and_then(|package| package["manifest_path"].as_str())
                .and_then(|path| Path::new(path).parent())
                .map(Path::to_owned)
                .ok_or_else(|| format!("cargo did not fetch {} {}", krate.name, krate.version))
        })
        .collect()
}

/// A fresh repository with one published crate in it.
struct Repository {
    root: PathBuf,
    cache: PathBuf,
}

impl Repository {
    fn create(place: &Path, source: &Path) -> Result<Self> {
        let root = place.join("repository");
        copy(source, &root)
            .map_err(|error| format!("cannot copy {}: {error}", source.display()))?;
        // What cargo adds to a package when it is published and unpacked.
        for extra in [
            "Cargo.toml.orig",
            ".cargo_vcs_info.json",
            ".cargo-ok",
            "Cargo.lock",
        ] {
            let path = root.join(extra);
            if path.exists() {
                std::fs::remove_file(&path).map_err(|error| error.to_string())?;
            }
        }
        // It is no member of whatever workspace is above it.
        let manifest = root.join("Cargo.toml");
        let mut text = std::fs::read_to_string(&manifest).map_err(|error| error.to_string())?;
        if !text.contains("[workspace]") {
            text.push_str("\n[workspace]\n");
            std::fs::write(&manifest, text).map_err(|error| error.to_string())?;
        }
        read(
            cargo()
                .args(["generate-lockfile", "--quiet"])
                .current_dir(&root),
        )?;
        std::fs::write(root.join(".gitignore"), "/target\n").map_err(|error| error.to_string())?;
        let repository = Self {
            root,
            cache: place.join("cache"),
        };
        repository.git(&["init", "--quiet", "--initial-branch=main"])?;
        repository.git(&["add", "--all", "--force"])?;
        repository.git(&["commit", "--quiet", "-m", "as published"])?;
        Ok(repository)
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let identity = [
            "-c",
            "user.name=real",
            "-c",
            "user.email=real@localhost",
            "-c",
            "commit.gpgSign=false",
        ];
        read(
            Command::new("git")
                .args(identity)
                .args(arguments)
                .current_dir(&self.root),
        )
        .map(|output| output.trim().to_owned())
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::write(target, std::fs::read(entry.path())?)?;
        }
    }
    Ok(())
}
