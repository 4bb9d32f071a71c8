//! The events that hooks can react to, and the hooks that come along.

mod destructive;
mod guard;
mod memory;
mod metrics;
mod mission;
mod model;
mod redact;
mod resources;
mod sanity;
mod shell;
mod tool;
mod turn;

use std::sync::Arc;

use orchestrator_hooks::{
    Event, Explanation, Hook, HookFailure, HookRegistry, Phase, RegisterError,
};

pub use self::memory::MEMORY_TOKENS;
pub use self::metrics::{Metrics, ToolMetrics};
pub use self::mission::{
    BeforeLanding, BeforeSeal, MissionStarted, PlanReady, RemarkAction, Shutdown, StepAction,
    TaskCompleted,
};
pub use self::model::{AfterModelAction, AfterModelCall, BeforeModelAction, BeforeModelCall};
pub use self::redact::{Redactor, StreamRedactor};
pub use self::tool::{AfterToolAction, AfterToolCall, BeforeToolAction, BeforeToolCall};
pub use self::turn::{SessionReset, SessionResetAction, TurnAction, TurnFinished};
use crate::agent_run::TurnEnd;

/// The hook registries of one orchestrator, one for each kind of event.
///
/// Each event has reactions of its own, and no others compile:
///
/// ```
/// # use orchestrator_agents::{BeforeToolAction, BeforeToolCall, Hooks};
/// # use orchestrator_agents::hooks::Hook;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hooks = Hooks::standard()?;
/// let guard = Hook::new("no-lints", |call: &BeforeToolCall| match call.tool.as_str() {
///     "lint" => BeforeToolAction::Block("not today".into()),
///     _ => BeforeToolAction::Allow,
/// });
/// hooks.before_tool_call.register(guard.after("role-guard"))?.keep();
/// println!("{}", hooks.before_tool_call.explain());
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail
/// # use orchestrator_agents::{AfterToolCall, BeforeToolAction};
/// # use orchestrator_agents::hooks::Hook;
/// // What has happened cannot be blocked any more.
/// let late = Hook::new("late", |_: &AfterToolCall| BeforeToolAction::Block("no".into()));
/// ```
///
/// ```compile_fail
/// # use orchestrator_agents::{AfterToolAction, TaskCompleted};
/// # use orchestrator_agents::hooks::Hook;
/// // What has landed has no result to replace.
/// let late = Hook::new("late", |_: &TaskCompleted| AfterToolAction::Keep);
/// ```
#[derive(Debug, Default)]
pub struct Hooks {
    /// A mission has been opened.
    pub mission_started: HookRegistry<MissionStarted>,
    /// A plan has been made.
    pub plan_ready: HookRegistry<PlanReady>,
    /// Before each model call.
    pub before_model_call: HookRegistry<BeforeModelCall>,
    /// After each model call.
    pub after_model_call: HookRegistry<AfterModelCall>,
    /// Before each tool call.
    pub before_tool_call: HookRegistry<BeforeToolCall>,
    /// After each tool call.
    pub after_tool_call: HookRegistry<AfterToolCall>,
    /// Before a turn ends.
    pub turn_finished: HookRegistry<TurnFinished>,
    /// Before a session is reset.
    pub session_reset: HookRegistry<SessionReset>,
    /// Before work goes into the landing queue.
    pub before_landing: HookRegistry<BeforeLanding>,
    /// An item has landed.
    pub task_completed: HookRegistry<TaskCompleted>,
    /// Before the result is sealed.
    pub before_seal: HookRegistry<BeforeSeal>,
    /// A mission has ended.
    pub shutdown: HookRegistry<Shutdown>,
    redactor: Option<Arc<Redactor>>,
    counter: Arc<metrics::Counter>,
}

impl Hooks {
    /// The registries with the hooks that every mission has:
    ///
    /// - `role-guard` (before a tool call, early): a role that may not write never calls a tool
    ///   that changes something, whatever tools it was given; and nobody runs a command that
    ///   destroys what cannot be had again.
    /// - `redact` (after a tool call, early; before a model call, late): secrets are shown to no
    ///   model and written down nowhere: those of this process's environment in all their
    ///   encodings, and what looks like one.
    /// - `memory-gate` (before a model call): a session that shares the mission's memory is told what
    ///   of it is in focus, in at most 600 tokens, and each call is a turn of the memory's gates.
    /// - `resource-control` (before a model call, last): a request that would not fit into the model's
    ///   context window goes out without the oldest results of tools.
    /// - `sanity` (after a model call): an answer that is empty, that repeats itself over and over
    ///   or that is no text ends the turn, and the task is tried anew. (After a tool call:) a result
    ///   with nothing in it is called so.
    /// - `metrics` (after a model call and a tool call, early): see [`metrics`](Self::metrics).
    /// - `continue` (when a turn is done): one who has not reported is asked once more.
    ///
    /// # Errors
    /// Never in practice: the names are distinct.
    pub fn standard() -> Result<Self, RegisterError> {
        Self::with_redactor(Redactor::of_environment())
    }

