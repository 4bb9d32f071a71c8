//! Where a hand edit and our records want different things, in the words of the file.

use std::fmt;

use super::item::{Mark, Status};

/// A hand edit that our records do not agree with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TodoConflict {
    /// The item.
    pub id: String,
    /// The line, from 1: in the text with the hand edit, or in the one before it if the item is
    /// no longer there.
    pub line: usize,
    /// What does not agree, and what became of it.
    pub kind: ConflictKind,
}

/// What a hand edit and our records do not agree about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConflictKind {
    /// The box. It was set back to what the records say.
    Box {
        /// What a person put into the box.
        hand: Mark,
        /// What the records say; none if they do not know the item.
        records: Option<Status>,
    },
    /// The `status:` field. It was set back to what the records say.
    Word {
        /// What a person wrote.
        hand: String,
        /// What the records say.
        records: Status,
    },
    /// The item is gone, but had gone on. It stays out of the file.
    Removed {
        /// What the records say.
        records: Status,
    },
    /// A part that both have changed, or that cannot be written into the line. The file keeps
    /// what a person wrote.
    Part {
        /// Which part: `title`, `agent`, `depends` or `file`.
        part: &'static str,
        /// What the file says; empty if nothing.
        hand: String,
        /// What the records say; empty if nothing.
        records: String,
    },
    /// The id stands on several lines. All of them got the same status, and nothing else.
    Duplicate {
        /// The lines, from 1.
        lines: Vec<usize>,
    },
}

impl fmt::Display for TodoConflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, line, kind } = self;
        match kind {
            ConflictKind::Box { hand, records } => {
                let did = match hand {
                    Mark::Open => "reopened",
                    Mark::Running => "marked `[/]`",
                    Mark::Ticked => "ticked",
                    Mark::Dropped => "marked `[-]`",
                };
                write!(f, "line {line}: `{id}` was {did} by hand, but our records ")?;
                match records {
                    Some(status) => write!(f, "say {status}; the box was set back"),
                    None => write!(f, "do not know it; the box was set back"),
                }
            }
            ConflictKind::Word { hand, records } => write!(
                f,
                "line {line}: the status of `{id}` was changed to \"{hand}\" by hand, but our \
                 records say {records}; the field was set back"
            ),
            ConflictKind::Removed { records } => write!(
                f,
                "line {line} before the edit: `{id}` was removed by hand, but our records say \
                 {records}; its line stays out"
            ),
            ConflictKind::Part {
                part,
                hand,
                records,
            } => write!(
                f,
                "line {line}: the {part} of `{id}` is \"{hand}\" in the file and \"{records}\" in \
                 our records; the file was left as it is"
            ),
            ConflictKind::Duplicate { lines } => {
                let lines: Vec<String> = lines.iter().map(usize::to_string).collect();
                write!(
                    f,
                    "line {line}: `{id}` stands on lines {}; they got one status, give each an id \
                     of its own",
                    lines.join(", ")
                )
            }
        }
    }
}
