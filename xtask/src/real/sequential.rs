//! The same work without the orchestrator: one fix after another, each checked.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Repository;
use crate::run::{Result, cargo, read, works};

/// A clone of a repository with a build folder of its own.
pub(super) struct Scratch {
    // Held for its Drop: the folder goes with it.
    _folder: tempfile::TempDir,
    root: PathBuf,
    build: PathBuf,
}

impl Scratch {
    pub(super) fn new(repository: &Repository) -> Result<Self> {
        let folder =
            tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let root = folder.path().join("clone");
        read(
            Command::new("git")
                .args(["clone", "--quiet"])
                .arg(&repository.root)
                .arg(&root),
        )?;
        let build = folder.path().join("build");
        Ok(Self {
            _folder: folder,
            root,
            build,
        })
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.build);
        command
    }

    /// Whether the crate's tests pass here.
    pub(super) fn test(&self) -> bool {
        works(&mut self.cargo(&["test", "--workspace", "--quiet"]))
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let identity = ["-c", "user.name=real", "-c", "user.email=real@localhost"];
        read(
            Command::new("git")
                .args(identity)
                .args(arguments)
                .current_dir(&self.root),
        )
    }
}

/// The time it takes to test the crate, run clippy if `lint`, and then put each
/// landed commit on top of the last and test again.
pub(super) fn replay(repository: &Repository, base: &str, lint: bool) -> Result<Duration> {
    let scratch = Scratch::new(repository)?;
    let range = format!("{base}..origin/HEAD");
    let commits = scratch.git(&["rev-list", "--reverse", &range])?;
    scratch.git(&["checkout", "--quiet", "--detach", base])?;
    let started = Instant::now();
    scratch.test();
    if lint {
        clippy_suggestions(&scratch)?;
    }
    for commit in commits.lines() {
        scratch.git(&["cherry-pick", "--allow-empty", commit])?;
        if !scratch.test() {
            return Err(format!("{commit} alone does not pass in a replay"));
        }
    }
    Ok(started.elapsed())
}

/// How many machine-applicable suggestions clippy has for libraries and
/// programs, counted without the orchestrator's help.
pub(super) fn clippy_suggestions(scratch: &Scratch) -> Result<usize> {
    let output = scratch
        .cargo(&[
            "clippy",
            "--workspace",
            "--message-format=json",
            "--quiet",
            "--",
            "--cap-lints",
            "warn",
            "-W",
            "clippy::pedantic",
        ])
        .output()
        .map_err(|error| format!("cannot start cargo clippy: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut found = std::collections::BTreeSet::new();
    for line in text.lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else {
            continue;
        };
        let children = message["message"]["children"]
            .as_array()
            .into_iter()
            .flatten();
        for child in children {
            let spans: Vec<_> = child["spans"].as_array().into_iter().flatten().collect();
            let applicable = !spans.is_empty()
                && spans
                    .iter()
                    .all(|span| span["suggestion_applicability"] == "MachineApplicable");
            if applicable {
                let edits: Vec<_> = spans
                    .iter()
                    .map(|span| {
                        format!(
                            "{}:{}:{}:{}",
                            span["file_name"],
                            span["byte_start"],
                            span["byte_end"],
                            span["suggested_replacement"]
                        )
                    })
                    .collect();
                found.insert(edits.join(";"));
            }
        }
    }
    Ok(found.len())
}
