//! JSON, with and without comments.

mod read;
mod render;

use serde_json::Value;

use super::plan::Action;
use super::splice::Splices;
use super::tree::{Document, Entry, Kind, Node};
use super::write::{Layout, List, newline};
pub(super) use read::read;
use render::Renderer;

/// Turns the actions of a plan into splices.
pub(super) fn write(
    text: &str,
    document: &Document,
    actions: &[Action<'_>],
    splices: &mut Splices<'_>,
) {
    let is_one_line = !text.trim_end().contains('\n') && !document.is_blank;
    let colon = colon(text, &document.root).unwrap_or(": ");
    let renderer = Renderer {
        layout: Layout {
            text,
            comments: &document.comments,
            newline: newline(text),
            unit: unit(text, document),
            gap: if colon == ":" && is_one_line { "" } else { " " },
        },
        colon,
    };
    for action in actions {
        match action {
            Action::Insert { entries, .. } if document.is_blank => {
                let start = if text.is_empty() || text.ends_with(['\n', '\u{feff}']) {
                    ""
                } else {
                    renderer.layout.newline
                };
                let object = renderer.object(entries, Some(""), &renderer.layout.unit);
                let newline = renderer.layout.newline;
                splices.insert(text.len(), format!("{start}{object}{newline}"));
            }
            Action::Insert {
                path,
                node,
                table,
                entries,
                ..
            } => {
                let list = List {
                    span: &node.span,
                    items: table.entries.iter().map(item).collect(),
                    expand: !is_one_line || path.keys().is_empty(),
                    padding: "",
                };
                let colon = table
                    .entries
                    .last()
                    .and_then(|entry| colon_of(text, entry))
                    .unwrap_or(renderer.colon);
                let render = |index: usize, indent: Option<&str>| {
                    let (key, value) = entries[index];
                    renderer.property(key, colon, value, indent)
                };
                renderer.layout.add(&list, entries.len(), render, splices);
            }
            Action::Append { node, values, .. } => {
                let items = match &node.kind {
                    Kind::Array(nodes) => nodes.iter().map(|node| node.span.clone()).collect(),
                    _ => Vec::new(),
                };
                let list = List {
                    span: &node.span,
                    items,
                    expand: !is_one_line && values.iter().any(|value| is_nested(value)),
                    padding: "",
                };
                let render = |index: usize, indent: Option<&str>| {
                    let value: &Value = values[index];
                    renderer.value(value, indent)
                };
                renderer.layout.add(&list, values.len(), render, splices);
            }
            Action::Replace { node, value } => {
                let indent = renderer.layout.indent(node.span.start);
                let value = renderer.value(value, (!is_one_line).then_some(indent));
                splices.replace(node.span.clone(), value);
            }
        }
    }
}

fn item(entry: &Entry) -> std::ops::Range<usize> {
    entry.key_span.start..entry.node.span.end
}

fn is_nested(value: &Value) -> bool {
    value.is_object() || value.is_array()
}

/// What stands between the key and the value of an entry, if it is only a colon and blanks.
fn colon_of<'t>(text: &'t str, entry: &Entry) -> Option<&'t str> {
    let between = text.get(entry.key_span.end..entry.node.span.start)?;
    // More blanks than these are there to align columns.
    [":", ": ", " :", " : "]
        .contains(&between)
        .then_some(between)
}

/// The first colon of a text.
fn colon<'t>(text: &'t str, node: &Node) -> Option<&'t str> {
    match &node.kind {
        Kind::Table(table) => table
            .entries
            .iter()
            .find_map(|entry| colon_of(text, entry).or_else(|| colon(text, &entry.node))),
        Kind::Array(nodes) => nodes.iter().find_map(|node| colon(text, node)),
        _ => None,
    }
}

/// One step of indentation: that of the first key or element on a line of its own against the line
/// that its bracket is on. Two spaces where there is none.
fn unit(text: &str, document: &Document) -> String {
    let layout = Layout {
        text,
        comments: &[],
        newline: "",
        unit: String::new(),
        gap: "",
    };
    first_step(&layout, &document.root)
        .unwrap_or("  ")
        .to_owned()
}

fn first_step<'t>(layout: &'t Layout<'_>, node: &Node) -> Option<&'t str> {
    let (first, inner): (_, Vec<&Node>) = match &node.kind {
        Kind::Table(table) => (
            table.entries.first().map(|entry| entry.key_span.start),
            table.entries.iter().map(|entry| &entry.node).collect(),
        ),
        Kind::Array(nodes) => (
            nodes.first().map(|node| node.span.start),
            nodes.iter().collect(),
        ),
        _ => return None,
    };
    first
        .and_then(|first| layout.own_line(first))
        .and_then(|indent| indent.strip_prefix(layout.indent(node.span.start)))
        .or_else(|| inner.into_iter().find_map(|node| first_step(layout, node)))
}
