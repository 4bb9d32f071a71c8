//! Changing a document, one line at a time.

use thiserror::Error;

use super::TodoDocument;
use super::item::Status;
use super::parse::{self, Line, spans};

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
    /// A part of a new item would not be read back as what it is.
    #[error("`{text}` cannot be the {part} of an item; leave out bars, commas and line breaks")]
    Unfit {
        /// Which part.
        part: &'static str,
        /// Its text.
        text: String,
    },
    /// The document ends inside a code block, so what is added there would be code.
    #[error("the document ends inside a code block; close its fence")]
    OpenFence,
}

/// An item to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// The id: one word.
    pub id: String,
    /// What is to be done.
    pub title: String,
    /// Ids of the items that it waits for.
    pub depends: Vec<String>,
    /// The files that it touches.
    pub files: Vec<String>,
    /// How far it is.
    pub status: Status,
}

impl NewItem {
    /// A pending item that waits for nothing.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            depends: Vec::new(),
            files: Vec::new(),
            status: Status::Pending,
        }
    }

    fn line(&self) -> String {
        let Self {
            id, title, status, ..
        } = self;
        let mut line = format!("- [{}] {id} | {title}", status.mark().as_str());
        for (key, values, comma) in [("depends", &self.depends, ","), ("file", &self.files, ", ")] {
            if !values.is_empty() {
                line.push_str(&format!(" | {key}: {}", values.join(comma)));
            }
        }
        format!("{line} | status: {status}")
    }
}

impl TodoDocument {
    /// Sets an item's box and its `status:` field. No other line is touched, and where both say it
    /// already, not a byte changes.
    ///
    /// # Errors
    /// [`EditError::Unknown`] or [`EditError::Ambiguous`].
    pub fn set_status(&mut self, id: &str, status: Status) -> Result<(), EditError> {
        let found = self.lines_of(id);
        match found.as_slice() {
            [] => Err(EditError::Unknown { id: id.to_owned() }),
            [index] => {
                self.set_line(*index, status);
                Ok(())
            }
            more => Err(EditError::Ambiguous {
                id: id.to_owned(),
                count: more.len(),
            }),
        }
    }

    /// Adds an item behind the last one, or at the end if there is none.
    ///
    /// # Errors
    /// [`EditError::Exists`], [`EditError::Unfit`] or [`EditError::OpenFence`].
    pub fn add_item(&mut self, item: &NewItem) -> Result<(), EditError> {
        if self.item(&item.id).is_some() {
            return Err(EditError::Exists {
                id: item.id.clone(),
            });
        }
        let line = item.line();
        check(item, &line)?;
        let after = self.lines.iter().rposition(|line| line.item.is_some());
        let mut at = after.map_or(self.lines.len(), |last| last + 1);
        // What is indented below the last item belongs to it.
        while let Some(next) = self.lines.get(at)
            && (self.lines[at - 1].fenced
                || next.text.starts_with([' ', '\t']) && !next.text.trim().is_empty())
        {
            at += 1;
        }
        let before = at.checked_sub(1).map(|index| &self.lines[index]);
        if before.is_some_and(|line| line.fenced) {
            return Err(EditError::OpenFence);
        }
        let crlf = self
            .lines
            .first()
            .is_some_and(|line| line.text.ends_with("\r\n"));
        let ending = if crlf { "\r\n" } else { "\n" };
        // A file without a last line break stays one.
        let unended = before.is_some_and(|line| !line.text.ends_with('\n'));
        if unended {
            self.lines[at - 1].text.push_str(ending);
        }
        let text = if unended { line } else { line + ending };
        self.lines.splice(at..at, parse::lines(&text));
        Ok(())
    }

    /// The places of all items with an id.
    pub(super) fn lines_of(&self, id: &str) -> Vec<usize> {
        let has_id = |line: &Line| line.item.as_ref().is_some_and(|item| item.id == id);
        (0..self.lines.len())
            .filter(|index| has_id(&self.lines[*index]))
            .collect()
    }

    pub(super) fn set_line(&mut self, index: usize, status: Status) {
        let Line { text, item, .. } = &mut self.lines[index];
        let (Some(old), Some(spans)) = (&*item, spans(text)) else {
            return;
        };
        // From the back to the front, so that the places before stay right.
        match spans.status {
            Some(_) if old.word == Some(status) => {}
            Some(word) if word.is_empty() => text.insert_str(word.start, &format!(" {status}")),
            Some(word) => text.replace_range(word, status.as_str()),
            // Where nobody writes the field and the box says it all, none is added.
            None if status.mark().plain_status() == status => {}
            None => text.insert_str(spans.end, &format!(" | status: {status}")),
        }
        if old.mark != status.mark() {
            text.replace_range(spans.mark, status.mark().as_str());
        }
        *item = parse::parse_item(text);
    }
}

/// Whether the line is read back as the item that was meant.
fn check(item: &NewItem, line: &str) -> Result<(), EditError> {
    let unfit = |part, text: String| Err(EditError::Unfit { part, text });
    let document = TodoDocument::parse(line);
    let read = document.items().next();
    if read.is_none_or(|read| read.id != item.id) {
        return unfit("id", item.id.clone());
    }
    if read.is_none_or(|read| read.title != item.title) || item.title.contains('\n') {
        return unfit("title", item.title.clone());
    }
    if read.is_none_or(|read| read.depends != item.depends) {
        return unfit("depends", item.depends.join(", "));
    }
    if read.is_none_or(|read| read.files != item.files) {
        return unfit("file", item.files.join(", "));
    }
    Ok(())
}
