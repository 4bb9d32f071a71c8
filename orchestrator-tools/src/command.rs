//! Running one command in its own process group.

mod capture;
mod tail;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use orchestrator_pool::Bytes;
use process_wrap::tokio::{ChildWrapper, CommandWrap};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::capture::Capture;
pub use self::capture::{OutputFilter, OutputFilters};
use crate::environment::child_environment;

/// What confined a command while it ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SandboxLevel {
    /// Nothing but its own process group: the command had the user's rights.
    None,
}

/// A program with arguments, or a line for the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandLine {
    /// Started directly.
    Program(OsString, Vec<OsString>),
    /// Given to `sh -c` (on Windows `cmd /C`).
    Shell(String),
}

impl CommandLine {
    /// A program with its arguments.
    pub fn program<A: Into<OsString>>(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self::Program(
            program.into(),
            arguments.into_iter().map(Into::into).collect(),
        )
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(line) => f.write_str(line),
            Self::Program(program, arguments) => {
                write!(f, "{}", program.display())?;
                arguments
                    .iter()
                    .try_for_each(|a| write!(f, " {}", a.display()))
            }
        }
    }
}

/// What to run, where, and within which bounds.
#[derive(Debug, Clone)]
pub struct CommandSpec {
    /// The command.
    pub line: CommandLine,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// Variables set on top of [`child_environment`](crate::child_environment).
    pub variables: Vec<(OsString, OsString)>,
    /// After this time the process group is killed. Default: 30 minutes.
    pub timeout: Duration,
    /// How many bytes of each stream are kept: the last ones. All of them are
    /// counted and hashed. Default: 64 KiB.
    pub keep: usize,
    /// What each stream goes through before it is hashed or kept. Default: nothing.
    pub filters: Option<OutputFilters>,
}

impl CommandSpec {
    /// A command in `folder` with the defaults.
    pub fn new(line: CommandLine, folder: impl Into<PathBuf>) -> Self {
        Self {
            line,
            folder: folder.into(),
            variables: Vec::new(),
            timeout: Duration::from_secs(30 * 60),
            keep: 64 * 1024,
            filters: None,
        }
    }

    /// Sets a variable for the command.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// It exited with this code.
    Exited(i32),
    /// A signal ended it.
    Killed,
    /// It ran out of time and was killed.
    TimedOut,
}

impl Ending {
    /// Whether the command exited with 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Exited(0))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "exit code {code}"),
            Self::Killed => f.write_str("killed by a signal"),
            Self::TimedOut => f.write_str("timed out"),
        }
    }
}

/// What a command printed and how it ended.
#[derive(Debug, Clone)]
pub struct CommandOutput {
    /// How it ended.
    pub ending: Ending,
    /// The last bytes of standard output.
    pub stdout: Bytes,
    /// The last bytes of standard error.
    pub stderr: Bytes,
    /// Whether a stream was longer than what is kept.
    pub truncated: bool,
    /// BLAKE3 over the whole of standard output, then of standard error, in
    /// hex; after [`CommandSpec::filters`]. The two streams are hashed apart because their interleaving is not
    /// reproducible.
    pub digest: String,
    /// From start to end.
    pub duration: Duration,
    /// What confined it.
    pub sandbox: SandboxLevel,
}

