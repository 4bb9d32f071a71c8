//! The plan as people see it: Markdown with checkboxes, kept byte for byte where nothing changed.
//!
//! An item is a line such as
//!
//! ```text
//! - [ ] t3 | apply clippy::needless_return | depends: t1,t2 | file: src/a.rs | status: pending
//! ```
//!
//! The first word after the box is the id. Everything else in the file (headings, prose, fenced
//! code) is kept and never looked into.

mod edit;
mod item;
mod merge;
mod parse;
#[cfg(test)]
mod tests;

pub use edit::{EditError, NewItem};
pub use item::{Mark, Status, TodoItem};
pub use merge::HandEdit;

use std::fmt;

use crate::Digest;
use parse::Line;

/// A Markdown file with checkbox items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TodoDocument {
    lines: Vec<Line>,
}

impl TodoDocument {
    /// Reads a document. Every text is one: what is not an item is prose.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            lines: parse::lines(text),
        }
    }

    /// The items in the order of their lines, nested ones too.
    pub fn items(&self) -> impl Iterator<Item = &TodoItem> {
        self.lines.iter().filter_map(|line| line.item.as_ref())
    }

    /// The item with an id; the first if there are more.
    #[must_use]
    pub fn item(&self, id: &str) -> Option<&TodoItem> {
        self.items().find(|item| item.id == id)
    }

    /// The digest of the text, by which an edit by hand is noticed.
    #[must_use]
    pub fn content_hash(&self) -> Digest {
        Digest::of(self.to_string().as_bytes())
    }
}

/// The text, byte for byte.
impl fmt::Display for TodoDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| f.write_str(&line.text))
    }
}
