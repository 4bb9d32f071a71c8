//! An explanation as a picture.

use std::{collections::BTreeSet, fmt::Write as _};

use crate::{Explanation, Phase, Relation, StepReason};

/// Which constraint makes an arrow, in a few words.
type Arrow = (usize, usize, String);

impl Explanation {
    /// The plan as a graph for Graphviz: a box a hook, numbered in the order in which they run,
    /// a frame a phase, an arrow for each constraint with who asked for it.
    pub fn to_dot(&self) -> String {
        let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
        let mut dot = format!(
            "digraph \"{}\" {{\n  rankdir=LR;\n  node [shape=box];\n",
            quoted(self.event)
        );
        for (phase, steps) in self.by_phase() {
            writeln!(dot, "  subgraph cluster_{phase} {{\n    label=\"{phase}\";").ok();
            for (number, step) in steps {
                let name = quoted(&step.name);
                let priority = step.priority;
                writeln!(
                    dot,
                    "    h{number} [label=\"{number}. {name}\\npriority {priority}\"];"
                )
                .ok();
            }
            dot.push_str("  }\n");
        }
        for (from, to, why) in self.arrows() {
            let why = quoted(&why);
            writeln!(dot, "  h{from} -> h{to} [label=\"{why}\"];").ok();
        }
        dot.push_str("}\n");
        dot
    }

    /// The same graph for Mermaid, which many pages show as it is.
    pub fn to_mermaid(&self) -> String {
        let quoted = |text: &str| text.replace('#', "#35;").replace('"', "#quot;");
        let mut mermaid = String::from("flowchart LR\n");
        for (phase, steps) in self.by_phase() {
            writeln!(mermaid, "  subgraph {phase}").ok();
            for (number, step) in steps {
                let name = quoted(&step.name);
                let priority = step.priority;
                writeln!(
                    mermaid,
                    "    h{number}[\"{number}. {name}<br>priority {priority}\"]"
                )
                .ok();
            }
            mermaid.push_str("  end\n");
        }
        for (from, to, why) in self.arrows() {
            let why = quoted(&why);
            writeln!(mermaid, "  h{from} -->|\"{why}\"| h{to}").ok();
        }
        mermaid
    }

    /// The numbered hooks of each phase that has any.
    fn by_phase(&self) -> impl Iterator<Item = (Phase, Vec<(usize, &StepReason)>)> {
        let phases = [Phase::Early, Phase::Normal, Phase::Late].into_iter();
        let of = |phase| {
            let steps = (1..).zip(&self.steps);
            steps.filter(|(_, step)| step.phase == phase).collect()
        };
        phases
            .map(move |phase| (phase, of(phase)))
            .filter(|(_, steps): &(_, Vec<_>)| !steps.is_empty())
    }

    fn arrows(&self) -> BTreeSet<Arrow> {
        let numbers = (1..).zip(&self.steps);
        let number: std::collections::HashMap<&str, usize> = numbers
            .map(|(number, step)| (step.name.as_str(), number))
            .collect();
        let mut arrows = BTreeSet::new();
        for step in &self.steps {
            for link in &step.after {
                let side = match link.asked_by == step.name {
                    true => Relation::After,
                    false => Relation::Before,
                };
                let why = format!("{}: {side} {}", link.asked_by, link.target);
                let from = number[link.other.as_str()];
                arrows.insert((from, number[step.name.as_str()], why));
            }
        }
        arrows
    }
}
