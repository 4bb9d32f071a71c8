//! Changing an item: only its line is touched, and only where it says something else.

use std::sync::Arc;

use thiserror::Error;

use super::TodoDocument;
use super::item::{Status, TodoItem};
use super::layout::{Key, Layout};
use super::parse::parse_item;
use super::scan::Line;

/// Why a document was not changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// No item has this id.
    #[error("no item has the id `{id}`; the items are the lines with a checkbox")]
    Unknown {
        /// The id.
        id: String,
    },
    /// More than one item has this id.
    #[error("the id `{id}` stands on {count} lines; give each item an id of its own")]
    Ambiguous {
        /// The id.
        id: String,
        /// On how many lines.
        count: usize,
    },
    /// An item with this id is there already.
    #[error("an item with the id `{id}` is there already; choose another id")]
    Exists {
        /// The id.
        id: String,
    },
    /// A part of an item would not be read back as what it is.
    #[error(
        "`{text}` cannot be the {part} of an item; leave out bars, commas and line breaks, and \
             in ids and names of fields spaces"
    )]
    Unfit {
        /// Which part.
        part: &'static str,
        /// Its text.
        text: String,
    },
    /// An item cannot be done while something that stands under it is open.
    #[error(
        "`{id}` is not done while {} below it is open; close or drop that first",
        list(children)
    )]
    OpenChildren {
        /// The id of the parent.
        id: String,
        /// The ids of what is open below it, in the order of the lines.
        children: Vec<String>,
    },
    /// An item with children cannot be removed.
    #[error("`{id}` has {} under it; remove or move that first", list(children))]
    HasChildren {
        /// The id of the parent.
        id: String,
        /// The ids of its children.
        children: Vec<String>,
    },
    /// No heading, or more than one, has this title.
    #[error("{count} headings have the title `{heading}`; name one that is there once")]
    Heading {
        /// The title.
        heading: String,
        /// How many headings have it.
        count: usize,
    },
    /// Code or a comment is open where the item would be, so that it would be none.
    #[error("a code block or a comment is open where the item would be added; close it first")]
    OpenFence,
    /// The change would make other lines be read differently.
    #[error("changing `{id}` would change what other lines mean; edit the file by hand")]
    Entangled {
        /// The id of the item.
        id: String,
    },
}

fn list(ids: &[String]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("`{id}`")).collect();
    ids.join(", ")
}

impl TodoDocument {
    /// Sets an item's box and its `status:` field. No other line is touched, and where both say it
    /// already, not a byte changes. Nor does a line above: a ticked parent stays ticked when a
    /// child is opened again, though [`is_done`](Self::is_done) says no from then on.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Ambiguous`], or [`EditError::OpenChildren`] where the
    /// status is [`Status::Done`]. Children that are waived or rejected are not open.
    pub fn set_status(&mut self, id: &str, status: Status) -> Result<(), EditError> {
        let index = self.only_line_of(id)?;
        if status == Status::Done {
            let nodes = self.outline();
            let node = nodes.iter().position(|node| node.line == index);
            let children = node.map_or(Vec::new(), |node| self.open_below(&nodes, node));
            if !children.is_empty() {
                let id = id.to_owned();
                return Err(EditError::OpenChildren { id, children });
            }
        }
        self.set_line(index, status);
        Ok(())
    }

    /// Sets or takes away who is at an item.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Ambiguous`] or [`EditError::Unfit`].
    pub fn set_agent(&mut self, id: &str, agent: Option<&str>) -> Result<(), EditError> {
        let index = self.only_line_of(id)?;
        self.set_agent_at(index, agent)
    }

    /// Sets what is to be done.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Ambiguous`] or [`EditError::Unfit`].
    pub fn set_title(&mut self, id: &str, title: &str) -> Result<(), EditError> {
        let index = self.only_line_of(id)?;
        self.set_title_at(index, title)
    }

    /// Sets for which items an item waits. They need not be in the document.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Ambiguous`] or [`EditError::Unfit`].
    pub fn set_depends(&mut self, id: &str, depends: &[String]) -> Result<(), EditError> {
        let index = self.only_line_of(id)?;
        self.set_depends_at(index, depends)
    }

    /// Sets which files an item touches.
    ///
    /// # Errors
    /// [`EditError::Unknown`], [`EditError::Ambiguous`] or [`EditError::Unfit`].
    pub fn set_files(&mut self, id: &str, files: &[String]) -> Result<(), EditError> {
        let index = self.only_line_of(id)?;
        self.set_files_at(index, files)
    }

    pub(super) fn set_agent_at(&mut self, at: usize, agent: Option<&str>) -> Result<(), EditError> {
        let meant = |item: &mut TodoItem| item.agent = agent.map(str::to_owned);
        self.set_field(at, Key::Agent, agent.map(str::to_owned), meant)
    }