    /// The same, with a redactor that knows other secrets.
    ///
    /// # Errors
    /// Never in practice: the names are distinct.
    pub fn with_redactor(redactor: Redactor) -> Result<Self, RegisterError> {
        let redactor = Arc::new(redactor);
        let hooks = Self {
            redactor: Some(Arc::clone(&redactor)),
            ..Self::default()
        };
        let guard = Hook::new("role-guard", |call: &BeforeToolCall| {
            guard::complaint(call).map_or(BeforeToolAction::Allow, BeforeToolAction::Block)
        });
        keep(&hooks.before_tool_call, guard.phase(Phase::Early))?;

        let (results, prompts) = (Arc::clone(&redactor), redactor);
        let redact = Hook::new("redact", move |call: &AfterToolCall| {
            let redacted = results.redact_result(&call.result);
            redacted.map_or(AfterToolAction::Keep, AfterToolAction::Replace)
        });
        keep(&hooks.after_tool_call, redact.phase(Phase::Early))?;
        let redact = Hook::new("redact", move |call: &BeforeModelCall| {
            let redacted = prompts.redact_request(&call.request);
            redacted.map_or(BeforeModelAction::Send, BeforeModelAction::Rewrite)
        });
        // Late, so that it sees what other hooks have put in.
        keep(&hooks.before_model_call, redact.phase(Phase::Late))?;

        let remind = Hook::new("memory-gate", |call: &BeforeModelCall| {
            memory::remind(call).map_or_else(
                |error| BeforeModelAction::Refuse(error.to_string()),
                |request| request.map_or(BeforeModelAction::Send, BeforeModelAction::Rewrite),
            )
        });
        keep(&hooks.before_model_call, remind)?;
        let shorten = Hook::new("resource-control", |call: &BeforeModelCall| {
            resources::shorten(call).map_or(BeforeModelAction::Send, BeforeModelAction::Rewrite)
        });
        keep(
            &hooks.before_model_call,
            shorten.phase(Phase::Late).after("redact"),
        )?;

        let (answers, results) = (Arc::clone(&hooks.counter), Arc::clone(&hooks.counter));
        let count = Hook::new("metrics", move |call: &AfterModelCall| {
            answers.answered(call);
            AfterModelAction::Take
        });
        keep(&hooks.after_model_call, count.phase(Phase::Early))?;
        let count = Hook::new("metrics", move |call: &AfterToolCall| {
            results.called(call);
            AfterToolAction::Keep
        });
        keep(
            &hooks.after_tool_call,
            count.phase(Phase::Early).before("redact"),
        )?;

        let sanity = Hook::new("sanity", |call: &AfterModelCall| {
            sanity::complaint(&call.response)
                .map_or(AfterModelAction::Take, AfterModelAction::Reject)
        });
        keep(&hooks.after_model_call, sanity)?;
        let sanity = Hook::new("sanity", |call: &AfterToolCall| {
            sanity::in_place_of(&call.result)
                .map_or(AfterToolAction::Keep, AfterToolAction::Replace)
        });
        keep(&hooks.after_tool_call, sanity)?;

        let go_on = Hook::new("continue", |turn: &TurnFinished| match turn.end {
            TurnEnd::Silent(_) if turn.continued == 0 => TurnAction::Inject(GO_ON.into()),
            _ => TurnAction::End,
        });
        keep(&hooks.turn_finished, go_on)?;
        Ok(hooks)
    }
}

impl Hooks {
    /// Why each hook stands where it stands: an explanation for each event, in the order in which
    /// a mission comes to them.
    #[must_use]
    pub fn explain(&self) -> Vec<Explanation> {
        vec![
            self.mission_started.explain(),
            self.plan_ready.explain(),
            self.before_model_call.explain(),
            self.after_model_call.explain(),
            self.before_tool_call.explain(),
            self.after_tool_call.explain(),
            self.turn_finished.explain(),
            self.session_reset.explain(),
            self.before_landing.explain(),
            self.task_completed.explain(),
            self.before_seal.explain(),
            self.shutdown.explain(),
        ]
    }

    /// What takes secrets out of all that the mission's commands print, before it is hashed or
    /// written down: that of the hook `redact`, or one of this process's environment where there
    /// is no such hook.
    #[must_use]
    pub fn redactor(&self) -> Arc<Redactor> {
        let given = self.redactor.clone();
        given.unwrap_or_else(|| Arc::new(Redactor::of_environment()))
    }

    /// What the hook `metrics` has counted so far. How often each hook was called, what came of
    /// it and how long it took, its registry's [`stats`](HookRegistry::stats) say.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let guards = self.before_tool_call.stats();
        Metrics {
            blocked_tool_calls: guards.iter().map(|guard| guard.breaks).sum(),
            ..self.counter.so_far()
        }
    }
}

/// Registers a hook that stays.
fn keep<E: Event>(registry: &HookRegistry<E>, hook: Hook<E>) -> Result<(), RegisterError> {
    registry.register(hook)?.keep();
    Ok(())
}

/// What one is told who has ended a turn without a report.
const GO_ON: &str = "Your turn has no report yet, so nothing of it counts. If the work is done, call \
the report tool now. If it is not, go on with the next step. If it cannot be done, report that.";

/// Why something does not happen: a hook that was to allow it has failed.
fn unanswered(failure: &HookFailure) -> String {
    format!("not allowed, because the {failure}")
}

#[cfg(test)]
mod tests;
