//! What the mission remembers, shown to a model within a budget.

use orchestrator_memory::RecallError;

use super::model::BeforeModelCall;
use crate::model::{Message, ModelRequest};

/// How much of a prompt memory may take, in tokens: 600.
pub const MEMORY_TOKENS: usize = 600;

/// How much of the newest message says what the turn is about, in bytes.
const CUE: usize = 2_000;

/// The request with what is worth remembering now; `None` where nothing is.
///
/// It stands at the end, so that all before it is what the last request was: a provider need not
/// read it again.
pub(super) fn remind(call: &BeforeModelCall) -> Result<Option<ModelRequest>, RecallError> {
    let (Some(memory), Some(newest)) = (&call.memory, call.request.messages.last()) else {
        return Ok(None);
    };
    let now = jiff::Timestamp::now().as_second();
    let recalled = memory.turn(&cue(newest), call.task.as_deref(), MEMORY_TOKENS, now)?;
    if recalled.entries.is_empty() {
        return Ok(None);
    }
    let mut request = call.request.clone();
    let text = recalled.to_string();
    request.messages.push(Message::User { text });
    Ok(Some(request))
}

/// What a message is about: its beginning.
fn cue(message: &Message) -> String {
    let mut cue = match message {
        Message::User { text } | Message::Assistant { text, .. } => text.clone(),
        Message::Tool {
            name,
            result: Ok(value),
            ..
        } => format!("{name} {value}"),
        Message::Tool {
            name,
            result: Err(words),
            ..
        } => format!("{name} {words}"),
    };
    cue.truncate(cue.floor_char_boundary(CUE));
    cue
}
