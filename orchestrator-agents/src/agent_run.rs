//! The agent loop as a state machine without I/O.

use orchestrator_tools::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{Message, ModelRequest, ModelResponse, ToolCall, Usage};

/// One turn of an agent: model calls and tool calls until it reports.
///
/// A driver asks [`next_step`](Self::next_step) what to do, does it, and hands
/// the result back. The state is plain data: it can be written down between any
/// two steps and taken up again.
///
/// A turn ends by a *report*: a call of the one tool that the session was given
/// for it. Words alone end nothing; the model is asked once more for the
/// report, then the turn ends as [`TurnEnd::Silent`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgentRun {
    instructions: String,
    tools: Vec<ToolSpec>,
    report_tool: String,
    messages: Vec<Message>,
    pending: Pending,
    model_calls: usize,
    max_model_calls: usize,
    reminded: bool,
    usage: Usage,
    tool_calls: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Pending {
    Model,
    Tools(Vec<ToolCall>),
    Report(ToolCall),
    End(TurnEnd),
}

/// What the driver has to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentStep {
    /// Send this to the model, then call [`AgentRun::model_answered`].
    CallModel(ModelRequest),
    /// Run these, then call [`AgentRun::tools_answered`] with one result each.
    CallTools(Vec<ToolCall>),
    /// Check this report, then call [`AgentRun::report_checked`].
    CheckReport(Value),
    /// The turn is over.
    Done(TurnEnd),
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum TurnEnd {
    /// With a report that was accepted.
    Reported(Value),
    /// With words, but no report, even after being asked for it.
    Silent(String),
    /// By running out of model calls.
    OutOfCalls(usize),
}

impl AgentRun {
    /// The loop for one prompt. `report` is the tool that ends the turn; it is
    /// offered to the model beside `tools`.
    #[must_use]
    pub fn new(
        instructions: String,
        mut tools: Vec<ToolSpec>,
        report: ToolSpec,
        prompt: String,
        max_model_calls: usize,
    ) -> Self {
        let report_tool = report.name.clone();
        tools.push(report);
        Self {
            instructions,
            tools,
            report_tool,
            messages: vec![Message::User { text: prompt }],
            pending: Pending::Model,
            model_calls: 0,
            max_model_calls,
            reminded: false,
            usage: Usage::default(),
            tool_calls: 0,
        }
    }

    /// What to do now. Asking twice gives the same answer.
    #[must_use]
    pub fn next_step(&self) -> AgentStep {
        match &self.pending {
            Pending::Model if self.model_calls >= self.max_model_calls => {
                AgentStep::Done(TurnEnd::OutOfCalls(self.model_calls))
            }
            Pending::Model => AgentStep::CallModel(ModelRequest {
                instructions: self.instructions.clone(),
                messages: self.messages.clone(),
                tools: self.tools.clone(),
            }),
            Pending::Tools(calls) => AgentStep::CallTools(calls.clone()),
            Pending::Report(call) => AgentStep::CheckReport(call.arguments.clone()),
            Pending::End(end) => AgentStep::Done(end.clone()),
        }
    }

    /// Takes the model's answer.
    pub fn model_answered(&mut self, response: ModelResponse) {
        self.model_calls += 1;
        self.usage += response.usage;
        self.messages.push(Message::Assistant {
            text: response.text.clone(),
            calls: response.calls.clone(),
        });
        let (reports, calls): (Vec<_>, Vec<_>) = response
            .calls
            .into_iter()
            .partition(|call| call.name == self.report_tool);
        self.pending = match reports.into_iter().next() {
            // A report beside other calls was made before their results were
            // seen: the calls come first, the report has to be made again.
            Some(report) if calls.is_empty() => Pending::Report(report),
            Some(report) => {
                self.answer(
                    &report,
                    Err("report again, after the results of your calls".into()),
                );
                Pending::Tools(calls)
            }
            None if !calls.is_empty() => Pending::Tools(calls),
            None if self.reminded => Pending::End(TurnEnd::Silent(response.text)),
            None => {
                self.reminded = true;
                let text = format!(
                    "Call `{}` with your result to end this turn.",
                    self.report_tool
                );
                self.messages.push(Message::User { text });
                Pending::Model
            }
        };
    }

    /// Takes the results of the pending calls, in their order. A result that is
    /// missing counts as a failed call.
    pub fn tools_answered(&mut self, results: Vec<Result<Value, String>>) {
        let Pending::Tools(calls) = std::mem::replace(&mut self.pending, Pending::Model) else {
            return;
        };
        self.tool_calls += calls.len();
        let missing = std::iter::repeat_with(|| Err("the call gave no result".to_owned()));
        for (call, result) in calls.iter().zip(results.into_iter().chain(missing)) {
            self.answer(call, result);
        }
    }

