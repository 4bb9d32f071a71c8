//! TOML.

mod build;
mod read;
mod render;

use std::ops::Range;

use serde_json::Value;

use super::path::KeyPath;
use super::plan::Action;
use super::splice::Splices;
use super::tree::{Document, Form, Kind, Node, Table};
use super::write::{Layout, List, newline};
pub(super) use read::read;
use render::{dotted, inline, key, lines, sections, value};

/// Turns the actions of a plan into splices.
pub(super) fn write(
    text: &str,
    document: &Document,
    actions: &[Action<'_>],
    splices: &mut Splices<'_>,
) {
    let mut writer = Writer {
        layout: Layout {
            text,
            comments: &document.comments,
            newline: newline(text),
            unit: "    ".to_owned(),
            gap: " ",
        },
        splices,
        at_end: String::new(),
        sections: Vec::new(),
    };
    for action in actions {
        match action {
            Action::Insert {
                path,
                node,
                table,
                entries,
            } => writer.insert(path, node, table, entries),
            Action::Append { path, node, values } => writer.append(path, node, values),
            Action::Replace { node, value: new } => {
                writer.splices.replace(node.span.clone(), inline(new));
            }
        }
    }
    writer.finish();
}

struct Writer<'a, 's, 't> {
    layout: Layout<'a>,
    splices: &'s mut Splices<'t>,
    /// What was added at the end of the text so far.
    at_end: String,
    /// New sections, each with its header, for the end of the text: a section may stand anywhere,
    /// and there it comes between nothing and its comments.
    sections: Vec<Vec<String>>,
}

impl Writer<'_, '_, '_> {
    fn insert(&mut self, path: &KeyPath, node: &Node, table: &Table, entries: &[(&str, &Value)]) {
        match &table.form {
            Form::Braces => self.in_braces(node, table, entries),
            Form::Dotted { prefix, in_braces } => {
                let lines: Vec<String> = entries
                    .iter()
                    .flat_map(|(name, new)| dotted(prefix, name, new, *in_braces))
                    .collect();
                if *in_braces {
                    self.splices
                        .insert(table.end, format!(", {}", lines.join(", ")));
                } else {
                    self.after(table, &lines);
                }
            }
            Form::Root | Form::Section | Form::Implied => {
                let (tables, plain): (Vec<_>, Vec<_>) =
                    entries.iter().partition(|(_, new)| new.is_object());
                let plain: Vec<String> = plain
                    .iter()
                    .map(|(name, new)| value(&[], name, new))
                    .collect();
                if !plain.is_empty() {
                    match table.form {
                        Form::Root if table.entries.is_empty() => self.first(&plain, false),
                        Form::Root if table.end == 0 => self.first(&plain, true),
                        Form::Implied => self.sections.push(lines(path, false, plain)),
                        _ => self.after(table, &plain),
                    }
                }
                for (name, new) in tables {
                    sections(&path.join(name), new, &mut self.sections);
                }
            }
        }
    }

    fn in_braces(&mut self, node: &Node, table: &Table, entries: &[(&str, &Value)]) {
        let mut items: Vec<Range<usize>> = table
            .entries
            .iter()
            .map(|entry| {
                let end = match &entry.node.kind {
                    Kind::Table(table) if table.form != Form::Braces => table.end,
                    _ => entry.node.span.end,
                };
                entry.key_span.start..end
            })
            .collect();
        items.sort_by_key(|item| item.end);
        let list = List {
            span: &node.span,
            items,
            expand: false,
            padding: " ",
        };
        let render = |index: usize, _: Option<&str>| {
            let (name, new) = entries[index];
            format!("{} = {}", key(name), inline(new))
        };
        self.layout.add(&list, entries.len(), render, self.splices);
    }

    fn append(&mut self, path: &KeyPath, node: &Node, values: &[&Value]) {
        match &node.kind {
            Kind::Array(nodes) => {
                let list = List {
                    span: &node.span,
                    items: nodes.iter().map(|node| node.span.clone()).collect(),
                    expand: false,
                    padding: "",
                };
                let render = |index: usize, _: Option<&str>| inline(values[index]);
                self.layout.add(&list, values.len(), render, self.splices);
            }
            _ => {
                for new in values {
                    let plain = new.as_object().into_iter().flatten();
                    let plain = plain.map(|(name, new)| value(&[], name, new)).collect();
                    self.sections.push(lines(path, true, plain));
                }
            }
        }
    }

    /// Adds lines after the last value of a table, or after its header.
    fn after(&mut self, table: &Table, lines: &[String]) {
        let text = self.layout.text;
        let rest = text.get(table.end..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let at = table.end + line.strip_suffix('\r').unwrap_or(line).len();
        let indent = self.layout.indent(table.last);
        let newline = self.layout.newline;
        let added: String = lines
            .iter()
            .map(|line| format!("{newline}{indent}{line}"))
            .collect();
        if at == text.len() {
            self.at_end.push_str(&added);
        }
        self.splices.insert(at, added);
    }

    /// Adds the first values of the root: before the first section, if there is one, but after a
    /// comment at the top that has an empty line after it.
    fn first(&mut self, lines: &[String], has_sections: bool) {
        let (text, newline) = (self.layout.text, self.layout.newline);
        let added: String = lines
            .iter()
            .map(|line| format!("{line}{newline}"))
            .collect();
        if has_sections {
            self.splices.insert(top(text), format!("{added}{newline}"));
            return;
        }
        let start = if text.is_empty() || text.ends_with(['\n', '\u{feff}']) {
            ""
        } else {
            newline
        };
        let added = format!("{start}{added}");
        self.at_end.push_str(&added);
        self.splices.insert(text.len(), added);
    }

    fn finish(self) {
        let (text, newline) = (self.layout.text, self.layout.newline);
        let blank = format!("{newline}{newline}");
        let mut added = String::new();
        for section in &self.sections {
            let so_far = format!("{}{added}", self.at_end);
            let before = if so_far.is_empty() { text } else { &so_far };
            if !(before.trim_start_matches('\u{feff}').is_empty() || before.ends_with(&blank)) {
                added.push_str(if before.ends_with('\n') {
                    newline
                } else {
                    &blank
                });
            }
            for line in section {
                added.push_str(line);
                added.push_str(newline);
            }
        }
        if !added.is_empty() {
            self.splices.insert(text.len(), added);
        }
    }
}

/// Where the first line of a text is to go.
fn top(text: &str) -> usize {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut at = start;
    for line in text.get(start..).unwrap_or_default().split_inclusive('\n') {
        match line.trim() {
            "" if at > start => return at + line.len(),
            comment if comment.starts_with('#') => at += line.len(),
            _ => return start,
        }
    }
    start
}
