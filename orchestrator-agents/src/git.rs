//! The `git` program.

use std::fmt;
use std::path::{Path, PathBuf};

use orchestrator_core::{RetryError, RetryPolicy, retry};
use orchestrator_tools::{CommandError, CommandLine, CommandSpec, run_command};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Why a git command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// git said no.
    #[error("`{command}` failed in {}: {message}", folder.display())]
    Failed {
        /// The command line.
        command: String,
        /// Where it ran.
        folder: PathBuf,
        /// What git said.
        message: String,
    },
    /// git could not be run.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// git printed what was not expected.
    #[error("could not make sense of what `{command}` printed: {output}")]
    Unexpected {
        /// The command line.
        command: String,
        /// What it printed.
        output: String,
    },
}

impl GitError {
    /// Whether another process held one of git's short-lived locks.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Failed { message, .. }
            if message.contains(".lock': File exists")
                || message.contains("cannot lock ref") && !message.contains("cannot create"))
    }

    /// Whether the git program is missing.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Command(CommandError::NotFound { .. }))
    }
}

/// A full object id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectId(String);

impl ObjectId {
    /// The id in hex.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.0[..10]
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let hex = text.len() >= 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs git in one folder, the same way whatever the user has configured: no
/// hooks, no pager, no prompt, no signing, no background maintenance.
#[derive(Debug, Clone)]
pub struct Git {
    folder: PathBuf,
    cancel: CancellationToken,
}

/// How a git command ended that may fail in the normal course of things.
pub(crate) struct Attempted {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// File lists of large repositories are long.
const MAX_OUTPUT: usize = 256 * 1024 * 1024;

impl Git {
    /// git in `folder`, until `cancel`.
    pub fn new(folder: impl Into<PathBuf>, cancel: CancellationToken) -> Self {
        Self {
            folder: folder.into(),
            cancel,
        }
    }

    /// The same in another folder.
    pub(crate) fn at(&self, folder: impl Into<PathBuf>) -> Self {
        Self::new(folder, self.cancel.clone())
    }

    /// Where it runs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs a command and gives what it printed, without the final newline.
    /// Where another process holds a lock of git's, it is tried again.
    ///
    /// # Errors
    /// [`GitError`] where git fails or cannot be run.
    pub async fn run(&self, arguments: &[&str]) -> Result<String, GitError> {
        let policy = RetryPolicy::default();
        let call = policy.call().cancelled_by(&self.cancel);
        retry(call, GitError::is_transient, |_| self.once(arguments))
            .await
            .map_err(|error| match error {
                // Not the lock's fault any more.
                RetryError::Cancelled { .. } => GitError::Command(CommandError::Cancelled {
                    command: format!("git {}", arguments.join(" ")),
                }),
                error => error.into_source(),
            })
    }

    async fn once(&self, arguments: &[&str]) -> Result<String, GitError> {
        let attempt = self.attempt(arguments).await?;
        if attempt.success {
            return Ok(attempt.stdout);
        }
        Err(GitError::Failed {
            command: format!("git {}", arguments.join(" ")),
            folder: self.folder.clone(),
            message: attempt.stderr.trim().to_owned(),
        })
    }

    /// Runs a command whose failure is an answer.
    pub(crate) async fn attempt(&self, arguments: &[&str]) -> Result<Attempted, GitError> {
        let spec = self.spec(arguments);
        let output = run_command(&spec, &self.cancel).await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Attempted {
            success: output.ending.is_success(),
            stdout: text(&output.stdout).trim_end_matches('\n').to_owned(),
            stderr: text(&output.stderr),
        })
    }

    /// Runs a command that prints an object id.
    pub(crate) async fn object(&self, arguments: &[&str]) -> Result<ObjectId, GitError> {
        let output = self.run(arguments).await?;
        ObjectId::parse(&output).ok_or_else(|| GitError::Unexpected {
            command: format!("git {}", arguments.join(" ")),
            output,
        })
    }

    fn spec(&self, arguments: &[&str]) -> CommandSpec {
        let line = CommandLine::program("git", SETTINGS.iter().chain(arguments));
        let mut spec = CommandSpec::new(line, &self.folder);
        for (name, value) in VARIABLES {
            spec = spec.variable(name, value);
        }
        spec.keep = MAX_OUTPUT;
        spec
    }

    /// Runs a command to its end without a runtime, for clean-up. Gives whether
    /// it succeeded.
    pub(crate) fn run_blocking(folder: &Path, arguments: &[&str]) -> bool {
        let output = Self::blocking(folder, arguments).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// The same, for what it prints; nothing where it fails.
    pub(crate) fn read_blocking(folder: &Path, arguments: &[&str]) -> String {
        let output = Self::blocking(folder, arguments).output();
        output
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default()
    }

    fn blocking(folder: &Path, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new("git");
        command
            .args(SETTINGS)
            .args(arguments)
            .env_clear()
            .envs(orchestrator_tools::child_environment())
            .envs(VARIABLES)
            .current_dir(folder)
            .stdin(std::process::Stdio::null());
        command
    }
}

const SETTINGS: [&str; 12] = [
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "commit.gpgSign=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.fsmonitor=false",
];

const VARIABLES: [(&str, &str); 4] = [
    ("GIT_TERMINAL_PROMPT", "0"),
    // `git status` must not refresh the user's index behind their back.
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// One file of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChange {
    /// The file.
    pub path: String,
    /// Lines added; 0 for a binary file.
    pub added: usize,
    /// Lines removed; 0 for a binary file.
    pub removed: usize,
}

impl Git {
    /// The files that differ between two commits.
    ///
    /// # Errors
    /// [`GitError`] where git fails.
    pub async fn changes(
        &self,
        from: &ObjectId,
        to: &ObjectId,
    ) -> Result<Vec<FileChange>, GitError> {
        let output = self
            .run(&[
                "diff",
                "--no-ext-diff",
                "--numstat",
                "-z",
                "--no-renames",
                from.as_str(),
                to.as_str(),
                "--",
            ])
            .await?;
        Ok(output
            .split('\0')
            .filter_map(|entry| {
                let mut fields = entry.splitn(3, '\t');
                let added = fields.next()?.parse().unwrap_or_default();
                let removed = fields.next()?.parse().unwrap_or_default();
                Some(FileChange {
                    path: fields.next()?.to_owned(),
                    added,
                    removed,
                })
            })
            .collect())
    }
}
