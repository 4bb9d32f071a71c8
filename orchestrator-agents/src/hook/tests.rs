//! The hooks that come along.

use orchestrator_memory::{NewEntry, Tier};
use orchestrator_tools::Effect;
use serde_json::{Value, json};

use super::*;
use crate::mission_memory::MissionMemory;
use crate::model::{Message, ModelRequest, ModelResponse};
use crate::role::Role;
use crate::tokens::Tokens;

fn call(role: Role, effect: Effect, arguments: Value) -> BeforeToolCall {
    BeforeToolCall {
        role,
        task: None,
        tool: "run".into(),
        effect,
        arguments,
    }
}

fn asks(messages: Vec<Message>) -> BeforeModelCall {
    BeforeModelCall {
        role: Role::Worker,
        task: Some("t1".into()),
        request: ModelRequest {
            instructions: "Work.".into(),
            messages,
            tools: Vec::new(),
        },
        context_window: None,
        tokens: Tokens::default(),
        memory: None,
    }
}

fn says(text: &str) -> Message {
    Message::User { text: text.into() }
}

/// An answer of a model that calls a tool, and what the tool gives: so many tokens.
fn called(tokens: usize) -> [Message; 2] {
    let answer = Message::Assistant {
        text: String::new(),
        calls: Vec::new(),
    };
    let result = Message::Tool {
        id: "1".into(),
        name: "read".into(),
        result: Ok("abc".repeat(tokens).into()),
    };
    [answer, result]
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
    let mut before = asks(Vec::new());
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

/// What must be there, what is in focus, and nothing else; and the redactor sees it.
#[tokio::test]
async fn a_session_is_told_what_the_mission_remembers() {
    let secret = ("TOKEN".to_owned(), "correct horse battery".to_owned());
    let hooks = Hooks::with_redactor(Redactor::new([secret])).unwrap();
    let memory = MissionMemory::default();
    memory.remember(NewEntry::new(Tier::System, "speak plainly"));
    let parser = "the parser was rejected: correct horse battery";
    memory.remember(NewEntry::new(Tier::Mission, parser).importance(0.4));
    memory.remember(NewEntry::new(Tier::Mission, "the lexer was slow").importance(0.0));
    memory.remember(NewEntry::for_task("t2", "parser notes"));

    let mut ask = asks(vec![says("mend the parser")]);
    hooks.before_model_call.dispatch(&mut ask).await.unwrap();
    assert_eq!(ask.request.messages.len(), 1, "it was not to be told");

    ask.memory = Some(memory.clone());
    hooks.before_model_call.dispatch(&mut ask).await.unwrap();
    let [asked, Message::User { text }] = &ask.request.messages[..] else {
        panic!("{ask:?}");
    };
    assert_eq!(*asked, says("mend the parser"));
    for words in ["speak plainly", "parser was rejected", "[redacted: TOKEN]"] {
        assert!(text.contains(words), "{words} in {text}");
    }
    for words in ["lexer", "notes", "battery"] {
        assert!(!text.contains(words), "{words} in {text}");
    }
    // It stays in focus when the talk moves on, for a while.
    let mut told = Vec::new();
    for _ in 0..40 {
        let mut ask = asks(vec![says("something else")]);
        ask.memory = Some(memory.clone());
        hooks.before_model_call.dispatch(&mut ask).await.unwrap();
        let Some(Message::User { text }) = ask.request.messages.last() else {
            panic!("{ask:?}");
        };
        told.push(text.contains("parser was rejected"));
    }
    let turns = told.iter().take_while(|is_told| **is_told).count();
    assert!((10..35).contains(&turns), "{turns}");
    assert!(told[turns..].iter().all(|is_told| !is_told), "{told:?}");
}

/// An objective of a page leaves no room, and is there all the same.
#[tokio::test]
async fn what_must_be_remembered_is_beyond_any_budget() {
    let hooks = Hooks::standard().unwrap();
    let memory = MissionMemory::default();
    memory.remember(NewEntry::new(Tier::System, "objective ".repeat(1_000)));
    memory.remember(NewEntry::new(Tier::Mission, "mend it"));
    let mut ask = asks(vec![says("mend it")]);
    ask.memory = Some(memory);
    let answer = hooks.before_model_call.dispatch(&mut ask).await.unwrap();
    assert_eq!(answer, None);
    let Some(Message::User { text }) = ask.request.messages.last() else {
        panic!("{ask:?}");
    };
    assert!(text.contains("objective") && !text.contains("mend"));
}

fn sizes(request: &ModelRequest) -> Vec<usize> {
    let texts = request.messages.iter().filter_map(|message| match message {
        Message::Tool {
            result: Ok(text), ..
        } => text.as_str(),
        _ => None,
    });
    texts.map(|text| text.len() / 3).collect()
}

#[tokio::test]
async fn a_long_conversation_is_shortened_for_the_model() {
    let hooks = Hooks::standard().unwrap();
    let mut conversation = vec![says("go")];
    let mut last: Option<Vec<usize>> = None;
    let (mut left_out, mut changes) = (0, 0);
    for call in 1..=40 {
        conversation.extend(called(500));
        let mut ask = asks(conversation.clone());
        ask.context_window = Some(8_000);
        hooks.before_model_call.dispatch(&mut ask).await.unwrap();
        let sizes = sizes(&ask.request);
        assert_eq!(sizes.len(), call, "none is missing");
        assert!(
            sizes.iter().sum::<usize>() <= 6_000 + 30 * call,
            "{sizes:?}"
        );
        assert_eq!(sizes.last(), Some(&500), "the model has not seen it yet");
        let out = sizes.iter().take_while(|size| **size < 500).count();
        assert!(sizes[out..].iter().all(|size| *size == 500), "{sizes:?}");
        assert!(out >= left_out);
        if let Some(last) = &last {
            changes += usize::from(sizes[..call - 1] != last[..]);
        }
        (left_out, last) = (out, Some(sizes));
    }
    assert!(left_out > 20);
    assert!(changes <= 12, "the beginning has changed {changes} times");

    // A model without a bound, or of which nothing is known, is sent all.
    let mut ask = asks(conversation);
    hooks.before_model_call.dispatch(&mut ask).await.unwrap();
    assert_eq!(sizes(&ask.request), [500; 40]);
}

/// A request is measured in the model's own tokens, where they are known.
#[tokio::test]
async fn a_known_vocabulary_has_more_room() {
    let hooks = Hooks::standard().unwrap();
    let text = "the quick brown fox jumps over the lazy dog ".repeat(100);
    let mut shortened = Vec::new();
    for model in ["gpt-4o", "unheard-of"] {
        let mut messages = vec![says("go")];
        let result = Ok(Value::String(text.clone()));
        let [answer, _] = called(1);
        let (id, name) = (String::new(), "run".to_owned());
        messages.extend([answer.clone(), Message::Tool { id, name, result }, answer]);
        let mut ask = asks(messages.clone());
        // 900 tokens of the model; by an estimate nearly 1,500.
        ask.tokens = Tokens::of_model(model);
        ask.context_window = Some(1_400);
        hooks.before_model_call.dispatch(&mut ask).await.unwrap();
        shortened.push(ask.request.messages != messages);
    }
    assert_eq!(shortened, [false, true]);
}

/// What cannot be shortened goes out as it is: the model knows best what it can take.
#[tokio::test]
async fn what_the_model_has_not_seen_is_not_left_out() {
    let hooks = Hooks::standard().unwrap();
    let mut messages = vec![says("go")];
    messages.extend(called(5_000));
    let mut ask = asks(messages.clone());
    ask.context_window = Some(1_000);
    let answer = hooks.before_model_call.dispatch(&mut ask).await.unwrap();
    assert_eq!(answer, None);
    assert_eq!(ask.request.messages, messages);
}
