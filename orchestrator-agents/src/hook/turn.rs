//! Events at the end of a turn and of a session's task.

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, HookFailure};

use super::unanswered;
use crate::agent_run::TurnEnd;
use crate::role::Role;

/// A turn is about to end.
#[derive(Debug, Clone)]
pub struct TurnFinished {
    /// Whose turn it is.
    pub role: Role,
    /// The item that it works on, if one.
    pub task: Option<String>,
    /// How it would end.
    pub end: TurnEnd,
    /// How often a hook has had it go on already.
    pub continued: usize,
    /// What the model is to be told, if it is to go on.
    pub prompt: Option<String>,
}

/// What a hook can do about the end of a turn.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum TurnAction {
    /// Let it end.
    End,
    /// Have the model go on with this prompt, within the calls that the turn has left. Later
    /// hooks may say something else.
    Inject(String),
    /// End the turn as failed, and this is why.
    Stop(String),
}

impl Event for TurnFinished {
    type Action = TurnAction;
    const NAME: &'static str = "turn_finished";

    fn apply(&mut self, action: TurnAction) -> ControlFlow<TurnAction> {
        match action {
            TurnAction::End => ControlFlow::Continue(()),
            TurnAction::Inject(prompt) => {
                self.prompt = Some(prompt);
                ControlFlow::Continue(())
            }
            stop @ TurnAction::Stop(_) => ControlFlow::Break(stop),
        }
    }
}

/// A session is about to be reset, to be given another task.
#[derive(Debug, Clone)]
pub struct SessionReset {
    /// The session's role.
    pub role: Role,
    /// The item that it has worked on, if one.
    pub task: Option<String>,
}

/// What a hook can do about a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionResetAction {
    /// Reset it, and use it again if that is proven.
    Reset,
    /// Do not use it again, and this is why.
    Discard(String),
}

impl Event for SessionReset {
    type Action = SessionResetAction;
    const NAME: &'static str = "session_reset";

    fn apply(&mut self, action: SessionResetAction) -> ControlFlow<SessionResetAction> {
        match action {
            SessionResetAction::Reset => ControlFlow::Continue(()),
            discard @ SessionResetAction::Discard(_) => ControlFlow::Break(discard),
        }
    }

    /// What a hook should have cleaned up may be there still.
    fn on_failure(&self, failure: &HookFailure) -> Option<SessionResetAction> {
        Some(SessionResetAction::Discard(unanswered(failure)))
    }
}
