//! `orchestrator hooks`: which hooks run, in which order, and why.

use std::process::ExitCode;

use orchestrator_agents::Hooks;
use orchestrator_agents::hooks::{Explanation, Link, StepReason};
use serde_json::{Value, json};

use crate::args::{Graph, HooksArguments};
use crate::exit::Failure;
use crate::summary;

pub(crate) fn run(arguments: &HooksArguments) -> Result<ExitCode, Failure> {
    let hooks =
        Hooks::standard().map_err(|error| Failure::other("cannot set up the hooks", &error))?;
    let all = hooks.explain();
    let chosen: Vec<&Explanation> = match &arguments.event {
        Some(event) => all.iter().filter(|it| it.event == event).collect(),
        None => all.iter().filter(|it| !it.steps.is_empty()).collect(),
    };
    if let (Some(event), []) = (&arguments.event, &chosen[..]) {
        let names: Vec<_> = all.iter().map(|it| it.event).collect();
        return Err(Failure::usage(format!(
            "there is no event `{event}`; the events are {}",
            names.join(", ")
        )));
    }
    let shown: Vec<String> = chosen
        .into_iter()
        .map(|it| match arguments.graph {
            Some(Graph::Dot) => it.to_dot(),
            Some(Graph::Mermaid) => it.to_mermaid(),
            None if arguments.json => format!("{}\n", object(it)),
            None => format!("{it}\n"),
        })
        .collect();
    let between = if arguments.json { "" } else { "\n" };
    summary::put(&shown.join(between));
    Ok(ExitCode::SUCCESS)
}

fn object(explanation: &Explanation) -> Value {
    let links = |links: &[Link]| -> Vec<Value> {
        let links = links.iter();
        links
            .map(|link| {
                json!({"hook": link.other, "asked_by": link.asked_by, "target": link.target})
            })
            .collect()
    };
    let step = |step: &StepReason| {
        json!({
            "name": step.name,
            "phase": step.phase.to_string(),
            "priority": step.priority,
            "after": links(&step.after),
            "before": links(&step.before),
        })
    };
    let steps: Vec<Value> = explanation.steps.iter().map(step).collect();
    json!({"event": explanation.event, "hooks": steps})
}
