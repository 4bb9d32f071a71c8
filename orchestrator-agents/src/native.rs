//! Sessions in this process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use orchestrator_tools::Outputs;
use serde_json::Value;

use crate::agent_run::{AgentRun, AgentStep, TurnEnd};
use crate::hook::{
    AfterModelAction, AfterModelCall, AfterToolAction, AfterToolCall, BeforeModelAction,
    BeforeModelCall, BeforeToolAction, BeforeToolCall, Hooks, SessionReset, TurnAction,
    TurnFinished,
};
use crate::model::{LanguageModel, ModelRequest, ModelResponse, ToolCall};
use crate::session::{SessionBackend, SessionError, SessionId, SessionSpec, Turn};
use crate::tokens::Tokens;

/// Runs sessions in this process: [`AgentRun`] decides, this drives it, with a
/// model, tools and hooks.
pub struct NativeBackend {
    model: Arc<dyn LanguageModel>,
    tokens: Tokens,
    hooks: Arc<Hooks>,
    /// A session knows its task, and between two turns nothing else. `None`: it has none.
    sessions: Mutex<HashMap<SessionId, Option<SessionSpec>>>,
    next: AtomicU64,
}

/// How often one turn may call the model.
const MAX_MODEL_CALLS: usize = 50;

impl NativeBackend {
    /// Sessions that talk to `model` and run `hooks` around their tool calls.
    pub fn new(model: Arc<dyn LanguageModel>, hooks: Arc<Hooks>) -> Self {
        Self {
            tokens: Tokens::of_model(model.name()),
            model,
            hooks,
            sessions: Mutex::new(HashMap::new()),
            next: AtomicU64::new(1),
        }
    }