    pub(super) fn set_depends_at(&mut self, at: usize, ids: &[String]) -> Result<(), EditError> {
        let meant = |item: &mut TodoItem| item.depends = ids.to_vec();
        let value = (!ids.is_empty()).then(|| ids.join(","));
        self.set_field(at, Key::Depends, value, meant)
    }

    pub(super) fn set_files_at(&mut self, at: usize, files: &[String]) -> Result<(), EditError> {
        let meant = |item: &mut TodoItem| item.files = files.to_vec();
        let value = (!files.is_empty()).then(|| files.join(", "));
        self.set_field(at, Key::Files, value, meant)
    }

    pub(super) fn set_title_at(&mut self, at: usize, title: &str) -> Result<(), EditError> {
        let meant = |item: &mut TodoItem| item.title = title.to_owned();
        self.change(at, ("title", title), meant, |text, layout| {
            match &layout.title {
                Some(range) => text.replace_range(range.clone(), title),
                None => text.insert_str(layout.word.end, &format!(" | {title}")),
            }
        })
    }

    fn set_field(
        &mut self,
        at: usize,
        key: Key,
        value: Option<String>,
        meant: impl FnOnce(&mut TodoItem),
    ) -> Result<(), EditError> {
        let told = value.clone().unwrap_or_default();
        self.change(at, (key.as_str(), &told), meant, |text, layout| {
            let mut fields = layout.fields.iter().filter(|field| field.key == key);
            // The first of them keeps its place; further ones would add to it.
            let kept = value.as_ref().and_then(|_| fields.next());
            let mut end = layout.end;
            for field in fields.rev() {
                let mut part = field.part.clone();
                if part.end >= end {
                    // The white space before what is last would be left over at the end.
                    part.start = text[..part.start].trim_end().len();
                    part.end = end;
                    end = part.start;
                }
                text.replace_range(part, "");
            }
            let Some(value) = value else { return };
            match kept.map(|field| field.value.clone()) {
                Some(range) if range.is_empty() => {
                    text.insert_str(range.start, &format!(" {value}"));
                }
                Some(range) => text.replace_range(range, &value),
                None => text.insert_str(layout.end, &format!(" | {}: {value}", key.as_str())),
            }
        })
    }

    /// Changes one line, and takes it back if the item is not read as what was meant, or another
    /// line differently than before.
    fn change(
        &mut self,
        at: usize,
        (part, value): (&'static str, &str),
        meant: impl FnOnce(&mut TodoItem),
        edit: impl FnOnce(&mut String, &Layout),
    ) -> Result<(), EditError> {
        let line = &self.lines[at];
        let (Some(item), Some(layout)) = (&line.item, Layout::of(&line.text)) else {
            return Ok(());
        };
        let mut wanted = item.clone();
        meant(&mut wanted);
        if wanted == *item {
            return Ok(());
        }
        let mut text = line.text.clone();
        edit(&mut text, &layout);
        let mut changed = self.clone();
        let line = Arc::make_mut(&mut changed.lines[at]);
        line.item = Some(wanted);
        line.text = text;
        if Self::parse(&changed.to_string()) != changed {
            let text = value.to_owned();
            return Err(EditError::Unfit { part, text });
        }
        *self = changed;
        Ok(())
    }

    /// The places of all items with an id.
    pub(super) fn lines_of(&self, id: &str) -> Vec<usize> {
        let has_id = |line: &Arc<Line>| line.item.as_ref().is_some_and(|item| item.id == id);
        (0..self.lines.len())
            .filter(|index| has_id(&self.lines[*index]))
            .collect()
    }

    pub(super) fn only_line_of(&self, id: &str) -> Result<usize, EditError> {
        let id = id.to_owned();
        match self.lines_of(&id).as_slice() {
            [] => Err(EditError::Unknown { id }),
            [index] => Ok(*index),
            more => {
                let count = more.len();
                Err(EditError::Ambiguous { id, count })
            }
        }
    }

    /// Sets the box and the word on a line, whatever stands under it.
    pub(super) fn set_line(&mut self, index: usize, status: Status) {
        let Line { text, item, .. } = Arc::make_mut(&mut self.lines[index]);
        let (Some(old), Some(layout)) = (&*item, Layout::of(text)) else {
            return;
        };
        // From the back to the front, so that the places before stay right.
        match layout.status(text) {
            Some(_) if old.word == Some(status) => {}
            Some(word) if word.is_empty() => {
                let is_apart = text[word.start..]
                    .chars()
                    .next()
                    .is_none_or(|next| next.is_whitespace() || next == '|');
                let gap = if is_apart { "" } else { " " };
                text.insert_str(word.start, &format!(" {status}{gap}"));
            }
            Some(word) => text.replace_range(word, status.as_str()),
            // Where nobody writes the field and the box says it all, none is added.
            None if status.mark().plain_status() == status => {}
            None => text.insert_str(layout.end, &format!(" | status: {status}")),
        }
        if old.mark != status.mark() {
            text.replace_range(layout.mark, status.mark().as_str());
        }
        *item = parse_item(text);
    }
}
