//! Sessions: one conversation with one model for one role.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrator_hooks::HookFailure;
use orchestrator_tools::{Effect, ToolContext, ToolRegistry};
use serde_json::Value;

use crate::mission_memory::MissionMemory;
use crate::model::{ModelError, Usage};
use crate::role::Role;

/// Where sessions live: in this process ([`NativeBackend`](crate::NativeBackend))
/// or on a server.
///
/// Sessions share nothing: what one is told, another never sees.
#[async_trait]
pub trait SessionBackend: Send + Sync {
    /// Opens a session.
    ///
    /// # Errors
    /// [`SessionError`] where the backend cannot.
    async fn create(&self, spec: SessionSpec) -> Result<SessionId, SessionError>;

    /// Runs one turn: from a prompt to a report that `accept` accepts.
    ///
    /// `accept` gives the reason against a report, which the model is told.
    /// Dropping the call ends the turn.
    ///
    /// # Errors
    /// [`SessionError`] where the turn ends without a report.
    async fn prompt(
        &self,
        session: &SessionId,
        prompt: String,
        accept: &(dyn for<'a> Fn(&'a Value) -> Result<(), String> + Sync),
    ) -> Result<Turn, SessionError>;

    /// Forgets the task of a session and all that the session knows of it, so
    /// that it can be given another. `false` where the backend cannot show
    /// that nothing is left: the session is then to be deleted.
    ///
    /// # Errors
    /// [`SessionError`] where the session is not there.
    async fn reset(&self, session: &SessionId) -> Result<bool, SessionError>;

    /// Gives a session that was reset another task of the same role.
    ///
    /// # Errors
    /// [`SessionError`] where the session is not there, or was not reset.
    async fn assign(&self, session: &SessionId, spec: SessionSpec) -> Result<(), SessionError>;

    /// Ends a session and forgets it.
    async fn delete(&self, session: &SessionId);
}

/// What a session is opened with.
#[derive(Clone)]
pub struct SessionSpec {
    /// Its role: instructions, and the report that ends its turns.
    pub role: Role,
    /// The item that it works on, if one.
    pub task: Option<String>,
    /// The tools that it may call.
    pub tools: ToolRegistry,
    /// Where its tools run.
    pub context: ToolContext,
    /// What the mission remembers, where the session is to be told of it.
    pub memory: Option<MissionMemory>,
    /// Is told of its tool calls.
    pub watcher: Arc<dyn SessionWatcher>,
}

/// Names a session at its backend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub String);

/// A turn that ended with a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The report.
    pub report: Value,
    /// Model calls that it took.
    pub model_calls: usize,
    /// Tools that were called.
    pub tool_calls: usize,
    /// What the model calls cost.
    pub usage: Usage,
}

/// Is told of a session's tool calls, before and after.
pub trait SessionWatcher: Send + Sync {
    /// A tool is about to be called. An error keeps it from being called and
    /// ends the turn: intent that cannot be written down is not acted on.
    ///
    /// # Errors
    /// Whatever keeps the intent from being written down.
    fn intends(&self, tool: &str, effect: Effect) -> Result<(), SessionError>;

    /// A tool call ended.
    ///
    /// # Errors
    /// Whatever keeps the result from being written down.
    fn ended(&self, tool: &str, result: &Result<Value, String>) -> Result<(), SessionError>;
}

/// Why a turn gave no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The model gave no answer.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model talked, but did not report.
    #[error("the {role} ended its turn without a report; its last words: {words}")]
    Silent {
        /// The role.
        role: Role,
        /// What it said last.
        words: String,
    },
    /// The turn took too many model calls.
    #[error("the {role} gave no report in {calls} model calls")]
    OutOfCalls {
        /// The role.
        role: Role,
        /// How many there were.
        calls: usize,
    },
    /// The backend does not know the session.
    #[error("there is no session {0}")]
    Unknown(String),
    /// The session still has a task, and what it knows of it.
    #[error("session {0} has a task: reset it before it is given another")]
    NotReset(String),
    /// A hook kept the model from being asked.
    #[error("the model was not asked: {0}")]
    Refused(String),
    /// A hook rejected the model's answer, or the turn.
    #[error("the {role}'s turn was ended: {reason}")]
    Rejected {
        /// The role.
        role: Role,
        /// Why.
        reason: String,
    },
    /// A hook failed that the turn cannot do without.
    #[error(transparent)]
    Hook(#[from] HookFailure),
    /// A tool call could not be written down.
    #[error("a tool call could not be journaled")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SessionError {
    /// Whether another session could do better. Where not, the mission ends.
    #[must_use]
    pub const fn is_the_agents(&self) -> bool {
        matches!(
            self,
            Self::Silent { .. } | Self::OutOfCalls { .. } | Self::Rejected { .. }
        )
    }
}

/// Watches nothing, for tests.
#[cfg(test)]
pub(crate) struct Deaf;

#[cfg(test)]
impl SessionWatcher for Deaf {
    fn intends(&self, _: &str, _: Effect) -> Result<(), SessionError> {
        Ok(())
    }

    fn ended(&self, _: &str, _: &Result<Value, String>) -> Result<(), SessionError> {
        Ok(())
    }
}