impl CommandOutput {
    /// The last `lines` lines of both streams, standard error last.
    #[must_use]
    pub fn tail(&self, lines: usize) -> String {
        let mut text = String::from_utf8_lossy(&self.stdout).into_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&String::from_utf8_lossy(&self.stderr));
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// Why a command gave no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The program is not installed.
    #[error("`{program}` was not found on PATH: install it, or name its full path")]
    NotFound {
        /// The program's name.
        program: String,
    },
    /// The command could not be started.
    #[error("could not start `{command}` in {}", folder.display())]
    Start {
        /// The command line.
        command: String,
        /// The folder it was to run in.
        folder: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Its output or its end could not be read.
    #[error("lost track of `{command}` while it ran; its process group was killed")]
    Lost {
        /// The command line.
        command: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The caller cancelled it.
    #[error("`{command}` was cancelled; its process group was killed")]
    Cancelled {
        /// The command line.
        command: String,
    },
}

/// Runs a command to its end, to its timeout, or until `cancel`.
///
/// The command leads its own process group (a job object on Windows). However
/// this call ends (also by being dropped), every process still in that group
/// is killed. A process that moves to a session of its own leaves the group;
/// only a process-id namespace could hold it.
///
/// # Errors
/// [`CommandError`] when it cannot be started or followed, or is cancelled. A
/// command that fails is not an error: see [`CommandOutput::ending`].
pub async fn run_command(
    spec: &CommandSpec,
    cancel: &CancellationToken,
) -> Result<CommandOutput, CommandError> {
    let started = Instant::now();
    let mut group = spawn(spec)?;
    let out = Capture::new(spec.keep, spec.filters.as_ref());
    let err = Capture::new(spec.keep, spec.filters.as_ref());
    // A JoinSet, so that the readers end with this call when it is dropped.
    let mut readers = JoinSet::new();
    if let Some(pipe) = group.child.stdout().take() {
        readers.spawn(out.clone().drain(pipe));
    }
    if let Some(pipe) = group.child.stderr().take() {
        readers.spawn(err.clone().drain(pipe));
    }

    let lost = |source| CommandError::Lost {
        command: spec.line.to_string(),
        source,
    };
    let ending = tokio::select! {
        status = group.child.wait() => Some(ending_of(status.map_err(lost)?)),
        () = tokio::time::sleep(spec.timeout) => Some(Ending::TimedOut),
        () = cancel.cancelled() => None,
    };
    // A descendant that outlives the leader would hold the pipes open.
    group.kill();
    group.child.wait().await.map_err(lost)?;
    let ending = ending.ok_or_else(|| CommandError::Cancelled {
        command: spec.line.to_string(),
    })?;
    let drained = tokio::time::timeout(DRAIN, async {
        while let Some(reader) = readers.join_next().await {
            reader.map_err(std::io::Error::other).flatten()?;
        }
        Ok(())
    })
    .await;
    let escaped = match drained {
        Ok(result) => result.map(|()| false).map_err(lost)?,
        Err(_elapsed) => true,
    };
    drop(readers);
    let (out, err) = (out.finish(), err.finish());
    let mut digest = blake3::Hasher::new();
    digest
        .update(out.digest.as_bytes())
        .update(err.digest.as_bytes());
    Ok(CommandOutput {
        ending,
        truncated: escaped || out.is_cut || err.is_cut,
        digest: digest.finalize().to_hex().to_string(),
        stdout: out.kept,
        stderr: err.kept,
        duration: started.elapsed(),
        sandbox: SandboxLevel::None,
    })
}

/// How long the pipes may stay open after the group was killed. Only a process
/// that left the group can hold them.
const DRAIN: Duration = Duration::from_secs(2);

/// The process group; killed when the guard goes.
struct Group {
    child: Box<dyn ChildWrapper>,
}

impl Group {
    fn kill(&mut self) {
        // An error means that the group is empty already.
        let _ = self.child.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(spec: &CommandSpec) -> Result<Group, CommandError> {
    let mut command = match &spec.line {
        CommandLine::Program(program, arguments) => {
            let mut command = tokio::process::Command::new(program);
            command.args(arguments);
            command
        }
        CommandLine::Shell(line) => {
            let (shell, flag) = if cfg!(windows) {
                ("cmd", "/C")
            } else {
                ("sh", "-c")
            };
            let mut command = tokio::process::Command::new(shell);
            command.arg(flag).arg(line);
            command
        }
    };
    command
        .env_clear()
        .envs(child_environment())
        .envs(spec.variables.iter().map(|(name, value)| (name, value)))
        .current_dir(&spec.folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut wrapped = CommandWrap::from(command);
    #[cfg(unix)]
    wrapped.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    wrapped.wrap(process_wrap::tokio::JobObject);
    match wrapped.spawn() {
        Ok(child) => Ok(Group { child }),
        Err(source) => Err(match &spec.line {
            CommandLine::Program(program, _)
                if source.kind() == std::io::ErrorKind::NotFound && spec.folder.is_dir() =>
            {
                CommandError::NotFound {
                    program: program.display().to_string(),
                }
            }
            line => CommandError::Start {
                command: line.to_string(),
                folder: spec.folder.clone(),
                source,
            },
        }),
    }
}

fn ending_of(status: std::process::ExitStatus) -> Ending {
    status.code().map_or(Ending::Killed, Ending::Exited)
}

#[cfg(test)]
mod tests;
