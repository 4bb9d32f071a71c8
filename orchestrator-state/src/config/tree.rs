//! A configuration with the place of everything in it.

use std::ops::Range;

use super::plain::Plain;

/// A text that was read. Places are in bytes of the text.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) root: Node,
    /// Whether the root has no text of its own: JSON without a value.
    pub(super) is_blank: bool,
    /// Where the comments are, in order.
    pub(super) comments: Vec<Range<usize>>,
}

/// A value and its place.
#[derive(Debug)]
pub(super) struct Node {
    /// From its first byte to after its last. A table that is no value in the text has only the
    /// place of the key or header that first names it.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Scalar(Plain),
    Array(Vec<Node>),
    /// The `[[name]]` sections of TOML, each a table.
    Sections(Vec<Node>),
    Table(Table),
}

#[derive(Debug)]
pub(super) struct Table {
    pub(super) form: Form,
    pub(super) entries: Vec<Entry>,
    /// Where its own last value ends, sections apart; its header if it has none, and zero for a
    /// root without values.
    pub(super) end: usize,
    /// Where the key of that value begins, or that header.
    pub(super) last: usize,
}

/// How a table is written, which decides how a key is added to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// In braces: a JSON object or a TOML inline table.
    Braces,
    /// The root of TOML.
    Root,
    /// A `[section]`.
    Section,
    /// A table that exists only because a section below it does.
    Implied,
    /// A table that exists because of dotted keys.
    Dotted {
        /// The keys from the section or braces that the dotted keys are in.
        prefix: Vec<String>,
        /// Whether they are in braces.
        in_braces: bool,
    },
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The place of the key as it was first written; all of it when it is dotted.
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

impl Table {
    pub(super) fn new(form: Form, end: usize) -> Self {
        Self {
            form,
            entries: Vec::new(),
            end,
            last: end,
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key);
        entry.map(|entry| &entry.node)
    }
}

impl Node {
    /// What it says.
    pub(super) fn plain(&self) -> Plain {
        match &self.kind {
            Kind::Scalar(plain) => plain.clone(),
            Kind::Array(nodes) | Kind::Sections(nodes) => {
                Plain::Array(nodes.iter().map(Self::plain).collect())
            }
            Kind::Table(table) => Plain::Table(
                table
                    .entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.node.plain()))
                    .collect(),
            ),
        }
    }

    /// What kind of thing it is, with its article.
    pub(super) fn what(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(_) => "a plain value",
            Kind::Array(_) | Kind::Sections(_) => "an array",
            Kind::Table(_) => "a table",
        }
    }
}

/// The line and column of a byte, both from 1.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}