    /// A tool's answer may take an eighth of the model's context window, at four bytes a token. Each task has
    /// its own: what one was answered, no other reads.
    fn outputs(&self) -> Outputs {
        match self.model.context_window() {
            Some(window) => Outputs::capped(window / 8 * 4),
            None => Outputs::unlimited(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Option<SessionSpec>>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the model, with the hooks around it.
    async fn complete(
        &self,
        spec: &SessionSpec,
        request: ModelRequest,
    ) -> Result<ModelResponse, SessionError> {
        let mut before = BeforeModelCall {
            role: spec.role,
            task: spec.task.clone(),
            request,
            context_window: self.model.context_window(),
            tokens: self.tokens.clone(),
            memory: spec.memory.clone(),
        };
        let response = match self.hooks.before_model_call.dispatch(&mut before).await? {
            Some(BeforeModelAction::Intercept(response)) => response,
            Some(BeforeModelAction::Refuse(reason)) => return Err(SessionError::Refused(reason)),
            _ => self.model.complete(&before.request).await?,
        };
        let mut after = AfterModelCall {
            role: spec.role,
            task: spec.task.clone(),
            response,
        };
        let rejected = self.hooks.after_model_call.dispatch(&mut after).await?;
        if let Some(AfterModelAction::Reject(reason)) = rejected {
            let role = spec.role;
            return Err(SessionError::Rejected { role, reason });
        }
        Ok(after.response)
    }

    /// What a hook says to a turn that is about to end, if it is to go on.
    async fn finished(
        &self,
        spec: &SessionSpec,
        end: &TurnEnd,
        continued: usize,
    ) -> Result<Option<String>, SessionError> {
        let mut turn = TurnFinished {
            role: spec.role,
            task: spec.task.clone(),
            end: end.clone(),
            continued,
            prompt: None,
        };
        let stopped = self.hooks.turn_finished.dispatch(&mut turn).await?;
        if let Some(TurnAction::Stop(reason)) = stopped {
            let role = spec.role;
            return Err(SessionError::Rejected { role, reason });
        }
        Ok(turn.prompt)
    }

    async fn call(
        &self,
        spec: &SessionSpec,
        call: ToolCall,
    ) -> Result<Result<Value, String>, SessionError> {
        let Some(effect) = spec.tools.effect(&call.name) else {
            // The registry's own words name the tools that there are.
            let result = spec
                .tools
                .call(&call.name, &spec.context, call.arguments)
                .await;
            return Ok(result.map_err(|error| error_text(&error)));
        };
        let mut before = BeforeToolCall {
            role: spec.role,
            task: spec.task.clone(),
            tool: call.name.clone(),
            effect,
            arguments: call.arguments,
        };
        if let Some(BeforeToolAction::Block(reason)) =
            self.hooks.before_tool_call.dispatch(&mut before).await?
        {
            return Ok(Err(reason));
        }
        spec.watcher.intends(&call.name, effect)?;
        let result = spec
            .tools
            .call(&call.name, &spec.context, before.arguments)
            .await;
        let mut after = AfterToolCall {
            role: spec.role,
            task: spec.task.clone(),
            tool: call.name.clone(),
            result: result.map_err(|error| error_text(&error)),
        };
        let replaced = self.hooks.after_tool_call.dispatch(&mut after).await?;
        let result = match replaced {
            Some(AfterToolAction::Replace(result)) => result,
            _ => after.result,
        };
        // Now that the hooks have hidden what nobody is to see: the rest of a long one is written down.
        let outputs = &spec.context.outputs;
        let result =
            result.and_then(|answer| outputs.fit(answer).map_err(|error| error_text(&error)));
        spec.watcher.ended(&call.name, &result)?;
        Ok(result)
    }
}

/// An error with everything that caused it: a model sees only this.
fn error_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[async_trait]
impl SessionBackend for NativeBackend {
    async fn create(&self, mut spec: SessionSpec) -> Result<SessionId, SessionError> {
        spec.context.outputs = self.outputs();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let id = SessionId(format!("{}-{number}", spec.role));
        self.lock().insert(id.clone(), Some(spec));
        Ok(id)
    }

    async fn prompt(
        &self,
        session: &SessionId,
        prompt: String,
        accept: &(dyn for<'a> Fn(&'a Value) -> Result<(), String> + Sync),
    ) -> Result<Turn, SessionError> {
        let spec = self.lock().get(session).cloned().flatten();
        let spec = spec.ok_or_else(|| SessionError::Unknown(session.0.clone()))?;
        let role = spec.role;
        let mut run = AgentRun::new(
            role.instructions().to_owned(),
            spec.tools.specs(),
            role.report(),
            prompt,
            MAX_MODEL_CALLS,
        );
        let mut continued = 0;
        loop {
            match run.next_step() {
                AgentStep::CallModel(request) => {
                    run.model_answered(self.complete(&spec, request).await?);
                }
                AgentStep::CallTools(calls) => {
                    let mut results = Vec::with_capacity(calls.len());
                    for call in calls {
                        results.push(self.call(&spec, call).await?);
                    }
                    run.tools_answered(results);
                }
                AgentStep::CheckReport(report) => run.report_checked(accept(&report)),
                AgentStep::Done(end) => {
                    if let Some(prompt) = self.finished(&spec, &end, continued).await? {
                        // What has reported, or has no calls left, stays as it is.
                        if matches!(end, TurnEnd::Silent(_)) {
                            continued += 1;
                            run.go_on(prompt);
                            continue;
                        }
                    }
                    return match end {
                        TurnEnd::Reported(report) => Ok(Turn {
                            report,
                            model_calls: run.model_calls(),
                            tool_calls: run.tool_calls(),
                            usage: run.usage(),
                        }),
                        TurnEnd::Silent(words) => Err(SessionError::Silent { role, words }),
                        TurnEnd::OutOfCalls(calls) => Err(SessionError::OutOfCalls { role, calls }),
                    };
                }
            }
        }
    }

    async fn reset(&self, session: &SessionId) -> Result<bool, SessionError> {
        let unknown = || SessionError::Unknown(session.0.clone());
        let of = self.lock().get(session).cloned().ok_or_else(unknown)?;
        if let Some(spec) = of {
            let mut reset = SessionReset {
                role: spec.role,
                task: spec.task,
            };
            // Whoever discards it keeps it from being used again: it is not reset.
            if self
                .hooks
                .session_reset
                .dispatch(&mut reset)
                .await?
                .is_some()
            {
                return Ok(false);
            }
        }
        let task = std::mem::take(self.lock().get_mut(session).ok_or_else(unknown)?);
        // Its drop is others' code.
        drop(task);
        Ok(true)
    }

    async fn assign(&self, session: &SessionId, mut spec: SessionSpec) -> Result<(), SessionError> {
        spec.context.outputs = self.outputs();
        match self.lock().get_mut(session) {
            None => Err(SessionError::Unknown(session.0.clone())),
            Some(Some(_)) => Err(SessionError::NotReset(session.0.clone())),
            Some(free) => {
                *free = Some(spec);
                Ok(())
            }
        }
    }

    async fn delete(&self, session: &SessionId) {
        self.lock().remove(session);
    }
}

#[cfg(test)]
mod tests;
