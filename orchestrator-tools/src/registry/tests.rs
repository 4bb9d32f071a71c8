//! What a registry takes, refuses and passes on.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::tool::{ToolInfo, tool_fn};
use crate::{Outputs, Worktree};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Numbers {
    /// What is added up.
    numbers: Vec<u8>,
    #[serde(default)]
    twice: bool,
}

fn context() -> ToolContext {
    ToolContext::new(
        Worktree::new("/nowhere"),
        "/nowhere",
        CancellationToken::new(),
    )
}

fn info(name: &str) -> ToolInfo {
    ToolInfo::new(name, "Adds numbers.", Effect::Pure)
}

fn sum(name: &str) -> impl Tool {
    tool_fn(info(name), |_: ToolContext, input: Numbers| async move {
        let sum: u32 = input.numbers.iter().map(|number| u32::from(*number)).sum();
        Ok(if input.twice { 2 * sum } else { sum })
    })
}

#[tokio::test]
async fn arguments_are_checked_before_the_call_and_all_that_is_wrong_is_told() {
    let mut registry = ToolRegistry::new();
    registry.register(sum("sum")).unwrap();
    let call = |arguments| {
        let registry = registry.clone();
        async move { registry.call("sum", &context(), arguments).await }
    };
    assert_eq!(
        call(json!({"numbers": [1, 2], "twice": true}))
            .await
            .unwrap(),
        6
    );
    let error = call(json!({"numbers": [1, "two", 300], "thrice": 1}))
        .await
        .unwrap_err();
    let text = error.to_string();
    for part in [
        "sum",
        "/numbers/1",
        "\"two\"",
        "/numbers/2",
        "'thrice' was unexpected",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    for arguments in [json!(null), json!([]), json!("x"), json!({})] {
        let error = call(arguments).await;
        assert!(matches!(error, Err(ToolError::Arguments { .. })));
    }
}

#[test]
fn a_schema_is_what_a_model_is_shown() {
    let mut registry = ToolRegistry::new();
    registry.register(sum("sum")).unwrap();
    let [spec] = &registry.specs()[..] else {
        panic!("one tool");
    };
    let schema = &spec.input_schema;
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["numbers"]));
    assert_eq!(
        schema["properties"]["numbers"]["description"],
        "What is added up."
    );
    assert!(schema.get("$schema").is_none() && schema.get("title").is_none());
    assert_eq!(registry.output_schema("sum").unwrap()["type"], "integer");
}

#[test]
fn names_are_what_providers_take_and_nobody_shadows_another() {
    let mut registry = ToolRegistry::new();
    registry.register(sum("sum")).unwrap();
    registry.register_in("mcp", sum("sum")).unwrap();
    for (namespace, name) in [("", "sum"), ("mcp", "sum")] {
        let again = match namespace {
            "" => registry.register(sum(name)),
            _ => registry.register_in(namespace, sum(name)),
        };
        assert!(matches!(again, Err(RegistryError::Duplicate { .. })));
    }
    let long = "x".repeat(65);
    for name in ["", "a b", "a.b", "mcp__other", "ü", &long] {
        let error = registry.register(sum(name));
        assert!(matches!(error, Err(RegistryError::Name { .. })), "{name}");
    }
    for (namespace, name) in [("", "x"), ("a__b", "x"), ("a", "b__x"), ("a b", "x")] {
        let error = registry.register_in(namespace, sum(name));
        assert!(
            matches!(error, Err(RegistryError::Name { .. })),
            "{namespace} {name}"
        );
    }
}

#[test]
fn a_subset_never_grows() {
    let mut registry = ToolRegistry::new();
    for name in ["a", "b"] {
        registry.register(sum(name)).unwrap();
        registry.register_in("mcp", sum(name)).unwrap();
    }
    let names = |registry: &ToolRegistry| {
        registry
            .specs()
            .into_iter()
            .map(|spec| spec.name)
            .collect::<Vec<_>>()
    };
    let of_mcp = registry.allow(["mcp__*"]).unwrap();
    assert_eq!(names(&of_mcp), ["mcp__a", "mcp__b"]);
    assert!(matches!(
        of_mcp.allow(["a"]),
        Err(RegistryError::Unknown { .. })
    ));
    let one = registry.allow(["a", "mcp__b"]).unwrap();
    assert_eq!(names(&one), ["a", "mcp__b"]);
    assert_eq!(names(&one.allow(["mcp__*"]).unwrap()), ["mcp__b"]);
    for none in ["*", "m*", "other__*", "a*", ""] {
        assert!(registry.allow([none]).is_err(), "{none}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_and_no_more_run_at_once_than_may() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}

    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, high) = (Arc::clone(&running), Arc::clone(&most));
    let mut registry = ToolRegistry::new();
    let limited = info("work").with_concurrency(2);
    let work = tool_fn(limited, move |_: ToolContext, _: Nothing| {
        let (now, high) = (Arc::clone(&now), Arc::clone(&high));
        async move {
            high.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    registry.register(work).unwrap();
    let slow = info("slow").with_deadline(Duration::from_secs(5));
    let slow = tool_fn(slow, |_: ToolContext, _: Nothing| async move {
        std::future::pending::<()>().await;
        Ok(())
    });
    registry.register(slow).unwrap();

    let context = context();
    let calls = (0..6).map(|_| registry.call("work", &context, json!({})));
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    let error = registry
        .call("slow", &context, json!({}))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("5s"), "{error}");
    context.cancel.cancel();
    let error = registry.call("slow", &context, json!({})).await;
    assert!(matches!(error, Err(ToolError::Cancelled)));
}

#[tokio::test]
async fn a_long_answer_is_given_in_pages() {
    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}

    let mut registry = ToolRegistry::new();
    let long = tool_fn(info("long"), |_: ToolContext, _: Nothing| async move {
        Ok("x".repeat(1_000))
    });
    registry.register(long).unwrap();
    registry.register(crate::ReadOutputTool).unwrap();
    let mut context = context();
    context.outputs = Outputs::capped(400);
    let answer = registry.call("long", &context, json!({})).await.unwrap();
    let first = context.outputs.fit(answer).unwrap();
    assert_eq!(first["bytes"], 1_000);
    let more = json!({"output": first["output"], "offset": first["next"]});
    let rest = registry.call("read_output", &context, more).await.unwrap();
    assert!(rest["text"].as_str().unwrap().starts_with('x'));
    let error = registry
        .call("read_output", &context, json!({"output": "o9"}))
        .await;
    assert!(error.unwrap_err().to_string().contains("`o9`"));
}
