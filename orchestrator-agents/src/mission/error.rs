//! Why a mission ended without a result to speak of.

use std::path::PathBuf;

use orchestrator_core::{Rejection, TaskError};
use orchestrator_hooks::{HookFailure, RegisterError};
use orchestrator_memory::OpenMemoryError;
use orchestrator_state::{Holder, OpenError};
use orchestrator_tools::{CommandError, RegistryError, ToolError};

use super::project_memory::JournalMemoryError;
use crate::git::GitError;
use crate::receipt::Receipt;
use crate::recorder::RecordError;
use crate::repository::RepositoryError;
use crate::session::SessionError;
use crate::verify::VerifyError;
use crate::workspace::WorkspaceError;

/// Why a mission could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MissionError {
    /// The repository cannot be worked on.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
    /// Another mission works on it.
    #[error(
        "{} is working on this repository; wait for it, or stop it first",
        .holder.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string)
    )]
    Held {
        /// The other mission, as far as its note could be read.
        holder: Option<Holder>,
    },
    /// The journal cannot be opened.
    #[error(
        "the journal in {} cannot be used; move that folder away to begin a new one, if there is \
         no copy to restore", folder.display()
    )]
    Journal {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: OpenError,
    },
    /// What is remembered from earlier missions cannot be read.
    #[error("what is remembered from earlier missions cannot be read")]
    Memory(#[source] OpenMemoryError<JournalMemoryError>),
    /// What is to be remembered cannot be kept.
    #[error("what this mission has learnt cannot be kept")]
    Remember(#[source] JournalMemoryError),
    /// The state folder cannot be made.
    #[error("could not write {}", path.display())]
    State {
        /// The path.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The objective cannot be mapped to work.
    #[error("{reason}")]
    Refused {
        /// Why, and what could be.
        reason: String,
    },
    /// There is nothing that could prove the work.
    #[error(
        "found no check in this repository (Cargo, package.json, Python tests, go.mod, Makefile); \
         name one with --check CMD, or accept unproven work with --allow-unverified"
    )]
    NoChecks,
    /// A check fails before anything was changed.
    #[error(
        "`{}` fails in a clean checkout of the untouched commit {} ({}), so it could prove \
         nothing. Such a checkout has no file that git does not track. Mend it first, or choose \
         other checks with --check", receipt.command, receipt.commit.short(), receipt.ending
    )]
    Baseline {
        /// What it showed.
        receipt: Box<Receipt>,
    },
    /// The user stopped it.
    #[error(
        "interrupted; your branch and working tree are as they were{}",
        .kept.as_ref().map(|branch| format!(", and what had landed is kept on the branch {branch} (git merge {branch})"))
            .unwrap_or_default()
    )]
    Interrupted {
        /// The branch that keeps what had landed, if anything had.
        kept: Option<String>,
    },
    /// A session was not let in.
    #[error("a session of the {role} was not admitted")]
    NotAdmitted {
        /// Whose session it was.
        role: crate::role::Role,
        /// Why.
        #[source]
        source: Rejection,
    },
    /// The model or the session gave no answer.
    #[error("the {role} could not do its part")]
    Session {
        /// Whose session it was.
        role: crate::role::Role,
        /// Why.
        #[source]
        source: SessionError,
    },
    /// A tool that the orchestrator itself uses failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The mission has no place to work in.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// Checks could not be run.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// An event could not be journaled.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A hook failed that the mission cannot do without.
    #[error(transparent)]
    HookFailed(#[from] HookFailure),
    /// The built-in hooks do not fit together.
    #[error(transparent)]
    Hooks(#[from] RegisterError),
    /// The built-in tools do not fit together.
    #[error(transparent)]
    Tools(#[from] RegistryError),
    /// The scheduler lost a task.
    #[error("a task of the mission ended without a result")]
    Task(#[from] TaskError),
}

impl MissionError {
    /// Interrupted, as far as the place that noticed it knows.
    pub(crate) const fn interrupted() -> Self {
        Self::Interrupted { kept: None }
    }

    /// Whether this is the echo of a cancelled mission: commands report that
    /// they were cancelled wherever they happened to run.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        const fn command(error: &CommandError) -> bool {
            matches!(error, CommandError::Cancelled { .. })
        }
        const fn git(error: &GitError) -> bool {
            matches!(error, GitError::Command(error) if command(error))
        }
        match self {
            Self::Interrupted { .. } | Self::Tool(ToolError::Cancelled) => true,
            Self::Git(error)
            | Self::Workspace(WorkspaceError::Git(error))
            | Self::Repository(RepositoryError::Git(error))
            | Self::Verify(VerifyError::Git(error)) => git(error),
            Self::Tool(ToolError::Command(error)) | Self::Verify(VerifyError::Command(error)) => {
                command(error)
            }
            _ => false,
        }
    }
}
