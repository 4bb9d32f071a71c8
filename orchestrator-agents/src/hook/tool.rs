//! Events around a tool call.

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, HookFailure};
use orchestrator_tools::Effect;
use serde_json::Value;

use super::unanswered;
use crate::role::Role;

/// A tool is about to be called.
#[derive(Debug, Clone)]
pub struct BeforeToolCall {
    /// The caller's role.
    pub role: Role,
    /// The item that it works on, if one.
    pub task: Option<String>,
    /// The tool.
    pub tool: String,
    /// What repeating the call would do.
    pub effect: Effect,
    /// The arguments; a hook may modify them.
    pub arguments: Value,
}

/// What a hook can do about a tool call.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BeforeToolAction {
    /// Let it go on.
    Allow,
    /// Let it go on with other arguments.
    Modify(Value),
    /// Keep it from happening; the model is told why.
    Block(String),
}

impl Event for BeforeToolCall {
    type Action = BeforeToolAction;
    const NAME: &'static str = "before_tool_call";

    fn apply(&mut self, action: BeforeToolAction) -> ControlFlow<BeforeToolAction> {
        match action {
            BeforeToolAction::Allow => ControlFlow::Continue(()),
            BeforeToolAction::Modify(arguments) => {
                self.arguments = arguments;
                ControlFlow::Continue(())
            }
            block @ BeforeToolAction::Block(_) => ControlFlow::Break(block),
        }
    }

    /// A guard that failed has not allowed anything.
    fn on_failure(&self, failure: &HookFailure) -> Option<BeforeToolAction> {
        Some(BeforeToolAction::Block(unanswered(failure)))
    }
}

/// A tool call has ended; the model has not seen the result yet, and nobody has written it down.
#[derive(Debug, Clone)]
pub struct AfterToolCall {
    /// The caller's role.
    pub role: Role,
    /// The item that it works on, if one.
    pub task: Option<String>,
    /// The tool.
    pub tool: String,
    /// The result; a hook may replace it.
    pub result: Result<Value, String>,
}

/// What a hook can do about a tool's result.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AfterToolAction {
    /// Leave it.
    Keep,
    /// Show the model this instead. Later hooks see it too.
    Replace(Result<Value, String>),
}

impl Event for AfterToolCall {
    type Action = AfterToolAction;
    const NAME: &'static str = "after_tool_call";

    fn apply(&mut self, action: AfterToolAction) -> ControlFlow<AfterToolAction> {
        if let AfterToolAction::Replace(result) = action {
            self.result = result;
        }
        ControlFlow::Continue(())
    }

    /// What a hook should have redacted may be in the result: nobody sees it.
    fn on_failure(&self, failure: &HookFailure) -> Option<AfterToolAction> {
        Some(AfterToolAction::Replace(Err(unanswered(failure))))
    }
}
