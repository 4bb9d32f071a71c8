//! The plan as people see it: Markdown with checkboxes, kept byte for byte where nothing changed.
//!
//! An item is a line such as
//!
//! ```text
//! - [ ] t3 | apply clippy::needless_return | depends: t1,t2 | file: src/a.rs | status: pending
//! ```
//!
//! The bullet may be `-`, `*`, `+`, `1.` or `1)`. The first word after the box is the id; what
//! only decorates it is left out, so `t3:`, `**t3**`, `` `t3` ``, `[t3]` and `(t3)` are all `t3`.
//! Behind it come the title and, between bars, the fields `status`, `agent`, `depends` (or
//! `depends_on`) and `file` (or `files`), in any case and order. An item that is indented by two
//! columns or more below another stands under it; a tab goes to the next multiple of four.
//! Headings are groups. Fenced code, comments and prose are kept and never looked into.

mod add;
mod check;
mod conflict;
mod edit;
mod file;
mod item;
mod known;
mod layout;
mod merge;
mod outline;
mod parse;
mod place;
mod scan;
#[cfg(test)]
mod tests;
mod text;

pub use add::NewItem;
pub use check::{Inconsistency, InconsistencyKind};
pub use conflict::{ConflictKind, TodoConflict};
pub use edit::EditError;
pub use file::{TodoFile, TodoFileError};
pub use item::{Mark, Status, TodoItem};
pub use known::KnownItem;
pub use merge::HandEdit;
pub use outline::Progress;

use std::fmt;
use std::sync::Arc;

use crate::Digest;
use scan::Line;

/// A Markdown file with checkbox items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TodoDocument {
    // Shared, so that a copy costs little: an edit changes few of them.
    lines: Vec<Arc<Line>>,
}

impl TodoDocument {
    /// Reads a document. Every text is one: what is not an item is prose.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self {
            lines: scan::lines(text),
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
