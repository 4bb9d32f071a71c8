//! What a tool call can fail with.

use std::time::Duration;

use crate::command::CommandError;
use crate::edit::EditError;
use crate::files::FilterError;
use crate::grep::GrepError;
use crate::language::UnknownLanguage;
use crate::lint::LintError;
use crate::outputs::OutputError;
use crate::patch::PatchError;
use crate::rename::InvalidIdentifier;
use crate::rewrite::PatternError;
use crate::seen::UnseenError;
use crate::worktree::PathError;

/// Why a tool call failed. The text is written to be read by a model as well:
/// it says what to change in the next call.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolError {
    /// No tool of that name is in the registry of this role.
    #[error("no tool `{name}` here; this role may call: {known}")]
    Unknown {
        /// The name that was called.
        name: String,
        /// What could have been called, comma separated.
        known: String,
    },
    /// The arguments do not fit the tool's schema.
    #[error("the arguments of `{tool}` do not fit: {reason}")]
    Arguments {
        /// The tool.
        tool: String,
        /// What is wrong with them.
        reason: String,
    },
    /// A path that is not a plain file beneath the worktree.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A glob that cannot be used.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A language that the tools do not know.
    #[error(transparent)]
    Language(#[from] UnknownLanguage),
    /// A pattern that does not parse.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// Not an identifier.
    #[error(transparent)]
    Identifier(#[from] InvalidIdentifier),
    /// The linter could not be run or its suggestions not applied.
    #[error(transparent)]
    Lint(#[from] LintError),
    /// A command could not be run.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It took too long.
    #[error("`{tool}` was ended after {after:?}: ask for less at once")]
    Deadline {
        /// The tool.
        tool: String,
        /// How long it may take.
        after: Duration,
    },
    /// What it answered cannot be told.
    #[error("the answer of `{tool}` is no JSON: {reason}")]
    Answer {
        /// The tool.
        tool: String,
        /// Why.
        reason: String,
    },
    /// Nothing can be searched like that.
    #[error(transparent)]
    Grep(#[from] GrepError),
    /// A file is not as the session knows it.
    #[error(transparent)]
    Unseen(#[from] UnseenError),
    /// A text could not be replaced.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A patch could not be applied.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// A long answer could not be kept, or there is none of that name.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The call was cancelled.
    #[error("the call was cancelled")]
    Cancelled,
}
