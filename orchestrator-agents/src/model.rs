//! What a language model is to the orchestrator.

use async_trait::async_trait;
use orchestrator_tools::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A model that answers with text or tool calls.
///
/// It sees what any model sees: instructions, messages, tools. Nothing tells
/// it which mission, role or session it works for, but what stands in these.
#[async_trait]
pub trait LanguageModel: Send + Sync {
    /// Its name, as a user would choose it.
    fn name(&self) -> &str;

    /// How many tokens a request and its answer may take together. `None`, which is the default,
    /// where there is no such bound, or it is not known.
    fn context_window(&self) -> Option<usize> {
        None
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`ModelError`], classed by what can be done about it.
    async fn complete(&self, request: &ModelRequest) -> Result<ModelResponse, ModelError>;
}

/// Everything that a model is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// The role's instructions (the system prompt).
    pub instructions: String,
    /// The conversation so far, oldest first.
    pub messages: Vec<Message>,
    /// The tools that it may call.
    pub tools: Vec<ToolSpec>,
}

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Message {
    /// From the orchestrator.
    User {
        /// The text.
        text: String,
    },
    /// From the model.
    Assistant {
        /// The text; may be empty beside calls.
        text: String,
        /// The calls that it asked for.
        calls: Vec<ToolCall>,
    },
    /// The answer to one call.
    Tool {
        /// The call that it answers.
        id: String,
        /// The tool's name.
        name: String,
        /// What it gave, or why it failed.
        result: Result<Value, String>,
    },
}

/// A call that a model asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Names the call within its conversation.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments, an object.
    pub arguments: Value,
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ModelResponse {
    /// The text.
    pub text: String,
    /// The calls; the turn goes on after them.
    pub calls: Vec<ToolCall>,
    /// What it cost.
    pub usage: Usage,
}

/// Tokens that went in and out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
    }
}

/// Why a model gave no answer, by what can be done about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The same request may succeed later.
    #[error("the model could not answer just now: {reason}")]
    Transient {
        /// What it said.
        reason: String,
    },
    /// The same request will never succeed.
    #[error("the model cannot answer this request: {reason}")]
    Permanent {
        /// What it said.
        reason: String,
    },
}
