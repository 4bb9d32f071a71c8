//! The words around the facts of a brief.

use crate::brief::{CommanderBrief, PlannerBrief, ReviewerBrief, WorkerBrief, message};
use crate::plan::Action;

pub(super) fn commander(brief: &CommanderBrief) -> String {
    let possible: Vec<_> = brief.possible.iter().map(ToString::to_string).collect();
    let words = format!(
        "Objective: {}\n\nDecide what comes next. Possible now: {}.",
        brief.objective,
        possible.join(", ")
    );
    message(&words, brief)
}

pub(super) fn planner(brief: &PlannerBrief) -> String {
    let words = match brief.iteration {
        0 => format!("Objective: {}\n\nPlan it.", brief.objective),
        _ => format!(
            "Objective: {}\n\nEarlier items have landed. Plan what is still left to do, without \
             what was waived.",
            brief.objective
        ),
    };
    message(&words, brief)
}

pub(super) fn worker(brief: &WorkerBrief) -> String {
    let mut words = format!("Carry out {}: {}.", brief.item.id, brief.item.title);
    if let Action::Instruction { text } = &brief.item.action {
        words.push_str(&format!("\n\n{text}"));
    }
    for failure in &brief.failures {
        words.push_str(&format!(
            "\n\nAttempt {} was rejected: {}\n{}",
            failure.attempt, failure.reason, failure.output
        ));
    }
    message(&words, brief)
}

pub(super) fn reviewer(brief: &ReviewerBrief) -> String {
    let words = format!(
        "Review {}: {}. The change goes from {} to {}.",
        brief.item.id, brief.item.title, brief.from, brief.to
    );
    message(&words, brief)
}
