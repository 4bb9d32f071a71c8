//! What the parts of a running mission share.

use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, OnceLock};

use orchestrator_hooks::{Event, HookRegistry};
use orchestrator_tools::{Effect, ToolContext, ToolRegistry, Worktree};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::admission::{Door, settle};
use super::error::MissionError;
use super::options::MissionOptions;
use super::state::MissionState;
use super::stop::StopSignal;
use super::todo::TodoFile;
use crate::event::MissionEvent;
use crate::git::ObjectId;
use crate::hook::{Hooks, StepAction};
use crate::mission_memory::MissionMemory;
use crate::recorder::{RecordError, Recorder};
use crate::repository::Repository;
use crate::role::Role;
use crate::session::{SessionError, SessionSpec, SessionWatcher};
use crate::verify::Verifier;
use crate::warm::WarmSessions;
use crate::workspace::Workspace;

pub(super) struct Shared {
    pub(super) options: MissionOptions,
    pub(super) repository: Repository,
    pub(super) workspace: Workspace,
    pub(super) recorder: Recorder,
    pub(super) sessions: Arc<WarmSessions>,
    pub(super) tools: ToolRegistry,
    pub(super) verifier: Verifier,
    pub(super) memory: MissionMemory,
    pub(super) todo: TodoFile,
    pub(super) door: Door,
    pub(super) hooks: Arc<Hooks>,
    /// Files that the checks drop into a checkout; known after the baseline.
    pub(super) by_products: OnceLock<Vec<String>>,
    pub(super) cancel: CancellationToken,
    pub(super) stop: StopSignal,
}

impl Shared {
    /// Asks the hooks of a step whether it may be taken: why not, if it may not.
    pub(super) async fn is_refused<E: Event<Action = StepAction>>(
        &self,
        registry: &HookRegistry<E>,
        mut step: E,
    ) -> Result<Option<String>, MissionError> {
        Ok(match registry.dispatch(&mut step).await? {
            Some(StepAction::Refuse(reason)) => Some(reason),
            _ => None,
        })
    }

    /// Writes down what hooks have remarked.
    pub(super) fn note(&self, notes: Vec<String>) -> Result<(), RecordError> {
        let mut notes = notes.into_iter();
        notes.try_for_each(|note| self.record(&MissionEvent::Noted { note }))
    }

    pub(super) fn state(&self) -> MutexGuard<'_, MissionState> {
        self.recorder.state()
    }

    pub(super) fn record(&self, event: &MissionEvent) -> Result<(), RecordError> {
        self.recorder.record(event)
    }

    /// The result so far.
    pub(super) fn tip(&self) -> ObjectId {
        self.state()
            .tip
            .clone()
            .unwrap_or_else(|| self.repository.head.clone())
    }

    /// Where a session's tools run.
    pub(super) fn context(&self, worktree: Worktree) -> ToolContext {
        ToolContext::new(worktree, self.build_folder(), self.cancel.clone())
    }

    /// Where tools build: one folder for all, which cargo locks, so that
    /// dependencies are built once. Checks never look into it.
    fn build_folder(&self) -> PathBuf {
        self.workspace.build_folder("tools")
    }

    /// Opens a session, runs its one turn and gives the report.
    pub(super) async fn ask<R: DeserializeOwned>(
        &self,
        role: Role,
        task: Option<&str>,
        worktree: Worktree,
        prompt: String,
        accept: impl Fn(&R) -> Result<(), String> + Sync,
    ) -> Result<R, MissionError> {
        let failed = |source| MissionError::Session { role, source };
        let task = task.map(str::to_owned);
        let waits = |reason| {
            let task = task.clone();
            self.recorder
                .notify(&MissionEvent::SessionWaits { role, task, reason });
        };
        let admission = self.door.admit(role, waits).await?;
        let watcher = Watcher {
            recorder: self.recorder.clone(),
            role,
            task: task.clone(),
        };
        let spec = SessionSpec {
            role,
            task: task.clone(),
            tools: self.tools.allow(role.tools().iter().copied())?,
            context: self.context(worktree),
            // Who decides and who judges go by facts.
            memory: matches!(role, Role::Planner | Role::Worker).then(|| self.memory.clone()),
            watcher: Arc::new(watcher),
        };
        let turn = async {
            let session = self.sessions.open(spec).await?;
            self.recorder.notify(&MissionEvent::SessionStarted {
                role,
                task: task.clone(),
                origin: session.origin(),
            });
            session.ask::<R>(prompt, accept).await
        };
        let result = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(MissionError::interrupted()),
            result = turn => result,
        };
        let (model_calls, tool_calls) = result
            .as_ref()
            .map_or((0, 0), |(_, turn)| (turn.model_calls, turn.tool_calls));
        self.record(&MissionEvent::SessionEnded {
            role,
            task,
            model_calls,
            tool_calls,
        })?;
        // Only now, so that the next session that was waiting for this one's slot begins after it.
        settle(admission, &result);
        Ok(result.map_err(failed)?.0)
    }
}

/// Journals a session's tool calls.
struct Watcher {
    recorder: Recorder,
    role: Role,
    task: Option<String>,
}

impl SessionWatcher for Watcher {
    fn intends(&self, tool: &str, effect: Effect) -> Result<(), SessionError> {
        let event = MissionEvent::ToolIntended {
            role: self.role,
            task: self.task.clone(),
            tool: tool.to_owned(),
            effect,
        };
        self.recorder
            .record(&event)
            .map_err(|error| SessionError::Journal(error.into()))
    }

    fn ended(&self, tool: &str, result: &Result<Value, String>) -> Result<(), SessionError> {
        let text = match result {
            Ok(value) => value.to_string(),
            Err(error) => error.clone(),
        };
        let event = MissionEvent::ToolEnded {
            role: self.role,
            task: self.task.clone(),
            tool: tool.to_owned(),
            error: result.as_ref().err().cloned(),
            digest: blake3::hash(text.as_bytes()).to_hex().to_string(),
        };
        self.recorder
            .record(&event)
            .map_err(|error| SessionError::Journal(error.into()))
    }
}
