//! What a model is given of a tool's answer that is too long.

use std::collections::VecDeque;

use orchestrator_tools::{
    Effect, ReadOutputTool, ToolContext, ToolInfo, ToolRegistry, Worktree, tool_fn,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::*;
use crate::hook::Redactor;
use crate::model::{Message, ModelError};
use crate::role::Role;
use crate::session::Deaf;

const SECRET: &str = "tr0ub4dor-and-three-more";

/// Calls these tools one after the other, with what the last answer says of the next part.
struct Reader {
    calls: Mutex<VecDeque<&'static str>>,
    seen: Mutex<Vec<Value>>,
}

#[async_trait]
impl LanguageModel for Reader {
    fn name(&self) -> &str {
        "reader"
    }

    fn context_window(&self) -> Option<usize> {
        Some(4_000)
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelResponse, ModelError> {
        let last = match request.messages.last() {
            Some(Message::Tool { result, .. }) => result.clone().unwrap(),
            _ => Value::Null,
        };
        self.seen.lock().unwrap().push(last.clone());
        let name = self.calls.lock().unwrap().pop_front().unwrap();
        let arguments = match name {
            "read_output" => json!({"output": last["output"], "offset": last["next"]}),
            "submit_verdict" => json!({"approved": true, "findings": []}),
            _ => json!({}),
        };
        Ok(ModelResponse {
            calls: vec![ToolCall {
                id: "1".into(),
                name: name.into(),
                arguments,
            }],
            ..ModelResponse::default()
        })
    }
}

#[derive(Deserialize, JsonSchema)]
struct Nothing {}

/// A secret lies across every border between pages that there could be; none of it is shown or written.
#[tokio::test]
async fn a_long_answer_is_paged_after_secrets_are_hidden() {
    let model = Arc::new(Reader {
        calls: Mutex::new(["dump", "read_output", "submit_verdict"].into()),
        seen: Mutex::default(),
    });
    let hooks =
        Hooks::with_redactor(Redactor::new([("A_TOKEN".to_owned(), SECRET.to_owned())])).unwrap();
    let backend = NativeBackend::new(
        Arc::clone(&model) as Arc<dyn LanguageModel>,
        Arc::new(hooks),
    );
    let mut tools = ToolRegistry::new();
    let info = ToolInfo::new("dump", "Dumps all.", Effect::Pure);
    let dump = tool_fn(info, |_: ToolContext, _: Nothing| async {
        Ok(SECRET.repeat(500))
    });
    tools.register(dump).unwrap();
    tools.register(ReadOutputTool).unwrap();
    let spec = SessionSpec {
        role: Role::Reviewer,
        task: None,
        tools,
        context: ToolContext::new(Worktree::new("/nowhere"), "/nowhere", Default::default()),
        memory: None,
        watcher: Arc::new(Deaf),
    };
    let session = backend.create(spec).await.unwrap();
    backend
        .prompt(&session, "Read it.".into(), &|_| Ok(()))
        .await
        .unwrap();

    let seen = model.seen.lock().unwrap();
    let [_, first, second] = &seen[..] else {
        panic!("{seen:?}");
    };
    let whole = first["bytes"].as_u64().unwrap();
    let shown = first["text"].as_str().unwrap();
    assert!(shown.len() <= 4_000 / 8 * 4 && (shown.len() as u64) < whole);
    assert_eq!(first["next"], shown.len() as u64);
    assert_eq!(second["output"], first["output"]);
    let both = format!("{shown}{}", second["text"].as_str().unwrap());
    for part in 0..SECRET.len() - 5 {
        assert!(!both.contains(&SECRET[part..part + 6]), "{both}");
    }
}
