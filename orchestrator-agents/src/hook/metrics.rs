//! What models and tools were asked for, counted.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::model::AfterModelCall;
use super::tool::AfterToolCall;

/// What the hook `metrics` has counted, of all missions that share the hooks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// Answers of models, also those that were rejected.
    pub model_calls: u64,
    /// Tokens of the requests.
    pub input_tokens: u64,
    /// Tokens of the answers.
    pub output_tokens: u64,
    /// Tool calls that a hook has kept from happening.
    pub blocked_tool_calls: u64,
    /// Tool calls that have happened, by tool.
    pub tools: BTreeMap<String, ToolMetrics>,
}

/// What one tool was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolMetrics {
    /// Calls that have happened.
    pub calls: u64,
    /// Of these, those that gave an error.
    pub failed: u64,
}

/// Where the hook counts.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<Metrics>);

impl Counter {
    pub(super) fn answered(&self, call: &AfterModelCall) {
        let mut metrics = self.lock();
        metrics.model_calls += 1;
        metrics.input_tokens += call.response.usage.input_tokens;
        metrics.output_tokens += call.response.usage.output_tokens;
    }

    pub(super) fn called(&self, call: &AfterToolCall) {
        let mut metrics = self.lock();
        let tool = metrics.tools.entry(call.tool.clone()).or_default();
        tool.calls += 1;
        tool.failed += u64::from(call.result.is_err());
    }

    pub(super) fn so_far(&self) -> Metrics {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Metrics> {
        // Numbers that are added one by one are never half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
