//! Sessions: one conversation with one model for one role.

use std::sync::Arc;

use async_trait::async_trait;
use orchestrator_tools::{Effect, ToolContext, ToolRegistry};
use serde::de::DeserializeOwned;
use serde_json::Value;

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
    /// A tool call could not be written down.
    #[error("a tool call could not be journaled")]
    Journal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SessionError {
    /// Whether another session could do better. Where not, the mission ends.
    #[must_use]
    pub const fn is_the_agents(&self) -> bool {
        matches!(self, Self::Silent { .. } | Self::OutOfCalls { .. })
    }
}

/// Opens a session, runs one turn, ends the session: the report, typed.
///
/// # Errors
/// [`SessionError`] where the turn gave none.
pub async fn ask<R: DeserializeOwned>(
    backend: &dyn SessionBackend,
    spec: SessionSpec,
    prompt: String,
    accept: impl Fn(&R) -> Result<(), String> + Sync,
) -> Result<(R, Turn), SessionError> {
    let role = spec.role;
    let session = backend.create(spec).await?;
    let typed = |value: &Value| -> Result<R, String> {
        serde_json::from_value(value.clone()).map_err(|error| error.to_string())
    };
    let turn = backend
        .prompt(&session, prompt, &|value| {
            typed(value).and_then(|report| accept(&report))
        })
        .await;
    backend.delete(&session).await;
    let turn = turn?;
    let report = typed(&turn.report).map_err(|words| SessionError::Silent { role, words })?;
    Ok((report, turn))
}
