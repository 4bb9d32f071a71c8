//! Events around a model call.

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, HookFailure};

use super::unanswered;
use crate::mission_memory::MissionMemory;
use crate::model::{ModelRequest, ModelResponse};
use crate::role::Role;
use crate::tokens::Tokens;

/// A model is about to be asked.
#[derive(Debug, Clone)]
pub struct BeforeModelCall {
    /// The role that asks.
    pub role: Role,
    /// The item that it works on, if one.
    pub task: Option<String>,
    /// What it asks; a hook may rewrite it.
    pub request: ModelRequest,
    /// How many tokens the model takes, its answer included, if that is known.
    pub context_window: Option<usize>,
    /// Counts what the request costs the model.
    pub tokens: Tokens,
    /// What the mission remembers, where the session is to be told of it.
    pub memory: Option<MissionMemory>,
}

/// What a hook can do about a prompt.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BeforeModelAction {
    /// Let it go out.
    Send,
    /// Send this instead. Later hooks see it too; what the session remembers stays as it was.
    Rewrite(ModelRequest),
    /// Send nothing: this is the answer.
    Intercept(ModelResponse),
    /// Send nothing: the turn ends, and this is why.
    Refuse(String),
}

impl Event for BeforeModelCall {
    type Action = BeforeModelAction;
    const NAME: &'static str = "before_model_call";

    fn apply(&mut self, action: BeforeModelAction) -> ControlFlow<BeforeModelAction> {
        match action {
            BeforeModelAction::Send => ControlFlow::Continue(()),
            BeforeModelAction::Rewrite(request) => {
                self.request = request;
                ControlFlow::Continue(())
            }
            end => ControlFlow::Break(end),
        }
    }

    /// What a hook should have redacted may be in the prompt: it does not go out.
    fn on_failure(&self, failure: &HookFailure) -> Option<BeforeModelAction> {
        Some(BeforeModelAction::Refuse(unanswered(failure)))
    }
}

/// A model has answered; the session has not taken the answer yet.
#[derive(Debug, Clone)]
pub struct AfterModelCall {
    /// The role that asked.
    pub role: Role,
    /// The item that it works on, if one.
    pub task: Option<String>,
    /// The answer; a hook may replace it.
    pub response: ModelResponse,
}

/// What a hook can do about an answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AfterModelAction {
    /// Take it.
    Take,
    /// Take this instead. Later hooks see it too.
    Replace(ModelResponse),
    /// Take nothing: the turn ends, and this is why. Another attempt may do better.
    Reject(String),
}

impl Event for AfterModelCall {
    type Action = AfterModelAction;
    const NAME: &'static str = "after_model_call";

    fn apply(&mut self, action: AfterModelAction) -> ControlFlow<AfterModelAction> {
        match action {
            AfterModelAction::Take => ControlFlow::Continue(()),
            AfterModelAction::Replace(response) => {
                self.response = response;
                ControlFlow::Continue(())
            }
            reject @ AfterModelAction::Reject(_) => ControlFlow::Break(reject),
        }
    }
}
