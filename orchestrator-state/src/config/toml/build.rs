//! The tables of TOML: which key or header makes, extends or may not touch which table.
//!
//! The rules are those of the TOML 1.0 specification, sections "Keys", "Table", "Inline Table" and
//! "Array of Tables".

use std::ops::Range;

use super::read::refused;
use crate::config::error::MergeError;
use crate::config::path::KeyPath;
use crate::config::tree::{Entry, Form, Kind, Node, Table, position};

/// One part of a dotted key.
pub(super) struct Key {
    pub(super) name: String,
    pub(super) span: Range<usize>,
}

/// A document or inline table under construction.
pub(super) struct Builder<'t> {
    text: &'t str,
    root: Node,
    /// The section that values go to now; of `[[sections]]` the last.
    current: Vec<String>,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self::with_form(text, Form::Root)
    }

    /// An inline table.
    pub(super) fn in_braces(text: &'t str) -> Self {
        Self::with_form(text, Form::Braces)
    }

    fn with_form(text: &'t str, form: Form) -> Self {
        Self {
            text,
            root: Node {
                span: 0..0,
                kind: Kind::Table(Table::new(form, 0)),
            },
            current: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Node {
        self.root
    }

    /// `[a.b]` or `[[a.b]]`.
    pub(super) fn section(
        &mut self,
        keys: &[Key],
        header: Range<usize>,
        is_array: bool,
    ) -> Result<(), MergeError> {
        let text = self.text;
        let Some((last, above)) = keys.split_last() else {
            return Err(refused(text, header.start, "a section without a name"));
        };
        let mut table = table(&mut self.root).ok_or_else(|| refused(text, 0, "no table"))?;
        for key in above {
            let node = table.child(key, || Form::Implied);
            let inner = match &mut node.kind {
                Kind::Sections(tables) => tables.last_mut().and_then(self::table),
                Kind::Table(table) if table.form != Form::Braces => Some(table),
                _ => None,
            };
            table = inner.ok_or_else(|| taken(text, keys, key))?;
        }
        let mut new = Table::new(Form::Section, header.end);
        new.last = header.start;
        let found = table
            .entries
            .iter_mut()
            .find(|entry| entry.key == last.name);
        match found.map(|entry| &mut entry.node.kind) {
            None => {
                let node = Node {
                    span: header.clone(),
                    kind: Kind::Table(new),
                };
                let kind = if is_array {
                    Kind::Sections(vec![node])
                } else {
                    node.kind
                };
                table.entries.push(Entry {
                    key: last.name.clone(),
                    key_span: last.span.clone(),
                    node: Node { span: header, kind },
                });
            }
            Some(Kind::Sections(tables)) if is_array => tables.push(Node {
                span: header,
                kind: Kind::Table(new),
            }),
            Some(Kind::Table(table)) if table.form == Form::Implied && !is_array => {
                (table.form, table.end, table.last) = (new.form, new.end, new.last);
            }
            Some(_) => return Err(taken(text, keys, last)),
        }
        self.current = keys.iter().map(|key| key.name.clone()).collect();
        Ok(())
    }

    /// `a.b = value` in the current section or in the braces.
    pub(super) fn value(&mut self, keys: &[Key], value: Node) -> Result<(), MergeError> {
        let text = self.text;
        let Some(((first, last), above)) = keys
            .first()
            .zip(keys.last())
            .zip(keys.get(..keys.len().saturating_sub(1)))
        else {
            return Err(refused(text, value.span.start, "a value without a key"));
        };
        let (start, end) = (first.span.start, value.span.end);
        let in_braces = matches!(&self.root.kind, Kind::Table(table) if table.form == Form::Braces);
        let mut table = table(&mut self.root).ok_or_else(|| refused(text, start, "no table"))?;
        for name in &self.current {
            let found = table.entries.iter_mut().find(|entry| entry.key == *name);
            let inner = found.and_then(|entry| match &mut entry.node.kind {
                Kind::Sections(tables) => tables.last_mut().and_then(self::table),
                Kind::Table(table) => Some(table),
                _ => None,
            });
            table = inner.ok_or_else(|| refused(text, start, "a value outside of its section"))?;
        }
        (table.end, table.last) = (end, start);
        let mut prefix = Vec::new();
        for key in above {
            prefix.push(key.name.clone());
            let form = || Form::Dotted {
                prefix: prefix.clone(),
                in_braces,
            };
            let inner = self::table(table.child(key, form)).filter(|table| {
                // A section or an inline table is closed for dotted keys.
                matches!(table.form, Form::Dotted { .. } | Form::Implied)
            });
            table = inner.ok_or_else(|| taken(text, keys, key))?;
            table.form = form();
            (table.end, table.last) = (end, start);
        }
        if table.get(&last.name).is_some() {
            return Err(taken(text, keys, last));
        }
        table.entries.push(Entry {
            key: last.name.clone(),
            key_span: if above.is_empty() {
                last.span.clone()
            } else {
                start..last.span.end
            },
            node: value,
        });
        Ok(())
    }
}

fn table(node: &mut Node) -> Option<&mut Table> {
    match &mut node.kind {
        Kind::Table(table) => Some(table),
        _ => None,
    }
}

impl Table {
    /// The entry of a key, made as an empty table if there is none.
    fn child(&mut self, key: &Key, form: impl FnOnce() -> Form) -> &mut Node {
        let index = self.entries.iter().position(|entry| entry.key == key.name);
        let index = index.unwrap_or_else(|| {
            self.entries.push(Entry {
                key: key.name.clone(),
                key_span: key.span.clone(),
                node: Node {
                    span: key.span.clone(),
                    kind: Kind::Table(Table::new(form(), key.span.end)),
                },
            });
            self.entries.len() - 1
        });
        &mut self.entries[index].node
    }
}

fn taken(text: &str, keys: &[Key], key: &Key) -> MergeError {
    let (line, column) = position(text, key.span.start);
    let names = keys
        .iter()
        .take_while(|other| other.span.start <= key.span.start);
    MergeError::DuplicateKey {
        path: names.map(|key| key.name.clone()).collect::<KeyPath>(),
        line,
        column,
    }
}
