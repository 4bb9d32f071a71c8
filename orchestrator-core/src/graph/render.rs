//! Pictures of a graph.

use std::fmt::{Display, Write as _};
use std::hash::Hash;

use super::{NodeStatus, TaskGraph};

impl<K: Ord + Hash + Clone + Display> TaskGraph<K> {
    /// The graph as a Mermaid flowchart, arrows from what is needed to who needs it.
    ///
    /// Dependencies that are not there are left out.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("graph TD\n");
        for (at, node) in self.nodes.iter().enumerate() {
            let label = mermaid_label(&node.key.to_string());
            let status = self.status_at(at);
            push(&mut text, format_args!("    t{at}[\"{label}\"]:::{status}"));
        }
        for (from, to) in self.arrows() {
            push(&mut text, format_args!("    t{from} --> t{to}"));
        }
        for (status, colour) in COLOURS {
            push(
                &mut text,
                format_args!("    classDef {status} fill:{colour}"),
            );
        }
        text
    }

    /// The graph in the DOT language of Graphviz, arrows from what is needed to who needs it.
    ///
    /// Dependencies that are not there are left out.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from("digraph tasks {\n    node [style=filled]\n");
        for (at, node) in self.nodes.iter().enumerate() {
            let label = dot_label(&node.key.to_string());
            let status = self.status_at(at);
            let colour = COLOURS.iter().find(|(of, _)| *of == status);
            let colour = colour.map_or("#ffffff", |(_, colour)| colour);
            push(
                &mut text,
                format_args!(
                    "    t{at} [label=\"{label}\", tooltip=\"{status}\", fillcolor=\"{colour}\"]"
                ),
            );
        }
        for (from, to) in self.arrows() {
            push(&mut text, format_args!("    t{from} -> t{to}"));
        }
        text.push_str("}\n");
        text
    }

    /// From what is needed to who needs it, in order.
    fn arrows(&self) -> Vec<(usize, usize)> {
        let needs = |to| {
            self.arrows
                .needs_of(to)
                .map(move |from| (from as usize, to))
        };
        let mut arrows: Vec<_> = (0..self.nodes.len()).flat_map(needs).collect();
        arrows.sort_unstable();
        arrows
    }
}

const COLOURS: [(NodeStatus, &str); 6] = [
    (NodeStatus::Waiting, "#eeeeee"),
    (NodeStatus::Ready, "#cfe8ff"),
    (NodeStatus::Running, "#fff2b3"),
    (NodeStatus::Done, "#c8efc8"),
    (NodeStatus::Failed, "#ffc9c9"),
    (NodeStatus::Skipped, "#d9d9d9"),
];

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

/// Mermaid has no backslash escapes; it knows character entities that begin with `#`.
fn mermaid_label(name: &str) -> String {
    let mut label = String::new();
    for c in name.chars() {
        match c {
            '#' | '"' | '<' | '>' | '&' | '`' | '\\' => {
                let _ = write!(label, "#{};", u32::from(c));
            }
            c if c.is_control() => label.push(' '),
            c => label.push(c),
        }
    }
    label
}

fn dot_label(name: &str) -> String {
    let mut label = String::new();
    for c in name.chars() {
        match c {
            '"' | '\\' => label.extend(['\\', c]),
            c if c.is_control() => label.push(' '),
            c => label.push(c),
        }
    }
    label
}
