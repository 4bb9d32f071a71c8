//! The hooks that come along.

use orchestrator_tools::Effect;
use serde_json::{Value, json};

use super::*;
use crate::model::{Message, ModelRequest, ModelResponse};
use crate::role::Role;

fn call(role: Role, effect: Effect, arguments: Value) -> BeforeToolCall {
    BeforeToolCall {
        role,
        task: None,
        tool: "run".into(),
        effect,
        arguments,
    }
}

async fn is_allowed(mut call: BeforeToolCall) -> bool {
    let hooks = Hooks::standard().unwrap();
    let answer = hooks.before_tool_call.dispatch(&mut call).await.unwrap();
    answer.is_none()
}

#[tokio::test]
async fn only_workers_write() {
    for (role, effect, allowed) in [
        (Role::Planner, Effect::Pure, true),
        (Role::Planner, Effect::Compensatable, false),
        (Role::Reviewer, Effect::Unsafe, false),
        (Role::Worker, Effect::Compensatable, true),
    ] {
        let call = call(role, effect, Value::Null);
        assert_eq!(is_allowed(call).await, allowed, "{role} {effect}");
    }
}

#[tokio::test]
async fn nobody_destroys() {
    for (arguments, allowed) in [
        (json!({"command": "cargo test"}), true),
        (json!({"command": "true && git push --force"}), false),
        (json!({"command": ["sh", "-c", "rm -rf 'a b'"]}), false),
        (
            json!({"command": ["git", "commit", "-m", "it's not rm -rf"]}),
            true,
        ),
        (json!({"pattern": "rm -rf $A"}), true),
    ] {
        let call = call(Role::Worker, Effect::Unsafe, arguments.clone());
        assert_eq!(is_allowed(call).await, allowed, "{arguments}");
    }
}

/// A guard that crashes, hangs or is disabled refuses.
#[tokio::test]
async fn a_guard_that_fails_has_not_allowed_anything() {
    let hooks = Hooks::standard().unwrap();
    let broken = Hook::new("broken", |_: &BeforeToolCall| panic!("on purpose"));
    hooks.before_tool_call.register(broken).unwrap().keep();
    let mut call = call(Role::Worker, Effect::Pure, Value::Null);
    let answer = hooks.before_tool_call.dispatch(&mut call).await.unwrap();
    assert_eq!(
        answer,
        Some(BeforeToolAction::Block(
            "not allowed, because the hook `broken` of event `before_tool_call` panicked: on purpose"
                .into()
        ))
    );
}

#[tokio::test]
async fn secrets_reach_neither_models_nor_journals() {
    let secret = ("TOKEN".to_owned(), "correct horse battery".to_owned());
    let hooks = Hooks::with_redactor(Redactor::new([secret])).unwrap();
    let mut after = AfterToolCall {
        role: Role::Worker,
        task: None,
        tool: "read".into(),
        result: Ok(json!({"text": "the correct horse battery staple"})),
    };
    hooks.after_tool_call.dispatch(&mut after).await.unwrap();
    assert_eq!(
        after.result,
        Ok(json!({"text": "the [redacted: TOKEN] staple"}))
    );

    // Also what another hook has put in.
    let careless = Hook::new("careless", |call: &BeforeModelCall| {
        let mut request = call.request.clone();
        request.messages.push(Message::User {
            text: "use correct horse battery".into(),
        });
        BeforeModelAction::Rewrite(request)
    });
    hooks.before_model_call.register(careless).unwrap().keep();
    let mut before = BeforeModelCall {
        role: Role::Worker,
        task: None,
        request: ModelRequest {
            instructions: String::new(),
            messages: Vec::new(),
            tools: Vec::new(),
        },
    };
    hooks.before_model_call.dispatch(&mut before).await.unwrap();
    let text = "use [redacted: TOKEN]".to_owned();
    assert_eq!(before.request.messages, [Message::User { text }]);
}

#[tokio::test]
async fn what_was_asked_for_is_counted() {
    let hooks = Hooks::standard().unwrap();
    for (tool, result) in [
        ("lint", Ok(Value::Null)),
        ("lint", Err("no".into())),
        ("rename", Ok(Value::Null)),
    ] {
        let mut after = AfterToolCall {
            role: Role::Worker,
            task: None,
            tool: tool.into(),
            result,
        };
        hooks.after_tool_call.dispatch(&mut after).await.unwrap();
    }
    let mut blocked = call(Role::Reviewer, Effect::Unsafe, Value::Null);
    hooks.before_tool_call.dispatch(&mut blocked).await.unwrap();
    let mut after = AfterModelCall {
        role: Role::Worker,
        task: None,
        response: ModelResponse::default(),
    };
    after.response.usage.output_tokens = 7;
    // It is empty, so it is rejected, and has cost tokens all the same.
    hooks.after_model_call.dispatch(&mut after).await.unwrap();
    let metrics = hooks.metrics();
    assert_eq!(
        (
            metrics.model_calls,
            metrics.output_tokens,
            metrics.blocked_tool_calls
        ),
        (1, 7, 1)
    );
    let tools = metrics
        .tools
        .iter()
        .map(|(name, tool)| (&**name, tool.calls, tool.failed));
    assert_eq!(
        tools.collect::<Vec<_>>(),
        [("lint", 2, 1), ("rename", 1, 0)]
    );
}

#[tokio::test]
async fn an_answer_of_no_use_is_rejected() {
    let hooks = Hooks::standard().unwrap();
    let mut after = AfterModelCall {
        role: Role::Worker,
        task: None,
        response: ModelResponse::default(),
    };
    let answer = hooks.after_model_call.dispatch(&mut after).await.unwrap();
    assert!(matches!(answer, Some(AfterModelAction::Reject(why)) if why.contains("empty")));
}

#[tokio::test]
async fn the_silent_are_asked_once_more() {
    let hooks = Hooks::standard().unwrap();
    for (end, continued, goes_on) in [
        (TurnEnd::Silent("done!".into()), 0, true),
        (TurnEnd::Silent("done!".into()), 1, false),
        (TurnEnd::Reported(Value::Null), 0, false),
        (TurnEnd::OutOfCalls(9), 0, false),
    ] {
        let mut turn = TurnFinished {
            role: Role::Worker,
            task: None,
            end,
            continued,
            prompt: None,
        };
        hooks.turn_finished.dispatch(&mut turn).await.unwrap();
        assert_eq!(turn.prompt.is_some(), goes_on, "{turn:?}");
    }
}
