//! Requests that a model has room for.

use serde_json::Value;

use super::model::BeforeModelCall;
use crate::model::{Message, ModelRequest};
use crate::tokens::Tokens;

/// The request, shortened for the model's context window; `None` where it has room for it.
///
/// Once a request takes more than three quarters of the window (the answer needs room too), the
/// oldest results of tools are left out, down to a half or less. So much is left out in steps of
/// a quarter: the beginning of the request then stays the same from call to call, and a provider
/// need not read it anew. What the model has not seen yet, all after its last answer, stays.
pub(super) fn shorten(call: &BeforeModelCall) -> Option<ModelRequest> {
    let window = call.context_window?;
    let cost = cost(&call.request, &call.tokens);
    let quarter = (window / 4).max(1);
    if cost <= window - quarter {
        return None;
    }
    let surplus = cost.saturating_sub(window / 2);
    let surplus = surplus.div_ceil(quarter).saturating_mul(quarter);

    let mut request = call.request.clone();
    let is_answer = |message: &Message| matches!(message, Message::Assistant { .. });
    let seen = request.messages.iter().rposition(is_answer).unwrap_or(0);
    let mut saved = 0;
    for message in &mut request.messages[..seen] {
        if saved >= surplus {
            break;
        }
        let Message::Tool { result, .. } = message else {
            continue;
        };
        let tokens = result_cost(result, &call.tokens);
        let note = format!("[{tokens} tokens left out for lack of room: call it again if needed]");
        let short = call.tokens.of(&note);
        if short < tokens {
            saved += tokens - short;
            *result = match result {
                Ok(_) => Ok(Value::String(note)),
                Err(_) => Err(note),
            };
        }
    }
    (saved > 0).then_some(request)
}

/// How many tokens a request takes.
fn cost(request: &ModelRequest, tokens: &Tokens) -> usize {
    let count = |text: &str| tokens.of(text);
    let tools = request.tools.iter().map(|tool| {
        count(&tool.name) + count(&tool.description) + count(&tool.input_schema.to_string())
    });
    let messages = request.messages.iter().map(|message| match message {
        Message::User { text } => count(text),
        Message::Assistant { text, calls } => {
            let calls = calls
                .iter()
                .map(|call| count(&call.name) + count(&call.arguments.to_string()));
            count(text) + calls.sum::<usize>()
        }
        Message::Tool { name, result, .. } => count(name) + result_cost(result, tokens),
    });
    count(&request.instructions) + tools.sum::<usize>() + messages.sum::<usize>()
}

fn result_cost(result: &Result<Value, String>, tokens: &Tokens) -> usize {
    match result {
        Ok(Value::String(text)) | Err(text) => tokens.of(text),
        Ok(value) => tokens.of(&value.to_string()),
    }
}
