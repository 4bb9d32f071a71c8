//! An item: what its line says.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is in the box. Boxes that we set have the first of the forms; the others are read too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// `[ ]`, or `[]`
    Open,
    /// `[/]`, or `[~]`
    Running,
    /// `[x]`, or `[X]`, `[✓]`, `[✔]`
    Ticked,
    /// `[-]`
    Dropped,
}

impl Mark {
    pub(super) fn from_text(mark: &str) -> Option<Self> {
        match mark {
            // Some keyboards make a space that does not break of it.
            "" | " " | "\u{a0}" => Some(Self::Open),
            "/" | "~" => Some(Self::Running),
            "x" | "X" | "✓" | "✔" => Some(Self::Ticked),
            "-" => Some(Self::Dropped),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Open => " ",
            Self::Running => "/",
            Self::Ticked => "x",
            Self::Dropped => "-",
        }
    }

    /// The status that the box alone says.
    pub(super) fn plain_status(self) -> Status {
        match self {
            Self::Open => Status::Pending,
            Self::Running => Status::Running,
            Self::Ticked => Status::Done,
            Self::Dropped => Status::Waived,
        }
    }
}

/// How far an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// Not begun.
    Pending,
    /// Someone is at it.
    Running,
    /// Done, with evidence.
    Done,
    /// Not to be done, because a person said so.
    Waived,
    /// Tried and turned down.
    Rejected,
}

impl Status {
    /// The box that belongs to it.
    #[must_use]
    pub fn mark(self) -> Mark {
        match self {
            Self::Pending => Mark::Open,
            Self::Running => Mark::Running,
            Self::Done => Mark::Ticked,
            Self::Waived | Self::Rejected => Mark::Dropped,
        }
    }

    /// The word in the `status:` field.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Waived => "waived",
            Self::Rejected => "rejected",
        }
    }

    /// Reads a word in any case, and what people and agents write instead of ours.
    pub(super) fn from_word(word: &str) -> Option<Self> {
        let word = word.to_lowercase().replace([' ', '_', '-'], "");
        match word.as_str() {
            "pending" | "todo" | "open" | "notstarted" => Some(Self::Pending),
            "running" | "inprogress" | "wip" | "started" | "active" => Some(Self::Running),
            "done" | "complete" | "completed" | "finished" => Some(Self::Done),
            "waived" | "dropped" | "skipped" | "cancelled" | "canceled" => Some(Self::Waived),
            "rejected" | "failed" => Some(Self::Rejected),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one item line says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TodoItem {
    /// The first word after the box, without what only decorates it: `t4:`, `**t4**` and
    /// `` `t4` `` are `t4`.
    pub id: String,
    /// What is to be done: the first text that is not a field. May be empty.
    pub title: String,
    /// The `agent:` field: who is at it.
    pub agent: Option<String>,
    /// The `depends:` or `depends_on:` field: ids of other items.
    pub depends: Vec<String>,
    /// The `file:` or `files:` field.
    pub files: Vec<String>,
    /// What is in the box.
    pub mark: Mark,
    /// The `status:` field, if it is there and has a known word.
    pub word: Option<Status>,
}

impl TodoItem {
    /// How far it is. A person changes the box and forgets the word, so where the two disagree
    /// the box is right.
    #[must_use]
    pub fn status(&self) -> Status {
        self.word
            .filter(|status| status.mark() == self.mark)
            .unwrap_or_else(|| self.mark.plain_status())
    }
}
