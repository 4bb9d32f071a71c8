//! A model that needs no key and no network: it maps an objective to mechanical
//! work, does that, and refuses everything else.

mod commander;
mod objective;
mod planner;
mod reviewer;
mod worker;

use async_trait::async_trait;
use serde_json::Value;

pub use objective::{KNOWN_MISSIONS, Objective, ObjectiveError};

use crate::brief::{facts, is_brief};
use crate::model::{
    LanguageModel, Message, ModelError, ModelRequest, ModelResponse, ToolCall, Usage,
};

/// The deterministic model: the same request always gets the same answer.
///
/// It reads the facts in the message that it is sent, calls the tools that it
/// is offered, and reports, as any model would. What it can do is listed in
/// [`KNOWN_MISSIONS`].
#[derive(Debug, Clone, Copy, Default)]
pub struct MechanicalModel;

impl MechanicalModel {
    /// The model.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl LanguageModel for MechanicalModel {
    fn name(&self) -> &str {
        "mechanical"
    }

    async fn complete(&self, request: &ModelRequest) -> Result<ModelResponse, ModelError> {
        let conversation = Conversation::read(&request.messages)?;
        let offered = |name: &str| request.tools.iter().any(|tool| tool.name == name);
        // The report that is asked for tells which part it is to play.
        let calls = if offered("decide") {
            commander::answer(&conversation.facts()?)
        } else if offered("submit_plan") {
            planner::answer(&conversation.facts()?, &conversation)
        } else if offered("submit_work") {
            worker::answer(&conversation.facts()?, &conversation)
        } else if offered("submit_verdict") {
            reviewer::answer(&conversation.facts()?, &conversation)
        } else {
            return Err(permanent("none of the reports that it knows is offered"));
        };
        let before = conversation.answers.len();
        let calls = calls
            .into_iter()
            .enumerate()
            .map(|(n, Call { name, arguments })| ToolCall {
                id: format!("call-{}", before + n + 1),
                name: name.to_owned(),
                arguments,
            })
            .collect();
        Ok(ModelResponse {
            text: String::new(),
            calls,
            usage: Usage::default(),
        })
    }
}

/// A call that is to be made.
struct Call {
    name: &'static str,
    arguments: Value,
}

impl Call {
    const fn new(name: &'static str, arguments: Value) -> Self {
        Self { name, arguments }
    }
}

/// The last brief of a conversation, and what tools have answered since.
struct Conversation<'a> {
    brief: &'a str,
    answers: Vec<(&'a str, Result<&'a Value, &'a str>)>,
}

impl<'a> Conversation<'a> {
    fn read(messages: &'a [Message]) -> Result<Self, ModelError> {
        let mut found = None;
        for message in messages {
            match (message, &mut found) {
                (Message::User { text }, _) if is_brief(text) => {
                    found = Some(Self {
                        brief: text,
                        answers: Vec::new(),
                    });
                }
                (Message::Tool { name, result, .. }, Some(conversation)) => {
                    let result = result.as_ref().map_err(String::as_str);
                    conversation.answers.push((name, result));
                }
                _ => {}
            }
        }
        found.ok_or_else(|| permanent("the message has no facts to work on"))
    }

    fn facts<T: serde::de::DeserializeOwned>(&self) -> Result<T, ModelError> {
        facts(self.brief)
            .ok_or_else(|| permanent("the message's facts are of no kind that it knows"))
    }

    /// The answers of one tool, in their order.
    fn answers_of(&self, tool: &str) -> impl Iterator<Item = Result<&'a Value, &'a str>> {
        self.answers
            .iter()
            .filter(move |(name, _)| *name == tool)
            .map(|(_, result)| *result)
    }

    /// The last answer of one tool.
    fn answer_of(&self, tool: &str) -> Option<Result<&'a Value, &'a str>> {
        self.answers_of(tool).last()
    }
}

fn permanent(reason: &str) -> ModelError {
    ModelError::Permanent {
        reason: format!("the mechanical model cannot go on: {reason}"),
    }
}