    /// Takes the verdict on the pending report: accepted, or why not, which the
    /// model is told.
    pub fn report_checked(&mut self, verdict: Result<(), String>) {
        let Pending::Report(call) = std::mem::replace(&mut self.pending, Pending::Model) else {
            return;
        };
        match verdict {
            Ok(()) => self.pending = Pending::End(TurnEnd::Reported(call.arguments)),
            Err(reason) => self.answer(&call, Err(reason)),
        }
    }

    /// Takes up a turn again that has ended without a report, with another prompt. It goes on
    /// within the calls that it has left; one that has reported stays as it is.
    pub fn go_on(&mut self, prompt: String) {
        if matches!(self.pending, Pending::End(TurnEnd::Silent(_))) {
            self.messages.push(Message::User { text: prompt });
            self.pending = Pending::Model;
        }
    }

    /// How many times the model was called.
    #[must_use]
    pub const fn model_calls(&self) -> usize {
        self.model_calls
    }

    /// How many tools were called.
    #[must_use]
    pub const fn tool_calls(&self) -> usize {
        self.tool_calls
    }

    /// What the model calls cost.
    #[must_use]
    pub const fn usage(&self) -> Usage {
        self.usage
    }

    fn answer(&mut self, call: &ToolCall, result: Result<Value, String>) {
        self.messages.push(Message::Tool {
            id: call.id.clone(),
            name: call.name.clone(),
            result,
        });
    }
}

#[cfg(test)]
mod tests {
    use orchestrator_tools::Effect;
    use serde_json::json;

    use super::*;

    fn run(max_model_calls: usize) -> AgentRun {
        let report = ToolSpec {
            name: "report".into(),
            description: String::new(),
            input_schema: json!({}),
            effect: Effect::Pure,
        };
        AgentRun::new(
            String::new(),
            Vec::new(),
            report,
            "go".into(),
            max_model_calls,
        )
    }

    fn says(text: &str, calls: &[&str]) -> ModelResponse {
        let calls = calls
            .iter()
            .enumerate()
            .map(|(n, name)| ToolCall {
                id: n.to_string(),
                name: (*name).into(),
                arguments: json!({"n": n}),
            })
            .collect();
        ModelResponse {
            text: text.into(),
            calls,
            usage: Usage::default(),
        }
    }

    #[test]
    fn tools_then_report() {
        let mut run = run(5);
        run.model_answered(says("", &["grep", "grep"]));
        assert!(matches!(run.next_step(), AgentStep::CallTools(calls) if calls.len() == 2));
        run.tools_answered(vec![Ok(json!(1)), Err("no".into())]);
        run.model_answered(says("", &["report"]));
        assert_eq!(run.next_step(), AgentStep::CheckReport(json!({"n": 0})));
        run.report_checked(Ok(()));
        assert_eq!(
            run.next_step(),
            AgentStep::Done(TurnEnd::Reported(json!({"n": 0})))
        );
        assert_eq!((run.model_calls(), run.tool_calls()), (2, 2));
    }

    #[test]
    fn a_bad_report_goes_back_to_the_model() {
        let mut run = run(5);
        run.model_answered(says("", &["report"]));
        run.report_checked(Err("`files` is missing".into()));
        let AgentStep::CallModel(request) = run.next_step() else {
            panic!("not asked again")
        };
        assert!(matches!(request.messages.last(),
            Some(Message::Tool { result: Err(reason), .. }) if reason.contains("missing")));
    }

    #[test]
    fn words_alone_are_no_report() {
        let mut run = run(5);
        run.model_answered(says("all done!", &[]));
        assert!(matches!(run.next_step(), AgentStep::CallModel(_)));
        run.model_answered(says("really done!", &[]));
        assert_eq!(
            run.next_step(),
            AgentStep::Done(TurnEnd::Silent("really done!".into()))
        );
    }

    #[test]
    fn a_report_beside_calls_is_not_taken() {
        let mut run = run(5);
        run.model_answered(says("", &["edit", "report"]));
        assert!(matches!(run.next_step(), AgentStep::CallTools(calls) if calls.len() == 1));
    }

    #[test]
    fn calls_are_bounded_and_state_is_data() {
        let mut run = run(3);
        for _ in 0..3 {
            run.model_answered(says("", &["grep"]));
            run.tools_answered(Vec::new());
            let text = serde_json::to_string(&run).unwrap();
            run = serde_json::from_str(&text).unwrap();
        }
        assert_eq!(run.next_step(), AgentStep::Done(TurnEnd::OutOfCalls(3)));
    }
}
