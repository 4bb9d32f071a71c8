//! Adding items and taking them out.

use std::sync::Arc;

use super::TodoDocument;
use super::edit::EditError;
use super::item::{Status, TodoItem};
use super::outline::Node;
use super::place::Place;
use super::scan;

/// An item to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The id: one word.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Who is at it.
    pub agent: Option<String>,
    /// Ids of the items that it waits for.
    pub depends: Vec<String>,
    /// The files that it touches.
    pub files: Vec<String>,
    /// How far it is.
    pub status: Status,
    /// The id of the item under which it is to stand, behind the children that are there.
    pub parent: Option<String>,
    /// The title of the heading under which it is to stand, behind the items that are there.
    pub heading: Option<String>,
}

impl NewItem {
    /// A pending item that waits for nothing, at the end of the list.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            agent: None,
            depends: Vec::new(),
            files: Vec::new(),
            status: Status::Pending,
            parent: None,
            heading: None,
        }
    }

    /// The item under another one.
    #[must_use]
    pub fn under(mut self, parent: impl Into<String>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// The item under a heading.
    #[must_use]
    pub fn in_group(mut self, heading: impl Into<String>) -> Self {
        self.heading = Some(heading.into());
        self
    }

    fn line(&self) -> String {
        let Self {
            id, title, status, ..
        } = self;
        let mut line = format!("[{}] {id}", status.mark().as_str());
        let mut part = |key: &str, value: String| {
            if !value.is_empty() {
                line.push_str(&format!(" | {key}{value}"));
            }
        };
        part("", title.clone());
        part("agent: ", self.agent.clone().unwrap_or_default());
        part("depends: ", self.depends.join(","));
        part("file: ", self.files.join(", "));
        format!("{line} | status: {status}")
    }

    /// Whether the line is read back as the item that was meant.
    fn check(&self, line: &str) -> Result<(), EditError> {
        let document = TodoDocument::parse(line);
        let read = document.items().next();
        let same = |part, text: &str, same: fn(&Self, &TodoItem) -> bool| {
            if read.is_some_and(|read| same(self, read)) && !text.contains('\n') {
                return Ok(());
            }
            let text = text.to_owned();
            Err(EditError::Unfit { part, text })
        };
        same("id", &self.id, |new, read| read.id == new.id)?;
        same("title", &self.title, |new, read| read.title == new.title)?;
        let agent = self.agent.clone().unwrap_or_default();
        same("agent", &agent, |new, read| read.agent == new.agent)?;
        let depends = self.depends.join(", ");
        same("depends", &depends, |new, read| read.depends == new.depends)?;
        let files = self.files.join(", ");
        same("file", &files, |new, read| read.files == new.files)
    }
}

impl TodoDocument {
    /// Adds an item: under its parent, under its heading, or behind the last one. No other line is
    /// touched, but that the last line of a file gets its line break where something follows it.
    ///
    /// # Errors
    /// [`EditError::Exists`], [`EditError::Unfit`], [`EditError::OpenFence`],
    /// [`EditError::Entangled`]; for the parent [`EditError::Unknown`], [`EditError::Ambiguous`],
    /// and [`EditError::Heading`] for the heading, also where the parent does not stand under it.
    pub fn add_item(&mut self, item: &NewItem) -> Result<(), EditError> {
        let id = || item.id.clone();
        if self.item(&item.id).is_some() {
            return Err(EditError::Exists { id: id() });
        }
        let line = item.line();
        item.check(&format!("- {line}"))?;
        let Place { at, prefix } = self.place(item)?;
        let before = at.checked_sub(1).map(|index| &self.lines[index]);
        if before.is_some_and(|line| line.open) {
            return Err(EditError::OpenFence);
        }
        let crlf = self.lines.first().is_some_and(|l| l.text.ends_with("\r\n"));
        let ending = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("{prefix}{line}");
        let mut changed = self.clone();
        // A file without a last line break stays one. A mark at its front is no line.
        let only_a_mark = at == 1 && self.lines[0].text == "\u{feff}";
        if !only_a_mark && before.is_some_and(|l| !l.text.ends_with('\n')) {
            Arc::make_mut(&mut changed.lines[at - 1])
                .text
                .push_str(ending);
        } else {
            text.push_str(ending);
        }
        changed.lines.splice(at..at, scan::lines(&text));
        let read = Self::parse(&changed.to_string());
        let parent = read.parent(&item.id).map(|parent| &parent.id);
        let same = || read.items().eq(changed.items());
        if parent != item.parent.as_ref() || !same() || !self.is_tree_of(&read, &item.id) {
            return Err(EditError::Entangled { id: id() });
        }
        *self = read;
        Ok(())
    }

    /// Takes an item out, with the notes that are indented below it.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Ambiguous`], [`EditError::HasChildren`] or
    /// [`EditError::Entangled`].
    pub fn remove(&mut self, id: &str) -> Result<TodoItem, EditError> {
        let index = self.only_line_of(id)?;
        let children = self.children(id);
        if !children.is_empty() {
            return Err(EditError::HasChildren {
                id: id.to_owned(),
                children: children.iter().map(|child| child.id.clone()).collect(),
            });
        }
        let end = self.block_end(index, self.lines[index].column);
        let mut text: String = self.lines[..index].iter().map(|l| &*l.text).collect();
        // A mark at the front of the file is no part of the item whose line it stands on.
        if index == 0 && self.lines[0].text.starts_with('\u{feff}') {
            text.push('\u{feff}');
        }
        text.extend(self.lines[end..].iter().map(|l| &*l.text));
        let read = Self::parse(&text);
        match &self.lines[index].item {
            Some(item) if read.is_tree_of(self, id) => {
                let item = item.clone();
                *self = read;
                Ok(item)
            }
            _ => Err(EditError::Entangled { id: id.to_owned() }),
        }
    }

    /// Whether another document has the same items at the same places, and one more.
    fn is_tree_of(&self, other: &Self, more: &str) -> bool {
        let (ours, theirs) = (self.outline(), other.outline());
        let mut rest = theirs
            .iter()
            .filter(|node| other.at(**node).is_none_or(|item| item.id != more));
        let (up, others_up) = (
            |node: &Node| self.at(ours[node.parent?]),
            |node: &Node| other.at(theirs[node.parent?]),
        );
        let same = ours.iter().all(|node| {
            rest.next().is_some_and(|twin| {
                self.at(*node) == other.at(*twin) && up(node) == others_up(twin)
            })
        });
        same && rest.next().is_none()
    }
}
