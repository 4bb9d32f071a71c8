//! What a role may do with tools.

use orchestrator_tools::Effect;
use serde_json::Value;

use super::destructive;
use super::tool::BeforeToolCall;

/// The arguments in which tools take command lines.
const COMMANDS: [&str; 3] = ["command", "cmd", "script"];

/// Why a call is not allowed, if it is not.
pub(super) fn complaint(call: &BeforeToolCall) -> Option<String> {
    let BeforeToolCall {
        role, tool, effect, ..
    } = call;
    if *effect != Effect::Pure && !role.may_write() {
        return Some(format!(
            "a {role} may not call `{tool}`: its effect is {effect}"
        ));
    }
    let lines = COMMANDS.iter().filter_map(|name| call.arguments.get(name));
    let complaint = lines
        .filter_map(line)
        .find_map(|line| destructive::complaint(&line))?;
    Some(format!(
        "`{tool}` does not run this: {complaint}. Do it in another way, or leave it to a person"
    ))
}

/// A command line, given as one text or word by word.
fn line(value: &Value) -> Option<String> {
    match value {
        Value::String(line) => Some(line.clone()),
        Value::Array(words) => {
            let quoted = words.iter().filter_map(Value::as_str).map(|word| {
                let word = word.replace('\'', r"'\''");
                format!("'{word}'")
            });
            Some(quoted.collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}
