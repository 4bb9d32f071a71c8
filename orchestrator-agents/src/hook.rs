//! The events that hooks can react to, and the hooks that come along.

use std::ops::ControlFlow;

use orchestrator_hooks::{Event, Hook, HookFailure, HookRegistry, Phase, RegisterError};
use orchestrator_tools::Effect;
use serde_json::Value;

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
        Some(BeforeToolAction::Block(format!(
            "not allowed, because the {failure}"
        )))
    }
}

/// A tool call has ended; the model has not seen the result yet.
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
}

/// The hook registries of one orchestrator, one for each kind of event.
pub struct Hooks {
    /// Before each tool call.
    pub before_tool_call: HookRegistry<BeforeToolCall>,
    /// After each tool call.
    pub after_tool_call: HookRegistry<AfterToolCall>,
}

impl Hooks {
    /// The registries with the hooks that every mission has:
    ///
    /// - `role-guard` (before a tool call, early): a role that may not write
    ///   never calls a tool that changes something, whatever tools it was given.
    ///
    /// # Errors
    /// Never in practice: the names are distinct.
    pub fn standard() -> Result<Self, RegisterError> {
        let before_tool_call = HookRegistry::new();
        let guard = Hook::new("role-guard", |call: &BeforeToolCall| {
            if call.effect == Effect::Pure || call.role.may_write() {
                BeforeToolAction::Allow
            } else {
                BeforeToolAction::Block(format!(
                    "a {} may not call `{}`: its effect is {}",
                    call.role, call.tool, call.effect
                ))
            }
        });
        before_tool_call.register(guard.phase(Phase::Early))?.keep();
        Ok(Self {
            before_tool_call,
            after_tool_call: HookRegistry::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_workers_write() {
        let hooks = Hooks::standard().unwrap();
        for (role, effect, allowed) in [
            (Role::Planner, Effect::Pure, true),
            (Role::Planner, Effect::Compensatable, false),
            (Role::Reviewer, Effect::Unsafe, false),
            (Role::Worker, Effect::Compensatable, true),
        ] {
            let mut call = BeforeToolCall {
                role,
                task: None,
                tool: "rename".into(),
                effect,
                arguments: Value::Null,
            };
            let answer = hooks.before_tool_call.dispatch(&mut call).await.unwrap();
            assert_eq!(answer.is_none(), allowed, "{role} {effect}");
        }
    }
}
